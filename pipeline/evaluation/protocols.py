"""Tables over sequences, by the published protocol and by a corrected one.

============================  ===========================================  ==============================
step                          'published'                                  'corrected'
============================  ===========================================  ==============================
PCK                           mean over sequences and joints, so that a    mean over annotated joints of
                              short sequence weighs as much as a long one  all frames
body size                     of the box, its corners cut to integers      of the box
joint columns                 names printed over the wrong joints          each joint under its name
MPJPE, PA-MPJPE, Accel        all frames of all sequences; NaN dropped     the same, annotated joints
============================  ===========================================  ==============================

Windows are stitched by plain means over what they cover ('published', up to step - 1
frames at a sequence's end are left out) or, over all frames, with the weights of the video chain.
"""

from dataclasses import dataclass
from typing import Dict, Optional, Sequence

import numpy as np

from pipeline.evaluation.keypoint_metrics import (
    acceleration_errors,
    box_size,
    jitter,
    joint_errors,
    pck_hits,
    procrustes_errors,
)

PROTOCOLS = ('published', 'corrected')
# What the published code prints over which of Sub-JHMDB's 15 joints, and what these joints are.
PUBLISHED_COLUMNS = {
    'Head': (0,),
    'Shoulder': (1, 2),
    'Elbow': (3, 4),
    'Wrist': (5, 6),
    'Hip': (7, 8),
    'Knee': (9, 10),
    'Ankle': (11, 12),
}
JHMDB_COLUMNS = {
    'Neck': (0,),
    'Belly': (1,),
    'Face': (2,),
    'Shoulder': (3, 4),
    'Hip': (5, 6),
    'Elbow': (7, 8),
    'Knee': (9, 10),
    'Wrist': (11, 12),
    'Ankle': (13, 14),
}


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
        """``(S, K)`` bool."""
        return np.ones(self.truth.shape[:2], bool) if self.weight is None else self.weight > 0


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
        metrics: of 'pck', 'mpjpe', 'pa-mpjpe', 'accel', 'jitter'.
        protocol: 'published' or 'corrected'.
        unit: factor on distances (1000 from metres to mm).
        thresholds: of PCK.

    Returns:
        by name: ``pck@0.05`` in 0..1, ``mpjpe``, ``pa-mpjpe``, ``accel`` (per frame²),
        ``accel_s2`` (per second², where the frame rate is known), ``jitter`` (per frame³).
    """
    known = [s.known() for s in sequences]
    table = {}
    if 'pck' in metrics:
        for threshold in thresholds:
            joints = pck_table(sequences, threshold, protocol)
            annotated = np.concatenate(known).any(0) if protocol == 'corrected' else slice(None)
            table[f'pck@{threshold}'] = float(joints[annotated].mean())
    if 'mpjpe' in metrics:
        table['mpjpe'] = unit * _mean([joint_errors(s.prediction, s.truth) for s in sequences], known, protocol)
    if 'pa-mpjpe' in metrics:
        table['pa-mpjpe'] = unit * _mean([procrustes_errors(s.prediction, s.truth) for s in sequences], known, protocol)
    if 'accel' in metrics:
        errors = [acceleration_errors(s.prediction, s.truth) for s in sequences]
        inner = [k[:-2] & k[1:-1] & k[2:] for k in known]
        table['accel'] = unit * _mean(errors, inner, protocol)
        if all(s.fps for s in sequences):
            table['accel_s2'] = unit * _mean([e * s.fps**2 for e, s in zip(errors, sequences)], inner, protocol)
    if 'jitter' in metrics:
        table['jitter'] = unit * float(np.concatenate([jitter(s.prediction).ravel() for s in sequences]).mean())
    return table


def _mean(errors: Sequence[np.ndarray], known: Sequence[np.ndarray], protocol: str) -> float:
    """Mean of ``(S, K)`` tables: of frames' means without NaN frames (published), or of known joints."""
    if protocol == 'published':
        frames = np.concatenate([e.mean(1) for e in errors])
        return float(frames[~np.isnan(frames)].mean())
    values = np.concatenate([e[k] for e, k in zip(errors, known)])
    return float(np.nanmean(values))
