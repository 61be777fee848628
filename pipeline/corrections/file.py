"""The file of corrections: ``NAME_corrections.json`` beside ``NAME_poses.json``.

    {"version": 1, "poses": {"name": "clip_poses.json", "sha256": "…"},
     "corrections": [
       {"do": "swap_ids", "ids": [1, 2], "from": 120},
       {"do": "joint", "id": 1, "frame": 57, "joint": "left_knee", "x": 512.5, "y": 300.0}]}

``sha256`` is that of the poses which were corrected: ids of another run may mean other people.
"""

import json
from pathlib import Path
from typing import Any, List, Optional, Sequence, Union

from pipeline.assets.asset import known_sha256
from pipeline.corrections.entries import Correction, from_json, to_json
from pipeline.errors import InputError
from pipeline.files import Force, atomic_path
from pipeline.reading import read_json

VERSION = 1
SUFFIX = '_corrections.json'
_POSES = '_poses.json'
#: entries of one file
MOST = 100_000


def corrections_beside(poses: Union[str, Path]) -> Path:
    """Where the corrections of a pose file lie, whether there are any or not."""
    poses = Path(poses)
    stem = poses.name[: -len(_POSES)] if poses.name.endswith(_POSES) else poses.stem
    return poses.with_name(stem + SUFFIX)


def read_corrections(path: Union[str, Path], poses: Optional[Union[str, Path]] = None) -> List[Correction]:
    """Read a file of corrections.

    Args:
        poses: the pose file that is to be corrected, to see whether these corrections are for it.

    Raises:
        InputError: if there is no such file, it is none of corrections, or they are for other poses; the message
            names the entry, such as ``corrections[3]``, and what is allowed.
    """
    document = read_json(path)
    if not isinstance(document, dict) or not isinstance(document.get('corrections'), list):
        raise InputError(f'{path}: is no file of corrections: an object with "version" and "corrections" is expected')
    if document.get('version') != VERSION:
        raise InputError(f'{path}: version {document.get("version")!r:.40}: must be {VERSION}')
    corrections = entries_from_json(document['corrections'], f'{path}: corrections')
    known = document.get('poses')
    digest = known.get('sha256') if isinstance(known, dict) else None
    if poses is not None and digest is not None and digest != known_sha256(Path(poses)):
        raise InputError(
            f'{path}: was made for other poses than {poses} are now, and ids may mean other people; '
            'remove "sha256" from it to apply it all the same'
        )
    return corrections


def entries_from_json(values: Any, place: str) -> List[Correction]:
    """The corrections of a list of JSON objects; ``place`` is what messages call the list.

    Raises:
        InputError: see :func:`pipeline.corrections.entries.from_json`.
    """
    if not isinstance(values, list) or len(values) > MOST:
        raise InputError(f'{place}: must be a list of {MOST} corrections at most')
    return [from_json(value, f'{place}[{i}]') for i, value in enumerate(values)]


def write_corrections(
    path: Union[str, Path], corrections: Sequence[Correction], poses: Union[str, Path], force: Force = False
) -> None:
    """Write a file of corrections of the pose file ``poses``, one correction a line.

    Raises:
        InputError: if it exists and ``force`` is false, or cannot be written.
    """
    head = json.dumps(dict(name=Path(poses).name, sha256=known_sha256(Path(poses))))
    lines = ',\n'.join('  ' + json.dumps(to_json(correction), allow_nan=False) for correction in corrections)
    with atomic_path(path, force) as temporary:
        temporary.write_text(
            f'{{"version": {VERSION}, "poses": {head},\n "corrections": [\n{lines}\n]}}\n',
            encoding='utf-8',
            errors='replace',
        )
