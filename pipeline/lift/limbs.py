"""Limbs through the keypoints that they were lifted from.

A lifter that is unsure of a limb's depth answers with the mean of what may be: too short, and beside its keypoint.
Where a bone's length is known and its end is seen, only two depths are left (Taylor, "Reconstruction of articulated
objects from point correspondences in a single uncalibrated image", CVIU 2000, section 2): where the ray of the keypoint
meets the sphere around the joint before it. The lifter says which; and as an end can change sides only while its limb
lies across the view, all frames between two such moments say it together.

How deep they are follows from the length badly where a limb lies across the view: there a length that is 3 % too large
turns the bone by 14 degrees. So for legs, whose depth lifters know better than that of arms, both are weighed by how
sure they are.
"""

import numpy as np

from pipeline.lift.body import BONES, HIPS, with_middles

#: depth as a share of a bone's length: where it is less, the bone lies across the view
ACROSS = 0.35
#: m: from which depth on, against the joint before it, the lifter is believed about the side that a knee or an ankle is
#: on; and an elbow or a wrist, whose depths it gives too small when it is unsure
DECIDED, DECIDED_ARM = 0.05, 0.02
#: how wrong a bone's length is, and where its ends are seen, as a share of it (standard deviation)
LENGTH_DOUBT = 0.05
#: m: how wrong the depth is that a lifter gives a knee, or an ankle, against the joint before it (likewise)
DEPTH_DOUBT = 0.06
#: scores from which on a keypoint begins to count, and counts in full
DOUBTED, TRUSTED = 0.5, 0.8
#: joints whose keypoints bind them: elbows and wrists, knees and ankles
_ARMS, _LEGS = range(7, 11), range(13, 17)


def through_keypoints(
    joints: np.ndarray, root: np.ndarray, rays: np.ndarray, scores: np.ndarray, lengths: np.ndarray
) -> np.ndarray:
    """Turn arms and legs so that they end on their keypoints' rays; legs near to them, where a length does not fit.

    Args:
        joints: ``(T, 17, 3)`` m relative to the hips' middle, in the camera's frame.
        root: ``(T, 3)`` m, the hips' middle.
        rays: ``(T, 17, 2)``, x / z and y / z.
        scores: ``(T, 17)`` in 0..1.
        lengths: ``(B,)`` m of :data:`pipeline.lift.body.BONES`; NaN keeps the pose's own.

    Returns:
        ``(T, 17, 3)`` m, all bones as long as ``lengths`` says.
    """
    whole = with_middles(np.asarray(joints, np.float64)) + root[:, None]
    directions = np.concatenate([rays, np.ones((*rays.shape[:2], 1))], axis=-1)
    directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
    trust = np.clip((scores - DOUBTED) / (TRUSTED - DOUBTED), 0, 1)
    placed = whole.copy()
    for bone, (child, parent) in enumerate(BONES):
        step = whole[:, child] - whole[:, parent]
        own = np.linalg.norm(step, axis=1)
        length = own if np.isnan(lengths[bone]) else np.full(len(step), lengths[bone])
        if child in _ARMS or child in _LEGS:
            share = np.minimum(trust[:, child], trust[:, parent])
            seen = _on_ray(placed[:, parent], step, directions[:, child], length, share, child in _LEGS)
            step = share[:, None] * seen + (1 - share[:, None]) * step
            own = np.linalg.norm(step, axis=1)
        placed[:, child] = placed[:, parent] + step * (length / np.maximum(own, 1e-6))[:, None]
    return placed[:, :17] - placed[:, HIPS : HIPS + 1]


def _on_ray(
    start: np.ndarray, step: np.ndarray, ray: np.ndarray, length: np.ndarray, trust: np.ndarray, leg: bool
) -> np.ndarray:
    """The way from ``start`` to where its ray meets the sphere, on the side that ``step`` points to; ``(T, 3)``.

    Of a ``leg``, to a point between that one and as deep as ``step`` goes. Frames speak for others by ``trust``.
    """
    nearest = (ray * start).sum(1)  # along the ray, to the point nearest to the start
    aside = (start**2).sum(1) - nearest**2  # m², of the start from that point
    reach = np.sqrt(np.maximum(length**2 - aside, 0))
    lifted = ((start + step) * ray).sum(1) - nearest
    depth = _side(lifted, trust * reach, reach < ACROSS * length, DECIDED if leg else DECIDED_ARM) * reach
    if leg:
        doubt = LENGTH_DOUBT * length**2 / np.maximum(reach, 1e-3)  # the error of the reach that one of length makes
        depth += (lifted - depth) * doubt**2 / (doubt**2 + DEPTH_DOUBT**2)
    return (nearest + depth)[:, None] * ray - start


def _side(lifted: np.ndarray, votes: np.ndarray, across: np.ndarray, decided: float) -> np.ndarray:
    """1 where an end lies behind the joint before it, -1 where in front of it, between them where unclear; ``(T,)``.

    Args:
        lifted: ``(T,)`` m, how deep the lifter sees it.
        votes: ``(T,)``, how much each frame has to say for those around it.
        across: ``(T,)`` bool, where the bone lies across the view: each frame of these speaks for itself.
        decided: m, that the lifter's depths have to be to be believed.
    """
    piece = np.cumsum(np.diff(across, prepend=across[:1]))
    total = np.bincount(piece, votes)
    together = np.bincount(piece, votes * lifted) / np.maximum(total, 1e-9)
    alone = across | (total[piece] < 1e-9)
    return np.tanh(np.where(alone, lifted / DECIDED, together[piece] / decided))
