"""Pose data out, and in again: JSON, CSV, PoseTrack18, TRC, and what other tools read (docs/formats.md).

with open_exporter('json', 'out/clip_poses.json', run_info(options), skeleton, video) as exporter:
    exporter.write(result)
poses = read_poses_json('out/clip_poses.json')
"""

from pathlib import Path
from typing import Any, Iterable, List, Mapping, Type, Union

from pipeline.errors import InputError
from pipeline.files import Force
from pipeline.formats.angles3d_file import Angles3dExporter
from pipeline.formats.angles_file import AnglesExporter
from pipeline.formats.bvh_file import BvhExporter
from pipeline.formats.c3d_file import C3dExporter
from pipeline.formats.coco_file import CocoExporter
from pipeline.formats.csv_file import CsvExporter
from pipeline.formats.dlc_file import DlcExporter
from pipeline.formats.exporter import Exporter
from pipeline.formats.gltf_file import GltfExporter
from pipeline.formats.json_file import JsonExporter
from pipeline.formats.labelstudio_file import LabelStudioExporter
from pipeline.formats.metres_file import MetresExporter
from pipeline.formats.mot_file import MotExporter
from pipeline.formats.movement_file import MovementExporter
from pipeline.formats.nwb_file import NwbExporter
from pipeline.formats.openpose_file import OpenPoseExporter
from pipeline.formats.optional import missing, require
from pipeline.formats.parquet_file import ParquetExporter
from pipeline.formats.poses_json import PoseFile, PoseFrame, read_poses_json
from pipeline.formats.posetrack_file import PoseTrackExporter
from pipeline.formats.run_info import RunInfo, run_info
from pipeline.formats.sleap_file import SlpExporter
from pipeline.formats.trc_file import TrcExporter
from pipeline.protocols import Writer
from pipeline.registry import WRITERS, names
from pipeline.skeletons import Skeleton
from pipeline.types import VideoInfo

__all__ = [
    'Angles3dExporter',
    'AnglesExporter',
    'BvhExporter',
    'C3dExporter',
    'CocoExporter',
    'CsvExporter',
    'DlcExporter',
    'Exporter',
    'GltfExporter',
    'JsonExporter',
    'LabelStudioExporter',
    'MetresExporter',
    'MotExporter',
    'MovementExporter',
    'NwbExporter',
    'OpenPoseExporter',
    'ParquetExporter',
    'PoseFile',
    'PoseFrame',
    'PoseTrackExporter',
    'RunInfo',
    'SlpExporter',
    'TrcExporter',
    'check_formats',
    'format_named',
    'missing_packages',
    'open_exporter',
    'read_poses_json',
    'run_info',
]


def format_named(name: str) -> Type[Any]:
    """The writer registered as ``name``; its ``suffix`` is what its files' names end in.

    Raises:
        InputError: if there is none, or it needs a library that is not installed.
    """
    writer = WRITERS.module_dict.get(name)
    if writer is None:
        raise InputError(
            f'unknown format {name!r}: allowed are {", ".join(names(WRITERS))}; '
            'to use your own, register it and name its module in custom_imports'
        )
    require(getattr(writer, 'packages', ()), f'format {name}')
    return writer


def check_formats(formats: Iterable[str], options: Mapping[str, Any]) -> None:
    """Check before a chain is built what its exporters would refuse.

    Args:
        formats: names of formats.
        options: of the chain, as a preset has them.

    Raises:
        InputError: if a chain of these options cannot write one of the formats.
    """
    for name in formats:
        check = getattr(format_named(name), 'check_run', None)
        if check is not None:
            check(options)


def missing_packages(name: str) -> List[str]:
    """What has to be installed before the format ``name`` can be written."""
    return missing(getattr(WRITERS.module_dict[name], 'packages', ()))


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
        format: ``json``, ``csv`` or another one registered in :data:`pipeline.registry.WRITERS`.
        path: of the file; TRC and C3D make one per person of it, OpenPose a folder.
        run: what is recorded of the run.
        skeleton: of the people that will come.
        video: the source.
        force: what may be replaced of files that exist.
        options: of the format's exporter.

    Raises:
        InputError: if the format is unknown or the file cannot be written.
    """
    return format_named(format)(Path(path), run, skeleton, video, force, **options)
