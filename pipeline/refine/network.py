"""A trained network (HANet, SmoothNet, DeciWatch) as a smoother."""
from pathlib import Path
from typing import Optional, Sequence

import numpy as np
import torch

from pipeline.errors import InputError
from pipeline.models.checkpoint import load_refiner
from pipeline.refine.windows import WindowSmoother, hann_blend


def network_smoother(checkpoint: Path, keypoint_names: Sequence[str], device: str = 'cpu',
                     overlap: int = 2, threads: Optional[int] = 1) -> WindowSmoother:
    """Load a refiner and let it run over overlapping windows.

    Args:
        checkpoint: file written by :func:`pipeline.models.checkpoint.save_refiner`.
        keypoint_names: joints of the poses it will be given, in order.
        overlap: windows that answer for each frame; more is smoother and slower.
        threads: torch threads for one window; such small matrices gain nothing
            from more, and more would wait for cores that other links use.

    Raises:
        InputError: if the file is no refiner, or was trained on other joints.
    """
    model = load_refiner(checkpoint, device=device)
    if tuple(model.keypoint_names) != tuple(keypoint_names):
        raise InputError(f'{checkpoint}: refines the joints {", ".join(model.keypoint_names)}; '
                         f'the estimator gives {", ".join(keypoint_names)}')

    def refine(keypoints: np.ndarray, scores: np.ndarray, times: np.ndarray) -> np.ndarray:
        fps = (times.shape[1] - 1) / (times[:, -1] - times[:, 0])
        before = torch.get_num_threads()
        torch.set_num_threads(threads or before)
        try:
            refined = model.refine(*(torch.as_tensor(array, dtype=torch.float32, device=device)
                                     for array in (keypoints, scores, fps)))
        finally:
            torch.set_num_threads(before)
        return refined.cpu().numpy()

    window = model.window
    return WindowSmoother(refine, window, max(window // overlap, 1), hann_blend(window))
