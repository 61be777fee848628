"""Folders of PoseTrack files: reading, writing, and pairing truth with predictions."""

import json
from pathlib import Path
from typing import Dict, List, Optional, Tuple, Union

from pipeline.errors import InputError
from pipeline.files import atomic_path, is_clutter
from pipeline.posetrack.format17 import dump17, parse17
from pipeline.posetrack.format18 import dump18, parse18
from pipeline.posetrack.reading import Node, read_json
from pipeline.posetrack.sequence import NO_TRACK, PoseFrame, PoseSequence

FORMATS = (17, 18, 21)


def load_sequence(path: Union[str, Path], layout: Optional[int] = None) -> PoseSequence:
    """One sequence from a PoseTrack17, 18 or 21 file.

    Args:
        path: the JSON file.
        layout: 17, 18 or 21 (18 and 21 share one layout); None: as the file is.

    Raises:
        InputError: if the file is malformed or of another layout than asked for.
    """
    root = read_json(path)
    found = _layout(root)
    if layout is not None and (layout == 17) != (found == 17):
        raise InputError(
            f'{path}: is in the layout of PoseTrack{"17" if found == 17 else "18/21"}, '
            f'but format {layout} was asked for'
        )
    sequence = (parse17 if found == 17 else parse18)(root, Path(path).stem)
    _check_unique(sequence)
    return sequence


def load_folder(folder: Union[str, Path], layout: Optional[int] = None) -> Dict[str, PoseSequence]:
    """All ``*.json`` of a folder by name (file stem), sorted; a single file counts as a folder of one.

    Raises:
        InputError: as :func:`load_sequence`, and if there is no such file.
    """
    return {path.stem: load_sequence(path, layout) for path in list_files(folder)}


def list_files(folder: Union[str, Path]) -> List[Path]:
    """The JSON files of a folder, sorted by name, without those that systems keep there (``._x.json``).

    Raises:
        InputError: if the folder does not exist or has none.
    """
    folder = Path(folder)
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        raise InputError(f'{folder}: no such folder')
    files = json_files(folder)
    if not files:
        raise InputError(f'{folder}: no .json files in this folder')
    return files


def json_files(folder: Path) -> List[Path]:
    """The same, or nothing."""
    return sorted(path for path in folder.glob('*.json') if not is_clutter(path.name))


def save_sequence(
    sequence: PoseSequence, path: Union[str, Path], layout: int, force: bool = False, video: Optional[int] = None
) -> None:
    """Write a sequence in the layout 17 or 18 (21 is written as 18).

    ``video`` is the number in the image ids of layout 18, by default the one in the name.

    Raises:
        InputError: if ``path`` cannot be written or exists without ``force``.
    """
    document = dump17(sequence) if layout == 17 else dump18(sequence, video)
    with atomic_path(path, force) as temporary:
        temporary.write_text(json.dumps(document), encoding='utf-8')


def pair_folders(
    truth: Union[str, Path], predictions: Union[str, Path], layout: Optional[int] = None
) -> List[Tuple[PoseSequence, PoseSequence]]:
    """Load both folders and pair their sequences by name and their frames by image name.

    Raises:
        InputError: as :func:`load_folder`; names the sequences that are in one
            folder only, and frames with annotations that have no prediction entry.
    """
    names = [{path.stem for path in list_files(folder)} for folder in (truth, predictions)]
    if Path(truth).is_dir() or Path(predictions).is_dir():
        for folder, here, there in ((truth, *names), (predictions, *names[::-1])):
            if here - there:
                raise InputError(
                    f'{folder}: {len(here - there)} sequences are in this folder only: {_shortened(here - there)}'
                )
    loaded = [load_folder(folder, layout) for folder in (truth, predictions)]
    return [pair_frames(*pair) for pair in zip(loaded[0].values(), loaded[1].values())]


def pair_frames(truth: PoseSequence, prediction: PoseSequence) -> Tuple[PoseSequence, PoseSequence]:
    """Give both sequences the same frames: the annotated ones of the truth.

    Frames whose truth has no people cost nothing, whatever was predicted there
    (poseval's clean-up), nor do PoseTrack21's frames that are marked unlabelled and
    have boxes only. Frames are paired by image file name; if the two files
    name their images differently, by position.

    Raises:
        InputError: if an annotated frame has no counterpart.
    """
    annotated = [i for i, frame in enumerate(truth.frames) if len(frame) and (frame.is_labeled or frame.present.any())]
    theirs = {image_key(frame): frame for frame in prediction.frames}
    keys = [image_key(frame) for frame in truth.frames]
    if len(theirs) == len(prediction.frames) and len(set(keys)) == len(keys) and set(keys) & set(theirs):
        for i in annotated:
            if keys[i] not in theirs:
                raise InputError(f'{prediction.path}: no entry for the annotated image {truth.frames[i].image}')
        chosen = [theirs[keys[i]] for i in annotated]
    elif len(truth.frames) == len(prediction.frames):
        chosen = [prediction.frames[i] for i in annotated]
    elif not annotated:
        chosen = []
    else:
        raise InputError(
            f'{prediction.path}: {len(prediction.frames)} frames, '
            f'but {truth.path} has {len(truth.frames)}, and their image names differ'
        )
    return (
        PoseSequence(truth.name, [truth.frames[i] for i in annotated], truth.path),
        PoseSequence(prediction.name, chosen, prediction.path),
    )


def _layout(root: Node) -> int:
    for layout, key in ((17, 'annolist'), (18, 'images')):
        if key in root:
            return layout
    raise InputError(
        f'{root.path}: not a PoseTrack file: it has neither annolist (PoseTrack17) nor images (PoseTrack18 and 21)'
    )


def _check_unique(sequence: PoseSequence) -> None:
    for frame in sequence.frames:
        ids = [int(i) for i in frame.track_ids if i != NO_TRACK]
        if len(set(ids)) < len(ids):
            twice = next(i for i in ids if ids.count(i) > 1)
            raise InputError(f'{sequence.path}: track id {twice} is there twice in {frame.image}')


def image_key(frame: PoseFrame) -> str:
    """What frames of two files are paired by: the image's file name."""
    return Path(frame.image.replace('\\', '/')).stem


def _shortened(names, most: int = 5) -> str:
    names = sorted(names)
    return ', '.join(names[:most]) + (f' and {len(names) - most} more' if len(names) > most else '')
