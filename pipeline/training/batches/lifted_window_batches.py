"""Training batches for refiners in 3D: motion capture, seen by virtual cameras, lifted by lifters that do not know it.

Cross-fitting: what a lifter answers for motion that it was trained on is better than what it answers in use, and a
refiner would learn from errors that are too small. So each of n lifters has seen one part of the motion, and lifts
another.
"""

from pathlib import Path
from typing import Optional, Sequence, Tuple, Union

import numpy as np
import torch
from mmpose.registry import DATASETS

from pipeline.errors import InputError
from pipeline.lift.lifting import load_lifter
from pipeline.lift.refining import least_scores
from pipeline.training.batches.drawn_batches import DrawnBatches
from pipeline.training.batches.virtual_lifting_batches import VirtualLiftingBatches
from pipeline.training.joint_sets import JOINT_SETS


@DATASETS.register_module()
class LiftedWindowBatches(DrawnBatches):
    """Item i is a complete batch of windows of lifted poses. Collate with ``first_item``, ``batch_size=1``.

    One lifter lifts a batch. In half of the batches it is given the window alone, as if the track began and ended with
    it; in the others more frames before and behind, which are cut off after lifting.

    Args:
        lifters: checkpoints of n temporal lifters; the k-th was trained with ``part=(k, n)`` and is given
            ``part=((k + 1) % n, n)``.
        motion: arguments of :class:`VirtualLiftingBatches`, without those that follow here.
        window: ``T``, frames at the lifters' rate.
        margin: frames before and behind the window that the lifter is shown in half of the batches.
        short_share: part of the windows that end early, padded as the chain pads tracks shorter than a window.
        batch_size: ``B``.
        num_batches: batches of an epoch.
        cache: folder for the prepared arrays.
        seed: of everything random.

    Raises:
        InputError: if a file is missing or no lifter, there are fewer than two, or they differ in rate or are not for
            COCO's joints.
    """

    def __init__(
        self,
        lifters: Sequence[Union[str, Path]],
        motion: dict,
        window: int = 51,
        margin: int = 13,
        short_share: float = 0.1,
        batch_size: int = 32,
        num_batches: int = 100,
        cache: Optional[str] = None,
        seed: int = 0,
    ):
        super().__init__(num_batches, seed)
        count = len(lifters)
        if count < 2:
            raise InputError(f'lifters: {count} given; two or more are needed, so that each lifts what it has not seen')
        self.lifters = [load_lifter(path) for path in lifters]
        joints = JOINT_SETS['coco17'].names
        for path, lifter in zip(lifters, self.lifters):
            if not lifter.keypoint_names == lifter.joint_names == tuple(joints):
                raise InputError(f"{path}: lifts other joints than COCO's 17")
            if lifter.rate != self.lifters[0].rate:
                raise InputError(f'{path}: for {lifter.rate:g} frames a second; others have {self.lifters[0].rate:g}')
        self.window, self.margin, self.short_share, self.rate = window, margin, short_share, self.lifters[0].rate
        drawn = dict(window=window + 2 * margin, batch_size=batch_size, rate=self.rate, cache=cache, seed=seed)
        self.unseen = [VirtualLiftingBatches(**motion, **drawn, part=((k + 1) % count, count)) for k in range(count)]

    def __getitem__(self, index: int) -> dict:
        """As :meth:`draw` says, and in ``data_samples`` what ``RefinementMetric`` asks for: every window is a sequence
        of its own."""
        item = super().__getitem__(index)
        windows = len(item['inputs']['fps'])
        item['data_samples'].update(
            sequence=index * windows + torch.arange(windows),
            start=torch.zeros(windows, dtype=torch.int64),
            length=torch.full((windows,), self.window),
            fps=item['inputs']['fps'],
        )
        return item

    @torch.no_grad()
    def draw(self, rng: np.random.Generator) -> dict:
        """``inputs``: keypoints ``(B, T, 17, 3)`` m relative to the hips' middle, scores ``(B, T, 17)`` of the 2D and
        fps ``(B,)``; ``data_samples``: target ``(B, T, 17, 3)`` m likewise, and target_weight ``(B, T, 17)``."""
        turn, alone = rng.integers(len(self.lifters)), rng.random() < 0.5
        drawn, middle = self.unseen[turn].draw(rng), slice(self.margin, self.margin + self.window)
        rays, scores = drawn['inputs']['rays'], drawn['inputs']['scores']
        if alone:
            rays, scores = rays[:, middle], scores[:, middle]
        inside = slice(0, self.window) if alone else middle
        rays, scores, there = self._end_early(rays, scores, inside.start, rng)
        lifted = self.lifters[turn].lift_both_ways(rays, scores)[:, inside]
        samples = {name: array[:, middle].contiguous() for name, array in drawn['data_samples'].items()}
        samples['target_weight'] = samples['target_weight'] * there[:, inside, None]
        return dict(
            inputs=dict(
                keypoints=lifted.contiguous(),
                scores=torch.from_numpy(least_scores(scores[:, inside].numpy())),
                fps=torch.full((len(lifted),), float(self.rate)),
            ),
            data_samples=samples,
        )

    def _end_early(
        self, rays: torch.Tensor, scores: torch.Tensor, first: int, rng: np.random.Generator
    ) -> Tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Pad some windows, which begin with frame ``first``, from a frame on as :mod:`pipeline.refine.windows` does.

        Returns:
            Rays ``(B, T, 17, 2)``, scores ``(B, T, 17)``, and which frames are no padding, ``(B, T)`` bool.
        """
        windows, frames = rays.shape[:2]
        short = rng.random(windows) < self.short_share
        last = np.where(short, first + rng.integers(3, self.window, windows), frames) - 1
        there = torch.from_numpy(np.arange(frames) <= last[:, None])
        held = np.minimum(np.arange(frames), last[:, None])
        return rays[np.arange(windows)[:, None], held], scores * there[..., None], there
