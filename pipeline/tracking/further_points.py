"""Points beyond COCO's 17 joints around a tracker of those 17: ids are the same with and without them."""

from dataclasses import replace
from typing import Dict, Tuple

import numpy as np

from pipeline.layouts import body_joints, carriers
from pipeline.skeletons import Skeleton
from pipeline.types import People

# (K, 2) px from where each point hangs, and (K,) its score over that of the joint there
_Hanging = Tuple[np.ndarray, np.ndarray]
_KEPT = 1000  # people; a camera may run for days


class FurtherPoints:
    """Takes people's further points off before a tracker, and puts them on again behind it.

    A tracker hands people on with the poses that they came with (:class:`pipeline.protocols.Tracker`), by which
    their points are found again. Whoever is expected where nobody was found has none: there they stay where they
    were last seen from the joint that they hang on, and fade with it.

    Keeps who was seen last; one for each run.

    Args:
        skeleton: of the people; :func:`pipeline.layouts.carriers` knows where its points hang.
    """

    def __init__(self, skeleton: Skeleton):
        rows, hangs_on = body_joints(skeleton), carriers(skeleton)
        assert rows is not None and hangs_on is not None, skeleton.name
        self._rows, self._hangs_on = rows, hangs_on.astype(np.float32)
        self._last: Dict[int, _Hanging] = {}  # by track id

    def take_off(self, people: People) -> People:
        """The people with COCO's 17 joints."""
        return replace(
            people,
            keypoints=people.keypoints[:, self._rows],
            keypoints_raw=people.keypoints_raw[:, self._rows],
            keypoint_scores=people.keypoint_scores[:, self._rows],
        )

    def put_on(self, tracked: People, people: People) -> People:
        """``tracked`` with all points.

        Args:
            tracked: what the tracker made of those of :meth:`take_off`.
            people: as they were before it.
        """
        before = self.take_off(people)
        places = {_key(before, row): row for row in range(len(people))}
        count, points = len(tracked), len(self._hangs_on)
        keypoints, scores = np.zeros((count, points, 2), np.float32), np.zeros((count, points), np.float32)
        for i, track_id in enumerate(tracked.track_ids.tolist()):
            joints, sure = self._hangs_on @ tracked.keypoints[i], self._hangs_on @ tracked.keypoint_scores[i]
            row = places.get(_key(tracked, i))
            if row is not None:
                keypoints[i], scores[i] = people.keypoints[row], people.keypoint_scores[row]
                share = np.divide(scores[i], sure, out=np.zeros_like(sure), where=sure > 0)
                self._last.pop(track_id, None)  # so that the first are those not seen for longest
                self._last[track_id] = keypoints[i] - joints, share
                if len(self._last) > _KEPT:
                    del self._last[next(iter(self._last))]
            else:
                offset, share = self._last.get(track_id, (0, 0))
                keypoints[i], scores[i] = joints + offset, np.clip(sure * share, 0, 1)
            keypoints[i, self._rows], scores[i, self._rows] = tracked.keypoints[i], tracked.keypoint_scores[i]
        return replace(tracked, keypoints=keypoints, keypoints_raw=keypoints, keypoint_scores=scores)


def _key(people: People, row: int) -> bytes:
    return people.keypoints[row].tobytes() + people.bboxes[row].tobytes()
