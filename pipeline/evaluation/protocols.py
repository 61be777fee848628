"""Tables over sequences, by the published protocol and by a corrected one.

============================  ===========================================  ==============================
step                          'published'                                  'corrected'
============================  ===========================================  ==============================
PCK                           mean over sequences and joints, so that a    mean over annotated joints of
                              short sequence weighs as much as a long one  all frames
body size                     of the box, its corners cut to integers      of the box
joint columns                 names printed over the wrong joints          each joint under its name
MPJPE, PA-MPJPE, MPJVE,       all frames of all sequences; NaN dropped     annotated joints; one that is not
Accel, jerk                                                                predicted (NaN) is filled in
alignment of PA-MPJPE         by all joints                                by annotated joints
============================  ===========================================  ==============================

Annotated is what has a weight above 0 and a truth that is a number. Filled in means by
:func:`pipeline.evaluation.keypoint_metrics.fill_missing`: to leave a missed joint out would favour whoever misses many.

Windows are stitched by plain means over what they cover ('published', up to step - 1
frames at a sequence's end are left out) or, over all frames, with the weights of the video chain.
"""

from dataclasses import dataclass, replace
from typing import Dict, Optional, Sequence, Tuple

import numpy as np

from pipeline.errors import InputError
from pipeline.evaluation.keypoint_metrics import (
    acceleration_errors,
    box_size,
    fill_missing,
    jerk,
    joint_errors,
    pck_hits,
    procrustes_errors,
    velocity_errors,
)

PROTOCOLS = ('published', 'corrected')
METRICS = ('pck', 'mpjpe', 'pa-mpjpe', 'mpjve', 'accel', 'jerk')


@dataclass
class Evaluated:
    """One stitched sequence.

    Attributes:
        prediction, truth: ``(S, K, D)``; px for D = 2, the data set's length unit for D = 3.
        boxes: ``(S, 4)`` px, for PCK.
        weight: ``(S, K)``, 0 where the truth is not known; 1 everywhere by default.
        fps: frames per second, for accelerations per second².
    """

    prediction: np.ndarray
    truth: np.ndarray
    boxes: Optional[np.ndarray] = None
    weight: Optional[np.ndarray] = None
    fps: Optional[float] = None

    def known(self) -> np.ndarray:
        """``(S, K)`` bool, whether a joint is annotated."""
        numbers = np.isfinite(self.truth).all(-1)
        return numbers if self.weight is None else numbers & (self.weight > 0)


def check_metrics(metrics: Sequence[str]) -> Tuple[str, ...]:
    """The same names; ``jitter`` is what jerk was called before.

    Raises:
        InputError: if one is not of :data:`METRICS`.
    """
    metrics = tuple('jerk' if name == 'jitter' else name for name in metrics)
    unknown = [name for name in metrics if name not in METRICS]
    if unknown:
        raise InputError(f'report {unknown[0]!r}: allowed are {", ".join(METRICS)}')
    return metrics


def pck_table(sequences: Sequence[Evaluated], threshold: float, protocol: str) -> np.ndarray:
    """PCK of each joint, ``(K,)`` in 0..1; see the table above."""
    if protocol == 'published':
        return np.mean([_published_hits(s, threshold).mean(0) for s in sequences], axis=0)
    hits = np.concatenate([pck_hits(s.prediction, s.truth, box_size(s.boxes), threshold) for s in sequences])
    known = np.concatenate([s.known() for s in sequences])
    return (hits & known).sum(0) / np.maximum(known.sum(0), 1)


def _published_hits(sequence: Evaluated, threshold: float) -> np.ndarray:
    return pck_hits(sequence.prediction, sequence.truth, box_size(sequence.boxes.astype(np.int32)), threshold)


def evaluate(
    sequences: Sequence[Evaluated],
    metrics: Sequence[str],
    protocol: str,
    unit: float = 1.0,
    thresholds: Sequence[float] = (0.05, 0.1, 0.2),
) -> Dict[str, float]:
    """Means over a data set.

    Args:
        sequences: stitched predictions and truths.
        metrics: of :data:`METRICS`.
        protocol: 'published' or 'corrected'.
        unit: factor on distances (1000 from metres to mm).
        thresholds: of PCK.

    Returns:
        by name: ``pck@0.05`` in 0..1, ``mpjpe``, ``pa-mpjpe``, ``mpjve`` (per frame), ``accel`` (per
        frame²), ``accel_s2`` (per second², where the frame rate is known), ``jerk`` (of the prediction, per
        frame³); NaN where no sequence is long enough or nothing is annotated.

    Raises:
        InputError: if PCK is asked for and there are no boxes.
    """
    corrected = protocol == 'corrected'
    if corrected:
        sequences = [replace(s, prediction=fill_missing(s.prediction)) for s in sequences]
    known = [s.known() for s in sequences]
    table = {}
    if 'pck' in metrics:
        if any(s.boxes is None for s in sequences):
            raise InputError(
                "report 'pck': needs boxes (NAME/bbox in a pair file); without them report=['mpjpe', 'accel'], say"
            )
        for threshold in thresholds:
            joints = pck_table(sequences, threshold, protocol)
            annotated = np.concatenate(known).any(0) if corrected else slice(None)
            table[f'pck@{threshold}'] = float(joints[annotated].mean())
    if 'mpjpe' in metrics:
        table['mpjpe'] = unit * _mean([joint_errors(s.prediction, s.truth) for s in sequences], known, protocol)
    if 'pa-mpjpe' in metrics:
        errors = [procrustes_errors(s.prediction, s.truth, k if corrected else None) for s, k in zip(sequences, known)]
        # frames with too few annotated joints cannot be aligned
        aligned = [k & (k.sum(1, keepdims=True) > s.truth.shape[-1]) for s, k in zip(sequences, known)]
        table['pa-mpjpe'] = unit * _mean(errors, aligned, protocol)
    if 'mpjve' in metrics:
        errors = [velocity_errors(s.prediction, s.truth) for s in sequences]
        table['mpjve'] = unit * _mean(errors, [_in_a_row(k, 2) for k in known], protocol)
    if 'accel' in metrics:
        errors = [acceleration_errors(s.prediction, s.truth) for s in sequences]
        inner = [_in_a_row(k, 3) for k in known]
        table['accel'] = unit * _mean(errors, inner, protocol)
        if all(s.fps for s in sequences):
            table['accel_s2'] = unit * _mean([e * s.fps**2 for e, s in zip(errors, sequences)], inner, protocol)
    if 'jerk' in metrics:
        jerks = [jerk(s.prediction) for s in sequences]
        rows = [_in_a_row(k, 4) if corrected else np.ones(len(j), bool) for j, k in zip(jerks, known)]
        table['jerk'] = unit * _mean_of([j[row].ravel() for j, row in zip(jerks, rows)])
    return table


def _in_a_row(known: np.ndarray, frames: int) -> np.ndarray:
    """``(S, K) -> (S - frames + 1, K)``, none for a shorter sequence: whether as many frames from here on are known."""
    count = max(len(known) - frames + 1, 0)
    return np.all([known[i : i + count] for i in range(frames)], axis=0)


def _mean(errors: Sequence[np.ndarray], known: Sequence[np.ndarray], protocol: str) -> float:
    """Mean of ``(S, K)`` tables: of frames' means without NaN frames (published), or of known joints."""
    if protocol == 'published':
        frames = _joined([e.mean(1) for e in errors])
        return _mean_of([frames[~np.isnan(frames)]])
    return _mean_of([e[k] for e, k in zip(errors, known)])


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if len(parts) else np.zeros(0)


def _mean_of(parts: Sequence[np.ndarray]) -> float:
    """NaN, without a warning, where there is nothing: sequences too short for this number, or nothing annotated."""
    values = _joined(parts)
    return float(values.mean()) if values.size else float('nan')
