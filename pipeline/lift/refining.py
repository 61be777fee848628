"""HANet in three dimensions behind the lifter: one window of lifted poses after another, at the lifter's rate.

The paper has it so for Human3.6M (Jin et al., "Kinematic-aware Hierarchical Attention Network for Human Pose Estimation
in Videos", WACV 2023, section 4): a lifter answers frame by frame or for half a second, the refiner sees two seconds.
"""

from pathlib import Path
from typing import Any, Optional, Sequence, Union

import numpy as np

from pipeline.errors import InputError
from pipeline.refine.build import shipped
from pipeline.refine.window_options import WindowOptions

REFINER_NAME = 'hanet-3d_coco17.pth'
#: in place of 0 for joints of frames in which others were seen: the lifter has answered for these joints too, and a
#: score of 0 would put a straight line in its answer's place
LEAST_SCORE = 0.01


class SpaceRefiner:
    """A network of three coordinates over overlapping windows of a lifted track.

    Args:
        model: a :class:`pipeline.networks.refiners.sequence_refiner.SequenceRefiner`, of the lifter's joints in m.
        joint_names: of the poses, in order.
        rate: poses per second.
        checkpoint: the file of the weights.
        device: of the model.
    """

    def __init__(
        self,
        model: Any,
        joint_names: Sequence[str],
        rate: float,
        checkpoint: Optional[Path] = None,
        device: str = 'cpu',
    ):
        from pipeline.refine.network import NetworkSmoother  # torch only where a network is wanted

        self.rate, self.checkpoint = rate, checkpoint
        self._hips = [list(joint_names).index(f'{side}_hip') for side in ('left', 'right')]
        self._smoother = NetworkSmoother(model, joint_names, WindowOptions(polish=0.0), device)

    def __call__(self, joints: np.ndarray, scores: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Refine a piece of a track.

        Args:
            joints: ``(T, J, 3)`` m, relative to the hips' middle, of a body of the stature that the lifter knows.
            scores: ``(T, J)`` in 0..1; frames of which no joint was seen are padding.
            times: ``(T,)`` seconds, a frame of :attr:`rate` apart. Others are no motion that the network knows: such
                poses are given back as they are.

        Returns:
            ``(T, J, 3)`` float32 m, relative to the hips' middle again.
        """
        if len(times) < 2 or times[-1] - times[0] > len(times) / self.rate:
            return joints
        (refined,) = self._smoother.smooth_tracks([(joints, least_scores(scores), times)], batch_size=1)
        return refined - refined[:, self._hips].mean(1, keepdims=True)

    def frames(self, fps: float) -> int:
        """How many frames of a video with ``fps`` a second make up one window of the network, at most."""
        return int((self._smoother.window - 1) / self.rate * fps + 1e-6) + 1


def least_scores(scores: np.ndarray) -> np.ndarray:
    """``(..., J)`` scores, :data:`LEAST_SCORE` or more in frames of which a joint was seen."""
    return np.where((scores > 0).any(-1, keepdims=True), np.maximum(scores, LEAST_SCORE), 0).astype(np.float32)


def load_space_refiner(
    spec: Union[None, str, Path], joint_names: Sequence[str], rate: float, device: str = 'cpu'
) -> Optional[SpaceRefiner]:
    """The refiner of lifted poses.

    Args:
        spec: ``hanet`` for the weights that come with this package, the path of a checkpoint, or ``none`` (so is None).
        joint_names: of the lifted poses.
        rate: of the lifter, poses per second.

    Raises:
        InputError: for another word, weights that are missing or damaged, or a network of other coordinates or joints.
    """
    path = refiner_weights(spec)
    if path is None:
        return None
    from pipeline.networks.refiners.sequence_refiner import load_refiner

    model = load_refiner(path, device)
    if model.dims != 3:
        raise InputError(f'{path}: refines {model.dims} coordinates of a joint; lifted poses have 3')
    if sorted(model.keypoint_names) != sorted(joint_names):
        theirs = ', '.join(model.keypoint_names) or '(unnamed)'
        raise InputError(f"{path}: refines the joints {theirs}; lifted poses have COCO's 17")
    return SpaceRefiner(model, joint_names, rate, path, device)


def refiner_weights(spec: Union[None, str, Path]) -> Optional[Path]:
    """The file that :func:`load_space_refiner` would read; None for none.

    Raises:
        InputError: for another word, or a file that is not there.
    """
    if spec is None or str(spec) == 'none':
        return None
    path = shipped(REFINER_NAME) if str(spec) == 'hanet' else Path(spec)
    if path.suffix != '.pth':
        raise InputError(f'--refiner-3d {str(spec)!r}: must be hanet, none or a checkpoint (.pth)')
    if not path.is_file():
        raise InputError(f'--refiner-3d {spec}: no such weights' + ('' if str(spec) != 'hanet' else f' ({path})'))
    return path
