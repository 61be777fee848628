"""Training batches of windows of (estimate, truth) pairs, whole batches at a time."""

from typing import Optional, Sequence, Tuple

import numpy as np
import torch
from mmpose.registry import DATASETS

from pipeline.errors import InputError
from pipeline.training.augmentation.augment import mirror, other_proportions, random_linear
from pipeline.training.batches.drawn_batches import DrawnBatches
from pipeline.training.motion import split_holdout
from pipeline.training.sources import load_source


@DATASETS.register_module()
class PairWindowBatches(DrawnBatches):
    """Item i is a complete batch of windows at random places of random sequences.

    Every window of which anything is annotated is as likely as any other. Use it with ``batch_size=1`` and the collate
    function ``first_item``.

    Args:
        source: ``type`` and arguments of one of :data:`pipeline.training.sources.SOURCES`.
        window: ``T``.
        batch_size: ``B``.
        num_batches: batches of an epoch.
        holdout: every n-th group is kept for validation; 0 keeps none.
        flip: mirror joint indices; half of the windows are mirrored then.
        reverse: play half of the windows backwards; single-frame estimators know no
            direction of time.
        tilt: standard deviation in degrees of a rotation of both estimate and truth; 2D only.
        aspect: the same of the logarithm of a change of aspect, as other bodies and cameras have it; 2D only.
        error_spread: the same of the logarithm of a factor on the estimate's error.
        proportions: the same of the logarithms of factors on the lengths of bones, which hide whose body it is;
            the estimate keeps its error. Needs ``flip``.
        parents: for that, every joint's parent; a root is its own.
        seed: of everything random.

    Raises:
        InputError: if no annotated sequence is as long as the window, or proportions come without
            flip and parents of every joint.
    """

    def __init__(
        self,
        source: dict,
        window: int,
        batch_size: int = 64,
        num_batches: int = 200,
        holdout: int = 0,
        flip: Optional[Sequence[int]] = None,
        reverse: bool = False,
        tilt: float = 0.0,
        aspect: float = 0.0,
        error_spread: float = 0.0,
        proportions: float = 0.0,
        parents: Optional[Sequence[int]] = None,
        seed: int = 0,
    ):
        sequences, _ = split_holdout(load_source(source), holdout)
        sequences = [s for s in sequences if len(s) >= window and s.estimate is not None]
        if not sequences:
            raise InputError(f'{source}: no sequence with estimates has {window} frames or more')
        super().__init__(num_batches, seed)
        self.window, self.batch_size = window, batch_size
        self.flip, self.reverse = flip, reverse
        self.tilt, self.aspect, self.error_spread = tilt, aspect, error_spread
        self.proportions, self.parents = proportions, parents
        joints = sequences[0].truth.shape[1]
        if proportions and (flip is None or parents is None or len(parents) != joints):
            raise InputError(f'proportions {proportions}: flip and the parents of all {joints} joints are needed')
        lengths = np.array([len(s) for s in sequences])
        first = np.cumsum(lengths) - lengths
        self.estimate = np.concatenate([s.estimate for s in sequences])
        self.truth = np.concatenate([s.truth for s in sequences])
        self.weight = np.concatenate([s.weight for s in sequences])
        sizes = [s.image_size for s in sequences]
        self.image_size = None  # of every window, where every sequence knows its own
        self.scores = np.concatenate([np.ones_like(s.weight) if s.scores is None else s.scores for s in sequences])
        fps = np.repeat([s.fps for s in sequences], lengths - window + 1).astype(np.float32)
        starts = np.concatenate([np.arange(a, a + n - window + 1) for a, n in zip(first, lengths)])
        annotated = np.append(0, np.cumsum(self.weight.sum(axis=1)))
        useful = annotated[starts + window] > annotated[starts]
        self.starts, self.fps = starts[useful], fps[useful]
        if all(size is not None for size in sizes):
            self.image_size = np.repeat(np.float32(sizes), lengths - window + 1, axis=0)[useful]
        if not useful.any():
            raise InputError(f'{source}: no window of {window} frames has an annotated joint')

    def draw(self, rng: np.random.Generator) -> dict:
        """``inputs`` (keypoints ``(B, T, K, D)``, scores ``(B, T, K)``, fps, where known image_size ``(B, 2)``),
        ``data_samples`` (target, its weight)."""
        chosen = rng.integers(0, len(self.starts), self.batch_size)
        frames = self.starts[chosen][:, None] + np.arange(self.window)
        if self.reverse:
            backwards = rng.random(self.batch_size) < 0.5
            frames[backwards] = frames[backwards, ::-1]
        arrays = tuple(array[frames] for array in (self.estimate, self.truth, self.weight, self.scores))
        if self.flip is not None:
            mirrored = rng.random(self.batch_size) < 0.5
            arrays = mirror(arrays, mirrored, list(self.flip))
            if self.image_size is not None:  # back into the picture
                shift = np.where(mirrored, self.image_size[chosen, 0] - 1, 0).astype(np.float32)
                for poses in arrays[:2]:
                    poses[..., 0] += shift[:, None, None]
        estimate, truth, weight, scores = arrays
        if self.tilt or self.aspect or self.error_spread or self.proportions:
            estimate, truth = self._varied(estimate, truth, weight, rng)
        estimate, truth, weight, scores = map(torch.from_numpy, (estimate, truth, weight, scores))
        inputs = dict(keypoints=estimate, scores=scores, fps=torch.from_numpy(self.fps[chosen]))
        if self.image_size is not None:
            inputs['image_size'] = torch.from_numpy(self.image_size[chosen])
        return dict(inputs=inputs, data_samples=dict(target=truth, target_weight=weight))

    def _varied(
        self, estimate: np.ndarray, truth: np.ndarray, weight: np.ndarray, rng
    ) -> Tuple[np.ndarray, np.ndarray]:
        """Other bodies, cameras and estimators than the recorded ones."""
        if self.proportions:
            body = np.where(weight[..., None] > 0, truth, estimate)
            shift = other_proportions(body, self.parents, self.flip, self.proportions, rng)
            estimate, truth = estimate + shift, truth + shift
        factor = np.exp(rng.normal(0, self.error_spread, (len(truth), 1, 1, 1))).astype(np.float32)
        # where the truth is not known there is no error to scale
        estimate = np.where(weight[..., None] > 0, truth + factor * (estimate - truth), estimate)
        if self.tilt or self.aspect:
            linear = random_linear(len(truth), rng, self.tilt, any_angle=0.0, aspect=self.aspect)
            estimate, truth = (np.einsum('btkd,bed->btke', pose, linear) for pose in (estimate, truth))
        return estimate, truth
