"""All PoseTrack scores of a set of sequences, as dictionaries and as a table."""

from typing import Any, Dict, Iterable, List, Tuple

import numpy as np

from pipeline.posetrack.ap import average_precision
from pipeline.posetrack.assignment import match_sequence
from pipeline.posetrack.identity import IdentityScores, load_metrics
from pipeline.posetrack.mot import MotCounts, count_sequence
from pipeline.posetrack.sequence import COLUMNS, JOINTS, PoseSequence


def score_sequences(
    pairs: Iterable[Tuple[PoseSequence, PoseSequence]], tracking: bool = False, identity: bool = True
) -> Dict[str, Any]:
    """poseval's scores, and of tracks TrackEval's too.

    Args:
        pairs: truth and predictions, from :func:`folders.pair_folders`.
        tracking: also score the track ids.
        identity: with ``tracking``, also by HOTA and IDF1, which takes as long again.

    Returns:
        ``AP``, ``precision``, ``recall`` and, with ``tracking``, ``MOTA``,
        ``MOTP``, ``MOT_precision``, ``MOT_recall`` and, where TrackEval is installed,
        ``HOTA``, ``DetA``, ``AssA``, ``IDF1`` (see :mod:`pipeline.posetrack.identity`): each a dictionary of the
        table's columns in percent; ``joints``: the same per joint, and ``counts``
        per joint; ``frames``, ``people``. None stands for what is not defined
        because nothing was annotated.

    Raises:
        InputError: as :func:`match_sequence` and :func:`count_sequence`.
    """
    matches, counts, sequences = [], MotCounts.zeros(), 0
    metrics = load_metrics() if tracking and identity else None
    identities = IdentityScores(metrics) if metrics else None
    for truth, prediction in pairs:
        matched = match_sequence(truth, prediction)
        if tracking:
            where = prediction.path or prediction.name
            counts = counts + count_sequence(matched, where)
            if identities:
                identities.add(matched, where)
        matches += matched
        sequences += 1
    scores = average_precision(matches)
    per_joint = {'AP': scores.ap, 'precision': scores.precision, 'recall': scores.recall}
    numbers = {'annotated': scores.annotated, 'predicted': scores.predicted, 'found': scores.found}
    if tracking:
        per_joint.update(
            MOTA=counts.mota(), MOTP=counts.motp(), MOT_precision=counts.precision(), MOT_recall=counts.recall()
        )
        per_joint.update(identities.per_joint() if identities else {})
        numbers.update(
            objects=counts.objects,
            detections=counts.detections,
            misses=counts.misses,
            false_positives=counts.false_positives,
            switches=counts.switches,
            fragments=counts.fragments,
        )
    result: Dict[str, Any] = {name: _columns(values) for name, values in per_joint.items()}
    result['joints'] = {
        name: {joint: _plain(value) for joint, value in zip(JOINTS, values)}
        for name, values in {**per_joint, **numbers}.items()
    }
    result.update(
        sequences=sequences,
        frames=len(matches),
        people={'annotated': sum(len(m.truth) for m in matches), 'predicted': sum(len(m.prediction) for m in matches)},
    )
    return result


def format_table(rows: Dict[str, Dict[str, Any]]) -> str:
    """Rows of columns in percent as text.

    Args:
        rows: label to a dictionary as :func:`score_sequences` gives for ``AP``.
    """
    width = max(map(len, rows), default=0)
    lines = [' ' * width + ''.join(f'{name:>7}' for name in (*COLUMNS, 'Mean'))]
    for label, values in rows.items():
        cells = ('-' if values[name] is None else f'{values[name]:.1f}' for name in (*COLUMNS, 'Mean'))
        lines.append(f'{label:<{width}}' + ''.join(f'{cell:>7}' for cell in cells))
    return '\n'.join(lines)


def _columns(values: np.ndarray) -> Dict[str, Any]:
    """Joint values ``(J,)`` as the table's columns; joints without a value are left out of the means."""
    columns = {name: _mean([values[JOINTS.index(joint)] for joint in joints]) for name, joints in COLUMNS.items()}
    return {**columns, 'Mean': _mean(values)}


def _mean(values: List[float]):
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else None


def _plain(value):
    if isinstance(value, (int, np.integer)):
        return int(value)
    return None if np.isnan(value) else float(value)
