"""Refine BlazePose's landmarks by its heat maps.

The graph's fourth output, ``(1, 64, 64, 39)``, is a heat map per landmark before its
sigmoid. The 195 regressed numbers know how a body hangs together, the heat maps where
in the picture a joint can be seen; MediaPipe's landmark refinement combines the two.
"""

import numpy as np

# side of the patch around a landmark's cell, in cells, and the least value of its best cell
_KERNEL, _LEAST = 7, 0.5


def refined(landmarks: np.ndarray, heatmaps: np.ndarray, size: int) -> np.ndarray:
    """Landmarks as the weighted mean of the heat map around them.

    Args:
        landmarks: ``(39, 2)``, x and y in px of the input, as the graph gives them.
        heatmaps: ``(H, W, 39)``, before the sigmoid.
        size: side of the input, px.

    Returns:
        ``(39, 2)``. A landmark stays where it was if it lies outside the map, or if no
        cell of its patch reaches one half. Cell ``i`` stands for ``i / W`` of the input:
        with half a cell added the landmarks are less right.
    """
    height, width, count = heatmaps.shape
    scale = np.array([width, height]) / size
    cells = (landmarks * scale).astype(int)
    inside = ((landmarks >= 0) & (cells < [width, height])).all(axis=1)
    offsets = np.arange(_KERNEL) - _KERNEL // 2
    columns = cells[:, :1] + offsets  # (39, 7)
    rows = cells[:, 1:] + offsets
    there = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]  # (39, 7, 7)
    patch = heatmaps[
        rows.clip(0, height - 1)[:, :, None], columns.clip(0, width - 1)[:, None, :], np.arange(count)[:, None, None]
    ].astype(np.float64)
    weights = np.where(there, 1 / (1 + np.exp(-patch)), 0)
    total = weights.sum(axis=(1, 2))
    sure = inside & (weights.max(axis=(1, 2)) >= _LEAST)
    means = np.stack([(weights.sum(axis=1) * columns).sum(axis=1), (weights.sum(axis=2) * rows).sum(axis=1)], axis=1)
    means = np.divide(means, total[:, None], out=np.zeros_like(means), where=total[:, None] > 0)
    return np.where(sure[:, None], means / scale, landmarks)
