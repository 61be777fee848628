"""SLEAP's .slp, by sleap-io: predicted instances with their tracks.

Coordinates are px, x right and y down, (0, 0) the centre of the upper left pixel, as SLEAP has it. Joints without a
score are NaN. Tracks are named ``id1``, ``id2`` …; frames have their index in the source. The run's record is beside it
in ``NAME.run.json``.
"""

import gc
from contextlib import contextmanager
from typing import Any, Iterator

import numpy as np

from pipeline.formats.collected import Collected, CollectedExporter
from pipeline.registry import WRITERS


@WRITERS.register_module(name='slp')
class SlpExporter(CollectedExporter):
    """Writes one .slp file."""

    suffix = '_poses.slp'
    packages = ('sleap_io',)

    def _save(self, poses: Collected) -> None:
        import sleap_io

        with _without_collection():
            sleap_io.save_slp(self._labels(poses), self._new_file(self.path), verbose=False)

    def _labels(self, poses: Collected) -> Any:
        """``sleap_io.Labels`` of the video."""
        import sleap_io

        nodes = [sleap_io.Node(name) for name in self.skeleton.names]
        skeleton = sleap_io.Skeleton(
            nodes=nodes,
            edges=[sleap_io.Edge(nodes[a], nodes[b]) for a, b in self.skeleton.links],
            symmetries=[
                sleap_io.Symmetry([nodes[k], nodes[other]])
                for k, other in enumerate(self.skeleton.flip_indices)
                if k < other
            ],
            name=self.skeleton.name or 'skeleton',
        )
        count = int(poses.indices[-1]) + 1 if len(poses.indices) else 0
        known = dict(shape=[count, self.video.height, self.video.width, 3], fps=float(self.video.fps))
        video = sleap_io.Video(self.video.path or self.video.name, open_backend=False, backend_metadata=known)
        tracks = {track.id: sleap_io.Track(f'id{track.id}') for track in poses.tracks}
        frames = []
        for index, rows in zip(poses.indices.tolist(), poses.per_frame()):
            instances = [
                sleap_io.PredictedInstance.from_numpy(
                    track.keypoints[row].astype(np.float64),
                    skeleton=skeleton,
                    point_scores=track.scores[row].astype(np.float64),
                    score=float(track.person_scores[row]),
                    track=tracks[track.id],
                )
                for track, row in rows
            ]
            if instances:
                frames.append(sleap_io.LabeledFrame(video=video, frame_idx=index, instances=instances))
        return sleap_io.Labels(
            labeled_frames=frames, videos=[video], skeletons=[skeleton], tracks=list(tracks.values())
        )


@contextmanager
def _without_collection() -> Iterator[None]:
    """Hundreds of thousands of new objects, none of them garbage, cost the collector half of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
