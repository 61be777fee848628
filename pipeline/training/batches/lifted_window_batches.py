"""Training batches for refiners in 3D: motion capture, seen by virtual cameras, lifted by lifters that do not know it.

Cross-fitting: what a lifter answers for motion that it was trained on is better than what it answers in use, and a
refiner would learn from errors that are too small. So each of n lifters has seen one part of the motion, and lifts
another.
"""

from pathlib import Path
from typing import Optional, Sequence, Union

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
        short_share: part of the windows that end early: the lifter is shown no more, and their last pose is repeated
            with score 0, as :mod:`pipeline.refine.windows` does with tracks shorter than a window.
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
        lift = self.lifters[turn].lift_both_ways
        lifted = lift(rays, scores)[:, inside]
        told = torch.from_numpy(least_scores(scores[:, inside].numpy()))
        samples = {name: array[:, middle].contiguous() for name, array in drawn['data_samples'].items()}
        for b in np.flatnonzero(rng.random(len(rays)) < self.short_share):
            length = int(rng.integers(2, self.window))
            end = inside.start + length
            lifted[b, :length] = lift(rays[b : b + 1, :end], scores[b : b + 1, :end])[0, inside.start :]
            lifted[b, length:] = lifted[b, length - 1]
            told[b, length:] = samples['target_weight'][b, length:] = 0
        fps = torch.full((len(rays),), float(self.rate))
        return dict(inputs=dict(keypoints=lifted.contiguous(), scores=told, fps=fps), data_samples=samples)
