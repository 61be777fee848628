"""A refiner for whatever joints a file has."""

from dataclasses import dataclass
from typing import List

import numpy as np

from pipeline.errors import InputError
from pipeline.layouts import anchors
from pipeline.options import RefineOptions
from pipeline.refine import StreamRefiner, build_refiner
from pipeline.skeletons import Skeleton, load_skeleton

_TRUNK = ('left_shoulder', 'right_shoulder', 'left_hip', 'right_hip')


@dataclass(frozen=True)
class FittedRefiner:
    """A refiner, and where the joints of a file are among those that it is given.

    Attributes:
        refiner: of poses of ``count`` joints.
        rows: ``(K,)``, the place of each joint of the file.
        count: joints that it is given; those that the file lacks have score 0.
        note: what to tell, if anything.
    """

    refiner: StreamRefiner
    rows: np.ndarray
    count: int
    note: str = ''


def fit_refiner(skeleton: Skeleton, options: RefineOptions) -> FittedRefiner:
    """Build the refiner for the joints of a file.

    A filter smooths every joint alike. A network takes those that it knows by name. Every other joint moves with its
    limb: where the network puts the ankle, the toe goes with it, and what the toe does against the ankle is smoothed
    by parabolas in time, 0.05 s wide (:mod:`pipeline.refine.limbs`).

    Raises:
        InputError: if the file has no joint that the network knows.
    """
    arguments = (options.refiner, skeleton, options.device, options.runtime)
    whole = np.arange(skeleton.num_keypoints)
    body = load_skeleton('coco')
    if not set(body.names) <= set(skeleton.names):
        try:
            return FittedRefiner(build_refiner(*arguments), whole, len(whole))
        except InputError:  # a network for other joints: those that are COCO's are refined by name
            pass
    refiner = build_refiner(options.refiner, body, *arguments[2:])
    with_points = getattr(refiner.smoother, 'with_points', None)
    if with_points is None:
        return FittedRefiner(refiner, whole, len(whole))
    there = [name for name in body.names if name in skeleton.names]
    if len(there) < 3:
        raise InputError(
            f'{len(there)} of the joints of the refiner {options.refiner!r} ({", ".join(body.names)}) are among '
            f'{", ".join(skeleton.names[:40])} of the file; --refiner butterworth smooths any joints'
        )
    further = [name for name in skeleton.names if name not in body.names]
    names = (*body.names, *further)
    note = '' if len(there) == len(body.names) else f'{len(there)} of the 17 joints of the refiner are in the file'
    if further:
        hangs_on = np.eye(len(names))
        for row, name in enumerate(further, len(body.names)):
            on = [body.names.index(joint) for joint in _anchors_among(name, there)]
            hangs_on[row] = np.isin(np.arange(len(names)), on) / len(on)
        refiner = refiner.anew(with_points(names, hangs_on))
    return FittedRefiner(refiner, np.array([names.index(name) for name in skeleton.names]), len(names), note)


def _anchors_among(name: str, there: List[str]) -> List[str]:
    """The joints that a point hangs on; the trunk, or all there are, where its name or the file leaves that open."""
    wanted = anchors(name) or (('nose',) if name.startswith('face') else _TRUNK)
    return [joint for joint in wanted if joint in there] or [joint for joint in _TRUNK if joint in there] or there
