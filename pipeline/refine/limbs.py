"""Points beyond a network's joints: moved with the limb that they hang on, and smoothed against it.

A toe's place is its ankle's and an offset. The ankle is the network's; the offset, as estimated, is smoothed. So what
the network takes from the ankle is taken from the toe, and what the toe itself trembles against its ankle is smoothed.
Legend: ``B`` windows, ``T`` frames, ``K`` points, ``R`` those beyond the network's joints.
"""

from typing import Sequence

import numpy as np

from pipeline.refine.filters import bridge_missing
from pipeline.refine.polish import polish

SIGMA = 0.05  # seconds, as behind the body's network: feet and hands are then as still as truth is (docs/keypoints.md)


class Limbs:
    """Lets points follow the joints that they hang on.

    Args:
        joints: indices of those that a network refines. Others that hang on themselves stay as they are.
        hangs_on: ``(K, K)``, rows of sum 1: the joints that each point hangs on.
    """

    def __init__(self, joints: Sequence[int], hangs_on: np.ndarray):
        self._rest = np.setdiff1d(np.flatnonzero(np.diag(hangs_on) < 1), joints)
        self._hangs_on = hangs_on[self._rest].astype(np.float32)  # (R, K)

    def follow(self, answer: np.ndarray, estimate: np.ndarray, scores: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Put every point beyond the network's joints where its limb is.

        Args:
            answer: ``(B, T, K, D)`` px, or with sigmas ``(B, T, K, D + 1)``, right for the network's joints.
            estimate: ``(B, T, K, D)`` px, what the network was given.
            scores: ``(B, T, K)`` of it.
            times: ``(B, T)`` seconds.

        Returns:
            As ``answer``, the offsets smoothed by parabolas in time (:func:`pipeline.refine.polish.polish`). Where a
            pose says how sure it is, a point is no surer than its joint; NaN where its joint is not refined.
        """
        rest, dims = self._rest, estimate.shape[-1]
        if not len(rest):
            return answer
        offsets = estimate[:, :, rest] - self._hangs_on @ estimate
        bridged = np.stack([bridge_missing(*track) for track in zip(offsets, scores[:, :, rest], times)])
        whole = answer.copy()
        whole[:, :, rest, :dims] = self._hangs_on @ answer[..., :dims]
        whole[:, :, rest, :dims] += polish(bridged, scores[:, :, rest], times, SIGMA)
        unknown = np.isnan(answer[..., dims:])
        sigmas = self._hangs_on @ np.where(unknown, 0, answer[..., dims:])
        whole[:, :, rest, dims:] = np.where(self._hangs_on @ unknown > 0, np.nan, sigmas)
        return whole
