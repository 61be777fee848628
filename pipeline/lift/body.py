"""Bones that keep their lengths. COCO's joints. Legend: ``T`` frames."""

from typing import Tuple

import numpy as np

NOSE, LEFT_EYE, RIGHT_EYE, LEFT_EAR, RIGHT_EAR = range(5)
LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_ELBOW, RIGHT_ELBOW, LEFT_WRIST, RIGHT_WRIST = range(5, 11)
LEFT_HIP, RIGHT_HIP, LEFT_KNEE, RIGHT_KNEE, LEFT_ANKLE, RIGHT_ANKLE = range(11, 17)
HIPS, SHOULDERS, HEAD = range(17, 20)  # middles: of both hips, of both shoulders, of both ears
#: joint, the one it hangs on, and the bone whose mirror image has the same length; from the root outwards
BONES = (
    (LEFT_HIP, HIPS),
    (RIGHT_HIP, HIPS),
    (LEFT_KNEE, LEFT_HIP),
    (RIGHT_KNEE, RIGHT_HIP),
    (LEFT_ANKLE, LEFT_KNEE),
    (RIGHT_ANKLE, RIGHT_KNEE),
    (SHOULDERS, HIPS),
    (LEFT_SHOULDER, SHOULDERS),
    (RIGHT_SHOULDER, SHOULDERS),
    (LEFT_ELBOW, LEFT_SHOULDER),
    (RIGHT_ELBOW, RIGHT_SHOULDER),
    (LEFT_WRIST, LEFT_ELBOW),
    (RIGHT_WRIST, RIGHT_ELBOW),
    (HEAD, SHOULDERS),
    (LEFT_EAR, HEAD),
    (RIGHT_EAR, HEAD),
    (NOSE, HEAD),
    (LEFT_EYE, HEAD),
    (RIGHT_EYE, HEAD),
)
# both of a pair get the mean of their lengths; the two halves of hips and shoulders are equal by definition
_PAIRS = ((0, 1), (2, 3), (4, 5), (7, 8), (9, 10), (11, 12), (14, 15), (17, 18))
# a back bends: its length from hips to shoulders is no bone's
BENDING = (6, 13)


def with_middles(joints: np.ndarray) -> np.ndarray:
    """``(..., 17, 3)`` and the three middles, ``(..., 20, 3)``."""
    pairs = ((LEFT_HIP, RIGHT_HIP), (LEFT_SHOULDER, RIGHT_SHOULDER), (LEFT_EAR, RIGHT_EAR))
    return np.concatenate([joints, *((joints[..., [a], :] + joints[..., [b], :]) / 2 for a, b in pairs)], axis=-2)


def bone_lengths(joints: np.ndarray) -> np.ndarray:
    """``(T, 17, 3)`` to ``(T, B)`` m, in the order of :data:`BONES`; mirror bones alike."""
    whole = with_middles(joints)
    lengths = np.stack([np.linalg.norm(whole[:, child] - whole[:, parent], axis=-1) for child, parent in BONES], axis=1)
    for left, right in _PAIRS:
        lengths[:, left] = lengths[:, right] = (lengths[:, left] + lengths[:, right]) / 2
    return lengths


def settled(joints: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The same directions of bones, with other lengths; the hips' middle stays.

    Args:
        joints: ``(T, 17, 3)`` m.
        lengths: ``(B,)`` or ``(T, B)`` m, as :func:`bone_lengths` gives them; NaN keeps the pose's own.
    """
    whole = with_middles(np.asarray(joints, np.float64))
    lengths = np.broadcast_to(lengths, (len(joints), len(BONES)))
    placed = whole.copy()
    for bone, (child, parent) in enumerate(BONES):
        step = whole[:, child] - whole[:, parent]
        own = np.linalg.norm(step, axis=-1)
        factor = np.where(np.isfinite(lengths[:, bone]), lengths[:, bone], own) / np.maximum(own, 1e-6)
        placed[:, child] = placed[:, parent] + step * factor[:, None]
    return placed[:, :17]


class LengthsOfTrack:
    """The median of each bone over a track so far, from a bounded number of frames, evenly spread over it.

    Args:
        keep: frames at most. Where there are more, every second one is forgotten, and from then on taken in.
    """

    def __init__(self, keep: int = 2000):
        self._seen: np.ndarray = np.zeros((0, len(BONES)))
        self._keep, self._count, self._every = keep, 0, 1

    def add(self, lengths: np.ndarray) -> np.ndarray:
        """Take ``(T, B)`` more; returns the medians ``(B,)``, NaN for the bending trunk and neck."""
        self._seen = np.concatenate([self._seen, lengths[-self._count % self._every :: self._every]])
        self._count += len(lengths)
        while len(self._seen) > self._keep:
            self._seen, self._every = self._seen[::2], 2 * self._every
        median = np.median(self._seen, axis=0)
        median[list(BENDING)] = np.nan
        return median


def flexion(joints: np.ndarray) -> Tuple[np.ndarray, ...]:
    """Flexion in degrees ``(T,)``, 0 when straight: left knee, right knee, left elbow, right elbow."""
    chains = (
        (LEFT_HIP, LEFT_KNEE, LEFT_ANKLE),
        (RIGHT_HIP, RIGHT_KNEE, RIGHT_ANKLE),
        (LEFT_SHOULDER, LEFT_ELBOW, LEFT_WRIST),
        (RIGHT_SHOULDER, RIGHT_ELBOW, RIGHT_WRIST),
    )
    return tuple(180 - angle_at(joints[:, a], joints[:, b], joints[:, c]) for a, b, c in chains)


def angle_at(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """The angle between ``b`` to ``a`` and ``b`` to ``c`` in degrees; points ``(..., 3)``."""
    first, second = a - b, c - b
    across = np.linalg.norm(np.cross(first, second), axis=-1)
    return np.degrees(np.arctan2(across, (first * second).sum(-1)))
