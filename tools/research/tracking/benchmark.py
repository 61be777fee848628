"""Trackers on annotated videos with simulated detector and estimator: MOTA, id switches, fragments, HOTA, IDF1."""

from dataclasses import dataclass
from typing import Callable, Collection, Dict, Iterable, List, Optional, Sequence

import numpy as np

from pipeline.posetrack import PoseFrame, PoseSequence, pair_frames
from pipeline.posetrack.assignment import FrameMatch, match_sequence
from pipeline.posetrack.identity import IdentityScores, load_metrics
from pipeline.posetrack.mot import MotCounts, count_sequence
from pipeline.tracking.tracker import PoseTracker, TrackerOptions
from pipeline.types import People
from tools.research.tracking.simulation import DetectorErrors, scored_skeleton, simulate_people

# (people of each frame, frames per second) -> people with ids of each frame
Tracking = Callable[[List[People], float], List[People]]

# the picture's size matters to nothing that is measured here
_IMAGE_SIZE = (10_000, 10_000)


@dataclass(frozen=True)
class Scenario:
    """A kind of video: every ``stride``-th frame of the data, seen with these errors."""

    name: str
    stride: int
    errors: DetectorErrors


ORDINARY = DetectorErrors()
POOR = DetectorErrors(severity=2.0, box_noise=0.06, double_rate=0.3, clutter_rate=3.0, miss_rate=0.12)
ERRORS = {'ordinary': ORDINARY, 'poor': POOR}


def scenarios(strides: Sequence[int], fps: float, errors: Sequence[str] = ('ordinary', 'poor')) -> List[Scenario]:
    """Estimators that err as named in :data:`ERRORS`, at ``fps`` divided by each stride."""
    return [Scenario(f'{fps / stride:.3g}/s {name}', stride, ERRORS[name]) for stride in strides for name in errors]


class Trial:
    """One scenario played over all sequences, the same for every tracker.

    Args:
        sequences: annotated people with track ids, by name.
        scenario: what to make of them.
        fps: frames per second of the sequences.
        seed: of the simulated errors.
        joint_score: joints below it are not reported (0..1).
    """

    def __init__(
        self,
        sequences: Dict[str, PoseSequence],
        scenario: Scenario,
        fps: float,
        seed: int = 0,
        joint_score: float = 0.3,
    ):
        self.scenario, self.fps, self._joint_score = scenario, fps / scenario.stride, joint_score
        self._truth, self._found = {}, {}
        for index, (name, sequence) in enumerate(sequences.items()):
            truth = PoseSequence(name, sequence.frames[:: scenario.stride], sequence.path)
            rng = np.random.default_rng([seed, index])
            self._truth[name] = truth
            self._found[name] = simulate_people(truth, self.fps, rng, scenario.errors)

    def run(self, track: Tracking) -> Dict[str, MotCounts]:
        """Events per sequence."""
        return count_events(self.matches(track))

    def matches(self, track: Tracking, names: Optional[Collection[str]] = None) -> Dict[str, List[FrameMatch]]:
        """What was tracked beside the truth, per sequence: all of them, or those of ``names``."""
        return {
            name: self._match(truth, track(self._found[name], self.fps))
            for name, truth in self._truth.items()
            if names is None or name in names
        }

    def _match(self, truth: PoseSequence, tracked: List[People]) -> List[FrameMatch]:
        frames = []
        for frame, people in zip(truth.frames, tracked):
            sure = people.keypoint_scores[..., None] >= self._joint_score
            points = np.where(sure, people.keypoints, np.nan)
            frames.append(
                PoseFrame(
                    frame.image,
                    points.astype(float),
                    np.ones(points.shape[:2], bool),
                    people.keypoint_scores.astype(float),
                    np.full((len(people), 4), np.nan),
                    people.track_ids,
                )
            )
        return match_sequence(*pair_frames(truth, PoseSequence(truth.name, frames, truth.path)))


def count_events(matches: Dict[str, List[FrameMatch]]) -> Dict[str, MotCounts]:
    """Events per sequence, of every frame as it is.

    poseval counts an empty frame as one object, which rewards trackers that show nobody.
    """
    return {name: count_sequence(frames, name, as_poseval=False) for name, frames in matches.items()}


def pooled_identity(matches: Iterable[Dict[str, List[FrameMatch]]]) -> Dict[str, float]:
    """HOTA, IDF1 and HOTA's parts in percent, over all joints and sequences together; empty without TrackEval."""
    metrics = load_metrics()
    if metrics is None:
        return {}
    scores = IdentityScores(metrics)
    for sequences in matches:
        for name, frames in sequences.items():
            scores.add(frames, name)
    return scores.pooled()


def pose_tracking(options: TrackerOptions) -> Tracking:
    """Our tracker with these options."""
    sigmas = scored_skeleton().sigmas

    def track(found: List[People], fps: float) -> List[People]:
        tracker = PoseTracker(sigmas, options)
        return [tracker.update(people, index / fps, _IMAGE_SIZE) for index, people in enumerate(found)]

    return track


def pooled_mota(counts: MotCounts) -> float:
    """MOTA in percent over all joints together.

    poseval averages over joints, which lets a joint that is annotated three times
    weigh as much as the shoulders.
    """
    return 100 * (
        1 - float((counts.misses + counts.false_positives + counts.switches).sum()) / max(int(counts.objects.sum()), 1)
    )
