"""Official PoseTrack folders: where things are, whether all is there, and conversion.

PoseTrack17 and 18 keep annotations in ``annotations/SPLIT``, PoseTrack21 in
``posetrack_data/SPLIT``; image paths in the files are relative to the root.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Optional, Set, Union

from pipeline.errors import InputError
from pipeline.files import check_writable
from pipeline.posetrack.folders import json_files, load_sequence, save_sequence
from pipeline.posetrack.format18 import video_number
from pipeline.posetrack.reading import read_json
from pipeline.posetrack.sequence import PoseSequence

SPLITS = ('train', 'val', 'test')


@dataclass(frozen=True)
class Labels:
    """A version of the annotations, told by its number of sequences per split."""

    release: int
    version: str
    sequences: Dict[str, int]
    note: str


# PoseTrack18's labels grew: numbers on 74 and on 170 validation sequences cannot be compared
KNOWN_LABELS = (
    Labels(17, '', {'train': 250, 'val': 50}, 'all published PoseTrack17 validation numbers'),
    Labels(18, '0.45', {'train': 593, 'val': 170}, 'PoseTrack18 numbers of DCPose, DSTA and most since 2019'),
    Labels(18, '0.2', {'val': 74}, 'PoseTrack18 numbers until early 2019 (Simple Baselines, LightTrack)'),
    Labels(21, '', {'train': 593, 'val': 170}, 'PoseTrack21'),
)
DEFAULT_VERSION = {17: '', 18: '0.45', 21: ''}


@dataclass
class SplitReport:
    """What was found of a split.

    Attributes:
        files: annotation files.
        frames, labeled, people: of all files; labeled frames are those with people.
        missing_images: paths that the files name and that are not there.
        unscorable: people with joints but without a head box.
    """

    files: List[Path]
    frames: int = 0
    labeled: int = 0
    people: int = 0
    missing_images: List[str] = field(default_factory=list)
    unscorable: int = 0


@dataclass
class Release:
    """A PoseTrack folder.

    Attributes:
        root: folder that image paths are relative to.
        number: 17, 18 or 21.
        splits: annotation files per split.
    """

    root: Path
    number: int
    splits: Dict[str, List[Path]]

    def labels(self) -> Optional[Labels]:
        """The version of the labels that these numbers of sequences belong to, if any."""
        for labels in KNOWN_LABELS:
            counted = {split: count for split, count in labels.sequences.items() if split in self.splits}
            if (
                labels.release == self.number
                and counted
                and all(len(self.splits[split]) == count for split, count in counted.items())
            ):
                return labels
        return None


def open_release(root: Union[str, Path], number: Optional[int] = None) -> Release:
    """Find the annotations under ``root`` (or ``root/posetrack_data``, where archives unpack to).

    Args:
        root: the folder as downloaded.
        number: 17, 18 or 21, if known; it must fit.

    Raises:
        InputError: if there are no annotations, or they are of another release.
    """
    root = Path(root)
    if not root.is_dir():
        raise InputError(f'{root}: no such folder')
    inner = root / 'posetrack_data'
    places = [(root, root / 'annotations'), (inner, inner / 'annotations'), (root, inner)]
    for base, annotations in places:  # noqa: B007, what it ends with is used below
        splits = {split: json_files(annotations / split) for split in SPLITS}
        splits = {split: files for split, files in splits.items() if files}
        if splits:
            break
    else:
        if any(list((annotations / split).glob('*.mat')) for _, annotations in places for split in SPLITS):
            raise InputError(
                f'{root}: annotations are there as .mat files only; the JSON files of the same archive are needed'
            )
        raise InputError(
            f'{root}: no annotations/SPLIT/*.json (PoseTrack17, 18) and no posetrack_data/SPLIT/*.json (PoseTrack21)'
        )
    found = _release_number(next(iter(splits.values()))[0], annotations)
    if number is not None and number != found:
        raise InputError(f'{root}: holds PoseTrack{found}, not PoseTrack{number}')
    return Release(base, found, splits)


def check_split(release: Release, split: str) -> SplitReport:
    """Read all files of a split and look for their images.

    Raises:
        InputError: if a file is malformed.
    """
    report = SplitReport(release.splits[split])
    listed: Dict[str, Set[str]] = {}
    for path in report.files:
        sequence = load_sequence(path, release.number)
        report.frames += len(sequence.frames)
        for frame in sequence.frames:
            present = frame.present.any(axis=1)
            report.labeled += bool(present.any())
            report.people += int(present.sum())
            report.unscorable += int((present & (frame.head_boxes != frame.head_boxes).any(axis=1)).sum())
            folder, name = os.path.split(frame.image)
            if folder not in listed:
                listed[folder] = _listing(release.root / folder)
            if name not in listed[folder]:
                report.missing_images.append(frame.image)
    return report


def missing_sequences(release: Release, splits: List[str]) -> List[str]:
    """Sentences about splits that are absent or have another number of sequences than any known version."""
    sentences = [f'{split}: no annotation files' for split in splits if split not in release.splits]
    known = [labels.sequences for labels in KNOWN_LABELS if labels.release == release.number]
    for split in splits:
        counts = [sequences[split] for sequences in known if split in sequences]
        if split in release.splits and counts and len(release.splits[split]) not in counts:
            sentences.append(
                f'{split}: {len(release.splits[split])} sequences, complete are {" or ".join(map(str, counts))}'
            )
    return sentences


def convert_split(release: Release, split: str, layout: int, out: Union[str, Path], force: bool = False) -> int:
    """Write a split's annotations in the layout of PoseTrack17 or 18 under ``out/annotations/SPLIT``.

    Image paths stay as they are, and ``out/images`` becomes a link to the images.

    Returns:
        the number of files written.

    Raises:
        InputError: if a file exists (without ``force``), or ``out`` is the release itself.
    """
    out = Path(out)
    if out.resolve() == release.root.resolve():
        raise InputError(f'{out}: is the folder that is read; choose another one')
    targets = [out / 'annotations' / split / path.name for path in release.splits[split]]
    for target in targets:  # before anything is written
        check_writable(target, force)
    used: Set[int] = set()
    for path, target in zip(release.splits[split], targets):
        sequence = load_sequence(path, release.number)
        save_sequence(sequence, target, layout, force, video=_unique_number(sequence, used))
    _link_images(release.root / 'images', out / 'images')
    return len(targets)


def _release_number(example: Path, annotations: Path) -> int:
    if 'annolist' in read_json(example):
        return 17
    return 21 if annotations.name == 'posetrack_data' else 18


def _listing(folder: Path) -> Set[str]:
    try:
        return set(os.listdir(folder))
    except OSError:
        return set()


def _unique_number(sequence: PoseSequence, used: Set[int]) -> int:
    """The video's number for image ids; PoseTrack17 has several sequences of one video."""
    number = video_number(sequence.name)
    while number in used:
        number = (number + 1) % 10**6
    used.add(number)
    return number


def _link_images(source: Path, link: Path) -> None:
    if link.exists() or link.is_symlink() or not source.is_dir():
        return
    try:
        link.symlink_to(source.resolve(), target_is_directory=True)
    except OSError as error:
        raise InputError(f'{link}: cannot link to {source} ({error.strerror}); copy the images there') from error
