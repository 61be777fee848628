"""Test sequences of any source, each in overlapping windows."""

import numpy as np
import torch
from mmpose.registry import DATASETS

from pipeline.errors import InputError
from pipeline.evaluation.stitching import cut, window_starts
from pipeline.training.sources import load_source


@DATASETS.register_module()
class PairSequences(torch.utils.data.Dataset):
    """Item i is a whole sequence, its windows along the first axis; for ``RefinementMetric``.

    Sequences shorter than the window are padded with their last frame, which is not evaluated
    with protocol 'corrected'. Use it with ``batch_size=1`` and the collate function ``first_item``.

    Args:
        source: as for :class:`PairWindowBatches`.
        window: ``T``.
        step: frames between windows. With a refiner that looks at every N-th frame only, a step
            that shares no divisor with N lets every frame be looked at by some window.
        cover: let a last window end with the sequence, so that no frame is left out.

    Raises:
        InputError: if no sequence has an estimate.
    """

    def __init__(self, source: dict, window: int, step: int, cover: bool = True):
        self.sequences = [s for s in load_source(source) if s.estimate is not None]
        if not self.sequences:
            raise InputError(f'{source}: no sequence with estimates')
        self.window, self.step, self.cover = window, step, cover

    def __len__(self) -> int:
        return len(self.sequences)

    def __getitem__(self, index: int) -> dict:
        """``inputs`` (keypoints ``(W, T, K, D)``, fps, where known scores ``(W, T, K)`` and image_size ``(W, 2)``)
        and ``data_samples`` (target, target_weight, sequence, start, length, fps, where known bbox ``(W, T, 4)``),
        all along ``W`` windows."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        sequence = self.sequences[index]
        starts = window_starts(len(sequence), self.window, self.step, self.cover)

        def windows(frames: np.ndarray) -> torch.Tensor:
            return torch.from_numpy(cut(frames, starts, self.window).astype(np.float32))

        fps = torch.full((len(starts),), float(sequence.fps))
        inputs = dict(keypoints=windows(sequence.estimate), fps=fps)
        if sequence.scores is not None:
            inputs['scores'] = windows(sequence.scores)
        if sequence.image_size is not None:
            inputs['image_size'] = torch.from_numpy(sequence.image_size).expand(len(starts), 2)
        boxes = {} if sequence.bbox is None else dict(bbox=windows(sequence.bbox))
        return dict(
            inputs=inputs,
            data_samples=dict(
                **boxes,
                target=windows(sequence.truth),
                target_weight=windows(sequence.weight),
                fps=fps,
                sequence=torch.full((len(starts),), index),
                start=torch.from_numpy(starts),
                length=torch.full((len(starts),), len(sequence)),
            ),
        )
