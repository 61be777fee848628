"""HOTA and IDF1 per joint, computed by TrackEval, the code of HOTA's authors (Luiten et al., IJCV 2021).

Each joint is tracked for itself, as in poseval's MOTA, and the similarity of a predicted joint to an annotated one is
1 less their distance in head sizes, at least 0. So HOTA's threshold alpha (0.05 to 0.95 in steps of 0.05) asks for
PCKh at 1 - alpha, and IDF1, at alpha 0.5, takes a joint as found exactly where AP and MOTA do (PCKh at 0.5).

Unlike poseval's MOTA, every annotated frame counts as it is, the last one too. Legend: ``J`` joints.
"""

import contextlib
import io
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from pipeline.errors import InputError
from pipeline.posetrack.assignment import FrameMatch, head_distances
from pipeline.posetrack.sequence import JOINTS, NO_TRACK

# it asks for a newer NumPy than OpenCV allows, and runs with ours
INSTALL = 'pip install --no-deps trackeval==1.3.0 tabulate'
NAMES = ('HOTA', 'DetA', 'AssA', 'IDF1')


class Metrics(NamedTuple):
    """TrackEval's two metrics: ``eval_sequence`` of arrays, ``combine_sequences`` of its results."""

    hota: Any
    identity: Any


def load_metrics() -> Optional[Metrics]:
    """TrackEval's metrics, or None where it is not installed."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it tells of data sets that miss their packages
            from trackeval.metrics import HOTA, Identity
    except ImportError:
        return None
    return Metrics(HOTA(), Identity({'THRESHOLD': 0.5, 'PRINT_CONFIG': False}))


class IdentityScores:
    """Sequences' results by joint, to be read together.

    Args:
        metrics: from :func:`load_metrics`.
    """

    def __init__(self, metrics: Metrics):
        self._metrics = metrics
        self._results: List[List[Dict[str, Any]]] = [[] for _ in JOINTS]
        self._annotated = np.zeros(len(JOINTS), int)

    def add(self, matches: Sequence[FrameMatch], where: str = '') -> None:
        """Enter a sequence.

        Args:
            matches: its frames in order.
            where: what to name in errors.

        Raises:
            InputError: if a person has no track id.
        """
        for match in matches:
            for frame in (match.truth, match.prediction):
                if (frame.track_ids == NO_TRACK).any():
                    raise InputError(
                        f'{where}: a person of image {frame.image} has no track id; scores of tracks need one'
                    )
        similarities = [
            np.maximum(1 - head_distances(match.truth, match.prediction), 0).transpose(1, 0, 2) for match in matches
        ]  # (G, P, J)
        for joint in range(len(JOINTS)):
            data = _joint_data(matches, similarities, joint)
            self._annotated[joint] += data['num_gt_dets']
            self._results[joint].append(
                {**self._metrics.hota.eval_sequence(data), **self._metrics.identity.eval_sequence(data)}
            )

    def per_joint(self) -> Dict[str, np.ndarray]:
        """:data:`NAMES` in percent, each ``(J,)``; NaN for joints that are nowhere annotated."""
        rows = [self._combined(results) for results in self._results]
        return {name: np.where(self._annotated > 0, [row[name] for row in rows], np.nan) for name in NAMES}

    def pooled(self) -> Dict[str, float]:
        """:data:`NAMES` in percent over all joints together, so that rare joints count less."""
        return self._combined([result for results in self._results for result in results])

    def _combined(self, results: List[Dict[str, Any]]) -> Dict[str, float]:
        if not results:
            return dict.fromkeys(NAMES, float('nan'))
        numbered = dict(enumerate(results))
        hota = self._metrics.hota.combine_sequences(numbered)
        identity = self._metrics.identity.combine_sequences(numbered)
        return {name: 100 * float(np.mean({**hota, **identity}[name])) for name in NAMES}


def _joint_data(matches: Sequence[FrameMatch], similarities: Sequence[np.ndarray], joint: int) -> Dict[str, Any]:
    """One joint of a sequence as TrackEval takes it; whoever lacks the joint is not there."""
    rows = [[np.flatnonzero(f.present[:, joint]) for f in (match.truth, match.prediction)] for match in matches]
    truths, truth_count = _numbered([m.truth.track_ids[here] for m, (here, _) in zip(matches, rows)])
    found, found_count = _numbered([m.prediction.track_ids[there] for m, (_, there) in zip(matches, rows)])
    return dict(
        gt_ids=truths,
        tracker_ids=found,
        similarity_scores=[s[..., joint][np.ix_(*pair)] for s, pair in zip(similarities, rows)],
        num_gt_ids=truth_count,
        num_tracker_ids=found_count,
        num_gt_dets=sum(map(len, truths)),
        num_tracker_dets=sum(map(len, found)),
    )


def _numbered(ids: Sequence[np.ndarray]) -> Tuple[List[np.ndarray], int]:
    """Ids of each frame, counted from 0 without gaps, and how many different ones there are."""
    known = np.unique(np.concatenate([*ids, np.zeros(0, np.int64)]))
    return [np.searchsorted(known, frame) for frame in ids], len(known)
