"""Points beyond a network's joints: moved with the limb that they hang on, and smoothed against it."""

from collections import deque
from typing import Deque, List

import numpy as np

from pipeline.layouts import body_joints
from pipeline.protocols import Smoother, TrackSmoother
from pipeline.refine.filters import bridge_missing
from pipeline.refine.polish import polish
from pipeline.refine.windows import WindowSmoother, core_blend
from pipeline.skeletons import Skeleton

# of the filter of offsets: window as long as HANet's, so that nobody waits for it; its middle answers
WINDOW, MARGIN = 31, 12
SIGMA = 0.05  # seconds, as behind the body's network: feet and hands are then as still as truth is (docs/keypoints.md)


class LimbSmoother:
    """Refines the joints that a network knows by it, and lets the others follow.

    A toe's place is its ankle's and an offset. The ankle is the network's; the offset, as estimated, goes
    through a filter. So what the network takes from the ankle is taken from the toe, and what the toe itself
    trembles against its ankle is filtered.

    Args:
        body: refines some joints of a pose and leaves the others as they are.
        rest: indices of the others.
        hangs_on: ``(K, K)``, rows of sum 1: the joints that each point hangs on.
        offsets: smoother of the offsets.

    Attributes:
        network: type of the network.
    """

    def __init__(self, body, rest: np.ndarray, hangs_on: np.ndarray, offsets: Smoother):
        self.body, self.rest, self.offsets = body, rest, offsets
        self.hangs_on = hangs_on[rest].astype(np.float32)
        self.network = body.network

    @property
    def lookahead(self) -> int:
        return max(self.body.lookahead, self.offsets.lookahead)

    def lookahead_at(self, fps: float) -> int:
        """See :meth:`WindowSmoother.lookahead_at`."""
        return max(self.body.lookahead_at(fps), self.offsets.lookahead)

    def in_picture(self, width: int, height: int) -> 'LimbSmoother':
        """The same for the tracks of a video of this size, see :meth:`NetworkSmoother.in_picture`."""
        inside = object.__new__(type(self))
        inside.__dict__.update(self.__dict__, body=self.body.in_picture(width, height))
        return inside

    def open(self) -> 'LimbTrack':
        return LimbTrack(self)


class LimbTrack:
    """One track under a :class:`LimbSmoother`."""

    def __init__(self, smoother: LimbSmoother):
        self._rest, self._hangs_on = smoother.rest, smoother.hangs_on
        self._body: TrackSmoother = smoother.body.open()
        self._offset: TrackSmoother = smoother.offsets.open()
        self._poses: Deque[np.ndarray] = deque()  # without their other half yet
        self._offsets: Deque[np.ndarray] = deque()

    def push(self, keypoints: np.ndarray, scores: np.ndarray, time: float) -> List[np.ndarray]:
        rest = self._rest
        self._poses.extend(self._body.push(keypoints, scores, time))
        self._offsets.extend(self._offset.push(keypoints[rest] - self._hangs_on @ keypoints, scores[rest], time))
        return self._whole()

    def close(self) -> List[np.ndarray]:
        self._poses.extend(self._body.close())
        self._offsets.extend(self._offset.close())
        return self._whole()

    def _whole(self) -> List[np.ndarray]:
        whole = []
        while self._poses and self._offsets:
            pose = np.array(self._poses.popleft())
            offset = self._offsets.popleft()
            dims = offset.shape[-1]
            pose[self._rest, :dims] = self._hangs_on @ pose[:, :dims] + offset
            # where a pose says how sure it is, a point is no surer than its joint
            pose[self._rest, dims:] = self._hangs_on @ np.nan_to_num(pose[:, dims:])
            whole.append(pose)
        return whole


def offset_filter(sigma: float = SIGMA) -> WindowSmoother:
    """Parabolas in time around each frame (:func:`pipeline.refine.polish.polish`), ``sigma`` seconds wide."""

    def function(offsets: np.ndarray, scores: np.ndarray, times: np.ndarray) -> np.ndarray:
        bridged = np.stack([bridge_missing(*track) for track in zip(offsets, scores, times)])
        return polish(bridged, scores, times, sigma)

    return WindowSmoother(function, WINDOW, WINDOW - 2 * MARGIN, core_blend(WINDOW, MARGIN))


def with_limbs(body, skeleton: Skeleton, hangs_on: np.ndarray):
    """``body`` with the points of ``skeleton`` that it leaves as they are following their limbs.

    Args:
        body: a :class:`pipeline.refine.network.NetworkSmoother`.
        hangs_on: ``(K, 17)`` as :func:`pipeline.layouts.carriers` gives it.
    """
    rest = np.setdiff1d(np.arange(skeleton.num_keypoints), body.joints)
    if not len(rest):
        return body
    rows = body_joints(skeleton)
    assert rows is not None  # as hangs_on is there
    among_all = np.zeros((skeleton.num_keypoints,) * 2)
    among_all[:, rows] = hangs_on
    return LimbSmoother(body, rest, among_all, offset_filter())
