"""Pose data out, and in again: JSON, CSV, PoseTrack18, TRC.

with open_exporter('json', 'out/clip_poses.json', run_info(options), skeleton, video) as exporter:
    exporter.write(result)
poses = read_poses_json('out/clip_poses.json')
"""

from pathlib import Path
from typing import Any, Type, Union

from pipeline.errors import InputError
from pipeline.files import Force
from pipeline.formats.angles_file import AnglesExporter
from pipeline.formats.csv_file import CsvExporter
from pipeline.formats.exporter import Exporter
from pipeline.formats.json_file import JsonExporter
from pipeline.formats.poses_json import PoseFile, PoseFrame, read_poses_json
from pipeline.formats.posetrack_file import PoseTrackExporter
from pipeline.formats.run_info import RunInfo, run_info
from pipeline.formats.trc_file import TrcExporter
from pipeline.protocols import Writer
from pipeline.registry import WRITERS, names
from pipeline.skeletons import Skeleton
from pipeline.types import VideoInfo

__all__ = [
    'AnglesExporter',
    'CsvExporter',
    'Exporter',
    'JsonExporter',
    'PoseFile',
    'PoseFrame',
    'PoseTrackExporter',
    'RunInfo',
    'TrcExporter',
    'format_named',
    'open_exporter',
    'read_poses_json',
    'run_info',
]


def format_named(name: str) -> Type[Any]:
    """The writer registered as ``name``; its ``suffix`` is what its files' names end in.

    Raises:
        InputError: if there is none.
    """
    writer = WRITERS.module_dict.get(name)
    if writer is None:
        raise InputError(
            f'unknown format {name!r}: allowed are {", ".join(names(WRITERS))}; '
            'to use your own, register it and name its module in custom_imports'
        )
    return writer


def open_exporter(
    format: str,
    path: Union[str, Path],
    run: RunInfo,
    skeleton: Skeleton,
    video: VideoInfo,
    force: Force = False,
    **options,
) -> Writer:
    """Open a file of pose data for writing.

    Args:
        format: ``json``, ``csv``, ``posetrack``, ``trc``, or one registered in :data:`pipeline.registry.WRITERS`.
        path: of the file; TRC makes one per person of it (see :class:`TrcExporter`).
        run: what is recorded of the run.
        skeleton: of the people that will come.
        video: the source.
        force: what may be replaced of files that exist.
        options: of the format's exporter.

    Raises:
        InputError: if the format is unknown or the file cannot be written.
    """
    return format_named(format)(Path(path), run, skeleton, video, force, **options)
