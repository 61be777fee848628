"""Pose data out, and in again: JSON, CSV, PoseTrack18, TRC.

with open_exporter('json', 'out/clip_poses.json', run_info(options), skeleton, video) as exporter:
    exporter.write(frame.index, frame.time, people)
poses = read_poses_json('out/clip_poses.json')
"""

from pathlib import Path
from typing import Callable, Dict, Union

from pipeline.errors import InputError
from pipeline.formats.csv_file import CsvExporter
from pipeline.formats.exporter import Exporter
from pipeline.formats.json_file import JsonExporter
from pipeline.formats.poses_json import PoseFile, PoseFrame, read_poses_json
from pipeline.formats.posetrack_file import PoseTrackExporter
from pipeline.formats.run_info import RunInfo, run_info
from pipeline.formats.trc_file import TrcExporter
from pipeline.skeletons import Skeleton
from pipeline.types import VideoInfo

EXPORTERS: Dict[str, Callable[..., Exporter]] = {
    'json': JsonExporter,
    'csv': CsvExporter,
    'posetrack': PoseTrackExporter,
    'trc': TrcExporter,
}

__all__ = ['EXPORTERS', 'Exporter', 'PoseFile', 'PoseFrame', 'RunInfo', 'open_exporter', 'read_poses_json', 'run_info']


def open_exporter(
    format: str,
    path: Union[str, Path],
    run: RunInfo,
    skeleton: Skeleton,
    video: VideoInfo,
    force: bool = False,
    **options,
) -> Exporter:
    """Open a file of pose data for writing.

    Args:
        format: ``json``, ``csv``, ``posetrack`` or ``trc``.
        path: of the file; TRC makes one per person of it (see :class:`TrcExporter`).
        run: what is recorded of the run.
        skeleton: of the people that will come.
        video: the source.
        force: replace files that exist.
        options: of the format's exporter.

    Raises:
        InputError: if the format is unknown or the file cannot be written.
    """
    if format not in EXPORTERS:
        raise InputError(f'unknown format {format!r}: allowed are {", ".join(EXPORTERS)}')
    return EXPORTERS[format](Path(path), run, skeleton, video, force, **options)
