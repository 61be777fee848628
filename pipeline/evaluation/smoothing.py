"""Run the smoothers that ship (:mod:`pipeline.refine`) over whole sequences, for tables.

There is no other engine here. Windows, blending, filters, bridging and the unit of every parameter are
those of the video chain; what a best case does beyond it (more overlap, mirrored windows) are parameters
of :func:`pipeline.refine.network.NetworkSmoother`, and rows are named after them.
"""

from dataclasses import replace
from typing import Dict, List, Mapping, Optional, Sequence, Union

import numpy as np

from pipeline.refine.build import build_refiner
from pipeline.refine.network import NetworkSmoother
from pipeline.refine.smoother import Smoother, smooth_track
from pipeline.refine.window_options import WindowOptions
from pipeline.refine.windows import TrackArrays, WindowSmoother
from pipeline.skeletons import Skeleton, load_skeleton

TUNING_FRAMES = 500  # of every sequence, 10 s at 50 fps; the grids hold fifty filters


def track_of(estimate: np.ndarray, fps: float, scores: Optional[np.ndarray] = None) -> TrackArrays:
    """A sequence as the stream sees it.

    Args:
        estimate: ``(S, K, D)``.
        fps: frames per second.
        scores: ``(S, K)`` in 0..1; all seen by default.

    Returns:
        ``(S, K, D)``, ``(S, K)`` float32, and ``(S,)`` seconds from 0.
    """
    scores = np.ones(estimate.shape[:2], np.float32) if scores is None else scores
    return estimate, scores, np.arange(len(estimate)) / fps


def first_frames(track: TrackArrays, count: int) -> TrackArrays:
    """The first ``count`` frames of a track."""
    return tuple(array[:count] for array in track)


def smooth(smoother: Smoother, tracks: Sequence[TrackArrays], batch_size: int = 64) -> List[np.ndarray]:
    """Smooth tracks as the stream does, see :meth:`WindowSmoother.smooth_tracks` for ``batch_size``.

    Returns:
        ``(S, K, D)`` of each track.
    """
    if isinstance(smoother, WindowSmoother):
        return smoother.smooth_tracks(tracks, batch_size)
    return [smooth_track(smoother, *track) for track in tracks]


def shipped_filter(options: Union[str, Mapping], skeleton: Optional[Skeleton] = None) -> Smoother:
    """The smoother that a preset with ``refiner = options`` runs; filters are the same for every skeleton."""
    return build_refiner(options, skeleton or load_skeleton('coco')).smoother


def network_rows(
    name: str,
    model,
    keypoint_names: Sequence[str],
    step: Optional[int],
    mirror: bool,
    threads: int = 1,
    device: str = 'cpu',
) -> Dict[str, WindowSmoother]:
    """A refiner as it ships, without its polish, and at its best, by the names of their rows.

    Args:
        name: of the refiner.
        model: a :class:`SequenceRefiner`. One that does not name its joints is taken to have those of the data.
        keypoint_names: joints of the data. Those that only the refiner knows count as not seen.
        step: frames between windows at its best; None leaves this row out.
        mirror: whether mirrored windows are averaged in at its best.
        threads: of torch.
        device: that the model is on.
    """
    if not model.keypoint_names and model.num_keypoints == len(keypoint_names):
        model.keypoint_names = tuple(keypoint_names)
    shipped = WindowOptions(threads=threads, partial=True)
    rows = {
        f'{name} (shipped: overlap {shipped.overlap})': shipped,
        f'{name} (no polish)': replace(shipped, polish=0.0),
    }
    if step is not None:
        label = f'{name} (best case: windows every {step}{", mirrored" if mirror else ""})'
        rows[label] = replace(shipped, step=step, mirror=mirror)
    return {label: NetworkSmoother(model, keypoint_names, options, device) for label, options in rows.items()}


def tuning_grids() -> Dict[str, List[dict]]:
    """Parameter sets of the shipped filters to choose from, by family, as :func:`shipped_filter` takes them."""
    return {
        'Gaussian': [dict(type='gaussian', sigma=s) for s in (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)],
        # orders 2k and 2k + 1 are the same filter away from a track's ends
        'Savitzky-Golay': [dict(type='savgol', window=w, order=o) for o in (1, 2) for w in (7, 11, 15, 21, 27, 35, 45)],
        'One-Euro': [
            dict(type='one-euro', min_cutoff=c, beta=b) for c in (0.5, 1.5, 4.0, 8.0) for b in (0.0, 5.0, 15.0, 40.0)
        ],
        'median + Gaussian': [
            dict(type='median', width=w, sigma=s) for w in (5, 7, 9, 15, 25) for s in (1.5, 2.0, 4.0)
        ],
        'Butterworth': [dict(type='butterworth', cutoff=c) for c in (2.0, 3.0, 4.0, 6.0, 8.0, 12.0)],
        'Hampel + Butterworth': [
            dict(type='hampel', width=w, cutoff=c) for w in (7, 13) for c in (2.0, 3.0, 4.0, 6.0, 8.0)
        ],
    }


def label(options: Mapping) -> str:
    """``sigma 3.0`` of ``dict(type='gaussian', sigma=3.0)``: the parameters in words."""
    return ', '.join(f'{key} {value}' for key, value in options.items() if key != 'type')


def tune(tracks: Sequence[TrackArrays], error) -> Dict[str, Smoother]:
    """The candidate of least error of every family of filters, by the name of its row.

    Args:
        tracks: estimates of sequences that are not tested on.
        error: of the list of refined ``(S, K, D)``, a number.
    """
    best = {}
    for family, candidates in tuning_grids().items():
        scored = [error(smooth(shipped_filter(options), tracks)) for options in candidates]
        chosen = candidates[int(np.argmin(scored))]
        best[f'{family} ({label(chosen)})'] = shipped_filter(chosen)
    return best
