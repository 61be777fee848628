"""Find and read configs of MMDetection and MMPose."""

import copy
import difflib
import importlib.util
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Union

from mmengine.config import Config

from pipeline.errors import InputError
from pipeline.resources import ROOT

PACKAGES = ('mmdet', 'mmpose')


def resolve_config(name: Union[str, Path]) -> Path:
    """The file behind a config's name.

    Args:
        name: a path, absolute, or relative to the package's root or, if there is no such file, to the
            working directory; or ``mmdet::FOLDER/FILE.py`` and ``mmpose::FOLDER/FILE.py``
            for the configs that come with the packages.

    Raises:
        InputError: if there is no such file; names similar ones.
    """
    package, separator, inside = str(name).partition('::')
    if separator:
        return _packaged_config(package, inside)
    for path in (ROOT / name, Path(name)):  # an absolute name stays as it is
        if path.is_file():
            return path
    raise InputError(
        f'{name}: no such config file (nor in {ROOT}); configs of the packages are called mmdet::… and mmpose::…'
    )


def load_config(config: Union[str, Path, Config]) -> Config:
    """Read a config by its name (:func:`resolve_config`), or copy one that is there already.

    A config is Python, and reading it runs it. Modules that it imports may lie beside it.

    Raises:
        InputError: if it is missing or cannot be read.
    """
    if isinstance(config, Config):
        return copy.deepcopy(config)
    path = resolve_config(config)
    try:
        with _importable(path.parent):
            return Config.fromfile(str(path))
    except Exception as error:  # a config is Python: anything can go wrong in it
        raise InputError(f'{path}: not a readable config ({first_line(error)})') from error


def pipeline_config(config: Config) -> list:
    """The transforms that a config puts a test image through.

    Raises:
        InputError: if it has none.
    """
    from mmdet.utils import get_test_pipeline_cfg

    if 'test_dataloader' in config and config.test_dataloader:
        try:
            return get_test_pipeline_cfg(config)
        except RuntimeError:  # its data set names no pipeline
            pass
    if 'test_pipeline' in config:
        return config.test_pipeline
    raise InputError(f'{config_name(config)}: has neither test_dataloader.dataset.pipeline nor test_pipeline')


def config_name(config: Config) -> str:
    """What messages call a config: its file."""
    return str(config.filename or 'config')


def type_name(config: dict) -> str:
    """Class that a config dictionary builds, without its scope (``mmdet.Resize`` is ``Resize``)."""
    kind = config['type']
    return (kind if isinstance(kind, str) else kind.__name__).split('.')[-1]


def first_line(error: BaseException) -> str:
    """An exception as part of a one-line message."""
    lines = str(error).strip().splitlines()
    return f'{type(error).__name__}: {lines[0]}' if lines else type(error).__name__


def _packaged_config(package: str, inside: str) -> Path:
    if package not in PACKAGES:
        raise InputError(f'{package}::{inside}: the packages with configs are {", ".join(PACKAGES)}')
    # resolved: an environment may lie behind a link
    folder = Path(importlib.util.find_spec(package).submodule_search_locations[0]).resolve() / '.mim' / 'configs'
    path = folder / inside
    if path.is_file() and folder in path.resolve().parents:
        return path
    known = [str(found.relative_to(folder)) for found in folder.rglob('*.py')]
    near = difflib.get_close_matches(inside, known, n=3, cutoff=0.5)
    hint = f'; similar ones: {", ".join(near)}' if near else ''
    raise InputError(f'{package}::{inside}: {package} brings no such config{hint}')


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder.resolve()))
    try:
        yield
    finally:
        sys.path.remove(str(folder.resolve()))
