"""BlazePose in MMPose's registry: each person by itself, with as many looks as it needs."""

from typing import Iterator, Optional, Sequence, Tuple

import numpy as np
from mmpose.registry import MODELS

from pipeline.networks.estimators.blazepose.crop import Crop
from pipeline.networks.estimators.blazepose.landmarks import SWAP, to_points
from pipeline.networks.estimators.blazepose.look import Look, Pose, View, interpret
from pipeline.networks.estimators.blazepose.person import PersonEstimator

# doubts that outweigh all others
_NO_GOOD = 4


@MODELS.register_module()
class BlazePoseEstimator(PersonEstimator):
    """COCO's 17 keypoints of a person, or all 33 landmarks, from a rough seed pose or a box.

    The first look is at the square that the seed pose (or the box) gives. It is
    doubted if the model sees no person, or not the seed's; if shoulders or hips have
    turned about (unsure between front and back, the model gives the mirror image, or
    the mean of both: a body as thin as a line); and if the square is not the one that
    the pose found would have. Then the person is looked at again in that one, and in
    some more. The least doubtful look counts. If not even that shows the person, the
    seed pose stands, with its scores halved: a seed that nothing confirms for
    several frames fades away.

    As many people are posed side by side as the network has ``copies``.

    Args:
        backbone: config of the network.
        data_preprocessor: as in :class:`PersonEstimator`.
        radius_factor: as in :class:`BlazePoseCrop`, for further looks.
        flag_thr: least pose flag to believe in (0..1).
        max_deviation, max_twist: largest ones to believe in (:func:`deviation`).
        retries: squares to look at when in doubt, as degrees to turn the first one and
            factors on its radius. Each costs as much as the first look.
        lost_retries: the same for when no look has shown the person so far.
        unconfirmed: what the scores of a pose that no look confirmed are multiplied with.
        all_points: as in :class:`PersonEstimator`.
        test_cfg: ``flip_test=True`` averages over each square and its mirror image.
    """

    def __init__(
        self,
        backbone: dict,
        data_preprocessor: Optional[dict] = None,
        radius_factor: float = 1.25,
        flag_thr: float = 0.5,
        max_deviation: float = 0.35,
        max_twist: float = 0.15,
        retries: Sequence[Tuple[float, float]] = ((-12, 0.9), (12, 0.9)),
        lost_retries: Sequence[Tuple[float, float]] = ((-45, 1), (45, 1)),
        unconfirmed: float = 0.5,
        all_points: bool = False,
        train_cfg: Optional[dict] = None,
        test_cfg: Optional[dict] = None,
        metainfo: Optional[dict] = None,
        init_cfg: Optional[dict] = None,
    ):
        super().__init__(backbone, data_preprocessor, unconfirmed, all_points, train_cfg, test_cfg, metainfo, init_cfg)
        self.radius_factor, self.flag_thr, self.max_deviation = radius_factor, flag_thr, max_deviation
        self.max_twist = max_twist
        self.retries, self.lost_retries = tuple(retries), tuple(lost_retries)

    def settle(self, view: View, picture: np.ndarray) -> Pose:
        """Look as long as there are doubts; take the least doubtful look, or the seed."""
        best = self._look(view, view.crop, picture)
        for crop, worthwhile in self._further_crops(view, best):
            if self._doubts(best) < worthwhile:
                break
            look = self._look(view, crop, crop.cut(view.frame, len(picture)))
            if (self._doubts(look), look.deviation) < (self._doubts(best), best.deviation):
                best = look
        if self._doubts(best) < _NO_GOOD:
            return Pose(best.keypoints, best.scores)
        return self.unseen(view, best.keypoints, best.scores)

    def _further_crops(self, view: View, first: Look) -> Iterator[Tuple[Crop, int]]:
        """Squares to look at, and from how many doubts on."""
        yield first.own_crop, 1
        for retries, worthwhile in ((self.retries, 1), (self.lost_retries, _NO_GOOD)):
            for angle, zoom in retries:
                yield view.crop.changed(np.deg2rad(angle), zoom), worthwhile

    def _doubts(self, look: Look) -> int:
        """0 for none; from ``_NO_GOOD`` up the look is not to be believed."""
        seen = look.flag >= self.flag_thr and look.deviation <= self.max_deviation
        return _NO_GOOD * (not seen) + 2 * (look.twist > self.max_twist) + (not look.crop.fits(look.own_crop))

    def _look(self, view: View, crop: Crop, picture: np.ndarray) -> Look:
        size = len(picture)
        points, scores, flag = to_points(self.seen_in(picture), size)
        if self.test_cfg.get('flip_test', False):
            swap = list(SWAP)
            mirrored, mirrored_scores, mirrored_flag = to_points(self.seen_in(picture[:, ::-1]), size)
            mirrored[:, 0] = size - 1 - mirrored[:, 0]
            points, scores = (points + mirrored[swap]) / 2, (scores + mirrored_scores[swap]) / 2
            flag = (flag + mirrored_flag) / 2
        return interpret(points, scores, flag, size, crop, view, self.radius_factor, self.max_twist)
