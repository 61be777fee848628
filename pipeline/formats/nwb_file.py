"""Neurodata Without Borders (NWB), by pynwb and ndx-pose: one ``PoseEstimation`` per person.

They lie in the processing module ``behavior`` under the names ``id1``, ``id2`` …, beside the skeleton. Each has one
series per joint over all frames: x, y in px (x right and y down, (0, 0) the centre of the upper left pixel) and
confidence, NaN and 0 where the joint was not seen, with the frames' times in seconds. Nothing says when the video was
taken: the session starts at 1970-01-01. NWB gives every object an identifier of its own, so that no two files are equal
byte by byte. The run's record is in ``notes``.
"""

from datetime import datetime, timezone
from typing import Sequence, Tuple

import numpy as np

from pipeline.formats.collected import Collected, CollectedExporter
from pipeline.registry import WRITERS
from pipeline.version import __version__

_FRAME = 'px of the picture, x to the right and y down; (0, 0) is the centre of its upper left pixel'


@WRITERS.register_module(name='nwb')
class NwbExporter(CollectedExporter):
    """Writes one .nwb file."""

    suffix = '_poses.nwb'
    packages = ('pynwb', 'ndx_pose')
    record_beside = False

    def _save(self, poses: Collected) -> None:
        import ndx_pose
        import pynwb

        document = pynwb.NWBFile(
            session_description=f'poses of people in the video {self.video.name}; its date is not known',
            identifier=self.video.name,
            session_start_time=datetime(1970, 1, 1, tzinfo=timezone.utc),
            notes=self.run.to_json(),
        )
        module = document.create_processing_module('behavior', 'poses')
        skeleton = ndx_pose.Skeleton(
            name=self.skeleton.name or 'skeleton', nodes=list(self.skeleton.names), edges=_edges(self.skeleton.links)
        )
        module.add(ndx_pose.Skeletons(skeletons=[skeleton]))
        times = poses.times  # the first series has them, the others refer to it
        for track in poses.tracks:
            keypoints, scores = track.dense(len(poses.times))
            series = []
            for k, name in enumerate(self.skeleton.names):
                entry = ndx_pose.PoseEstimationSeries(
                    name=name,
                    description=f'{name} of person {track.id}',
                    data=keypoints[:, k],
                    unit='pixels',
                    reference_frame=_FRAME,
                    timestamps=times,
                    confidence=scores[:, k],
                    confidence_definition='score of the estimator, 0 to 1; 0 where the joint was not seen',
                )
                times = entry if times is poses.times else times
                series.append(entry)
            module.add(
                ndx_pose.PoseEstimation(
                    name=f'id{track.id}',
                    pose_estimation_series=series,
                    description=f'person {track.id}',
                    source_software='smooth-poses',
                    source_software_version=__version__,
                    skeleton=skeleton,
                )
            )
        with pynwb.NWBHDF5IO(self._new_file(self.path), 'w') as file:
            file.write(document)


def _edges(links: Sequence[Tuple[int, int]]) -> np.ndarray:
    return np.array(links, np.uint8).reshape(-1, 2)
