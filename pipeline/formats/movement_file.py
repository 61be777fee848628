"""netCDF as ``movement`` keeps it: ``xarray.load_dataset(file)`` gives what its functions take.

Variables ``position`` (time, space, keypoints, individuals) in px, x right and y down, and ``confidence`` (time,
keypoints, individuals) in 0..1; coordinates ``time`` in seconds, ``keypoints`` by name, ``individuals`` by ids as
``id1``. What was not seen is NaN, in both. Attributes ``fps``, ``time_unit``, ``ds_type``, ``source_software``,
``source_file``, and the run's record as JSON in ``run``. By xarray and h5netcdf.
"""

import numpy as np

from pipeline.formats.collected import Collected, CollectedExporter
from pipeline.registry import WRITERS


@WRITERS.register_module(name='movement')
class MovementExporter(CollectedExporter):
    """Writes one dataset, dense: 12 bytes per joint, person and frame."""

    suffix = '_movement.nc'
    packages = ('xarray', 'h5netcdf')
    record_beside = False

    def _save(self, poses: Collected) -> None:
        dataset_of(poses, self.skeleton.names, float(self.video.fps), self.video.path or self.video.name).assign_attrs(
            run=self.run.to_json()
        ).to_netcdf(self._new_file(self.path), engine='h5netcdf', encoding={n: {'zlib': True} for n in _VARIABLES})


_VARIABLES = ('position', 'confidence')


def dataset_of(poses: Collected, names, fps: float, source: str):
    """An ``xarray.Dataset`` in ``movement``'s layout.

    Args:
        names: of the joints.
        source: the video's file, or its name.
    """
    import xarray

    count, joints = len(poses.indices), len(names)
    position = np.full((count, 2, joints, len(poses.tracks)), np.nan, np.float32)
    confidence = np.full((count, joints, len(poses.tracks)), np.nan, np.float32)
    for n, track in enumerate(poses.tracks):
        position[track.positions, :, :, n] = track.keypoints.transpose(0, 2, 1)
        confidence[track.positions, :, n] = np.where(np.isnan(track.keypoints[..., 0]), np.nan, track.scores)
    return xarray.Dataset(
        dict(
            position=(('time', 'space', 'keypoints', 'individuals'), position),
            confidence=(('time', 'keypoints', 'individuals'), confidence),
        ),
        coords=dict(
            time=poses.times,
            space=['x', 'y'],
            keypoints=list(names),
            individuals=[f'id{track.id}' for track in poses.tracks],
        ),
        attrs=dict(
            fps=fps, time_unit='seconds', ds_type='poses', source_software='smooth-poses', source_file=_text(source)
        ),
    )


def _text(name: str) -> str:
    return name.encode('utf-8', 'replace').decode()  # names of files need not be text
