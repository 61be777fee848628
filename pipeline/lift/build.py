"""The lifter that comes with this package, for the joints that a chain gives, and the refiner behind it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np

from pipeline.errors import InputError
from pipeline.lift.lifting import STATURE, load_lifter
from pipeline.lift.refining import SpaceRefiner, load_space_refiner, refiner_weights
from pipeline.lift.stillness import Stillness
from pipeline.lift.stream import StreamLifter, latency
from pipeline.refine.build import shipped
from pipeline.skeletons import Skeleton

WEIGHTS_NAME = 'lifter_coco17.pth'


@dataclass(frozen=True)
class LiftOptions:
    """What a chain lifts with; makes a :class:`StreamLifter` for each run.

    Attributes:
        lifter: the network.
        columns: its joints among the chain's, ``(17,)``.
        focal: length in px; 0 for the usual field of view.
        height: of people, m.
        checkpoint: the file of the weights.
        assumed_height: whether nobody said how tall people are.
        refiner: of lifted poses; None for none.
    """

    lifter: Any
    columns: np.ndarray
    focal: float
    height: float
    checkpoint: Path
    assumed_height: bool = False
    refiner: Optional[SpaceRefiner] = None

    def stream(self, fps: float, stillness: Optional[Stillness] = None) -> StreamLifter:
        """For one run of a video with ``fps`` frames per second."""
        return StreamLifter(self.lifter, self.columns, fps, self.focal, self.height, stillness, self.refiner)

    def latency(self, fps: float) -> int:
        """Frames that :meth:`stream` holds back at most."""
        return latency(fps, self.refiner)

    @property
    def record(self) -> dict:
        """What a run's record says of it."""
        refiner = 'none' if self.refiner is None else str(self.refiner.checkpoint)
        return dict(lifter=str(self.checkpoint), refiner_3d=refiner, person_height=self.height)


def frames_held(fps: float, refiner: Union[None, str, Path] = None) -> int:
    """Frames that :func:`build_lift`'s streams hold back at most; ``refiner`` as there.

    Raises:
        InputError: as there.
    """
    if refiner_weights(refiner) is None:  # then nothing has to be loaded to know
        return latency(fps)
    lifter = load_lifter(shipped(WEIGHTS_NAME))
    return latency(fps, load_space_refiner(refiner, lifter.joint_names, lifter.rate))


def build_lift(
    skeleton: Skeleton,
    focal: Optional[float] = None,
    height: Optional[float] = None,
    checkpoint: Optional[Path] = None,
    device: str = 'cpu',
    refiner: Union[None, str, Path] = None,
) -> LiftOptions:
    """Load the lifter, and the refiner of what it lifts.

    Args:
        skeleton: of the chain's poses.
        focal: length of the lens in px; None for the usual field of view.
        height: of the people in m; None for :data:`pipeline.lift.lifting.STATURE`.
        checkpoint: other weights than those that come with this package.
        device: of both networks, such as ``cpu`` or ``cuda:0``.
        refiner: ``hanet``, ``none`` or a checkpoint, as :func:`pipeline.lift.refining.load_space_refiner` takes it.

    Raises:
        InputError: if weights are missing or damaged, the skeleton lacks a joint that the lifter needs, or the refiner
            is not for lifted poses.
    """
    path = checkpoint or shipped(WEIGHTS_NAME)
    if not path.is_file():
        raise InputError(f'{path}: no such weights; --3d needs them')
    lifter = load_lifter(path, device)
    lacking = [name for name in lifter.keypoint_names if name not in skeleton.names]
    if lacking or not lifter.keypoint_names:
        raise InputError(
            f"--3d: skeleton {skeleton.name!r} lacks {', '.join(lacking) or 'names'}; the lifter needs COCO's 17 joints"
        )
    columns = np.array([skeleton.names.index(name) for name in lifter.keypoint_names])
    behind = load_space_refiner(refiner, lifter.joint_names, lifter.rate, device)
    return LiftOptions(lifter, columns, focal or 0.0, height or STATURE, path, height is None, behind)
