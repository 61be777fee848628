"""Corrected poses as files: ``NAME_corrected_poses.json`` and others, and an overlay video."""

from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path
from typing import Callable, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from pipeline.corrections import Table, corrections_beside, read_corrections, refined_around
from pipeline.errors import InputError
from pipeline.formats import RunInfo
from pipeline.moments import simple_rate
from pipeline.options import OutputOptions
from pipeline.serve.cache import load_table
from pipeline.serve.folder import CORRECTED
from pipeline.timing import Clock
from pipeline.types import Frame, FrameResult, People, VideoInfo
from pipeline.video import VideoSource, open_source
from pipeline.writers import open_writers, opened

Counting = Callable[[Iterator[FrameResult], Optional[int]], Iterator[FrameResult]]


def export_corrected(
    poses: Path, source: Optional[Path], out: Path, formats: Tuple[str, ...], counted: Counting
) -> List[str]:
    """Apply the corrections beside ``poses`` and write the outcome; files of an earlier export are replaced.

    Args:
        source: the video; without one there is no overlay.
        out: folder of the files.
        formats: of pose data.
        counted: passes results on, and is told how many there will be.

    Returns:
        The files.

    Raises:
        InputError: if the corrections do not fit, or the video is not the one that the poses are of.
    """
    table, beside = load_table(poses), corrections_beside(poses)
    corrected = refined_around(table, read_corrections(beside, poses) if beside.exists() else [])
    if not len(corrected.frames):
        raise InputError(f'{poses.name}: has no frames')
    name = poses.name.removesuffix('_poses.json') + CORRECTED
    record = RunInfo(
        **{entry.name: corrected.run[entry.name] for entry in fields(RunInfo) if entry.name in corrected.run}
    )
    options = OutputOptions(out_dir=out, force=True, video=source is not None, formats=formats)
    if source is None:
        info = corrected.video or VideoInfo(name, *corrected.size, simple_rate(1 / corrected.step))
        return _write(_blank(corrected), replace(info, name=name), corrected, options, record, counted)
    first, last = int(corrected.frames[0]), int(corrected.frames[-1])
    with open_source(str(source), start=f'{first}f', end=f'{last + 1}f') as video:
        info = replace(video.info, name=name)
        return _write(_pictures(video, corrected, source), info, corrected, options, record, counted)


def _write(
    results: Iterator[FrameResult],
    info: VideoInfo,
    table: Table,
    options: OutputOptions,
    record: RunInfo,
    counted: Counting,
) -> List[str]:
    with opened(open_writers(options, table.skeleton, info, record, True, Clock())) as writers:
        with closing(counted(results, len(table.frames))) as passing:
            for result in passing:
                for writer in writers:
                    writer.write(result)
    return [str(file) for writer in writers for file in writer.files]


def _pictures(video: VideoSource, table: Table, source: Path) -> Iterator[FrameResult]:
    people = table.people()
    at = -1
    for at, frame in enumerate(video):
        if at >= len(people) or frame.index != table.frames[at]:
            break
        yield FrameResult(frame, people[at])
    if at != len(people) - 1:
        raise InputError(f'{source.name}: has other frames than the poses; they were made from another video')


def _blank(table: Table) -> Iterator[FrameResult]:
    width, height = table.size
    picture = np.broadcast_to(np.zeros(3, np.uint8), (height, width, 3))
    people: Sequence[People] = table.people()
    for index, time, here in zip(table.frames, table.times, people):
        yield FrameResult(Frame(int(index), float(time), picture), here)
