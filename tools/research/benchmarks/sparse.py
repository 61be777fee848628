"""Analyse every N-th frame only: the cost in pixels and the gain in speed.

Errors are those of the stacked hourglass on Human3.6M's test subjects (50 fps): the frames in
between are withheld and come back from the chain's own :class:`pipeline.refine.stream.StreamRefiner`.
"""

from pathlib import Path
from typing import Callable, Dict, Iterator, List, Sequence

import numpy as np

from pipeline.evaluation.keypoint_metrics import acceleration_errors, jerk, joint_errors, velocity_errors
from pipeline.refine.network import network_smoother
from pipeline.refine.stream import StreamRefiner
from pipeline.refine.window_options import WindowOptions
from pipeline.resources import WEIGHTS
from pipeline.training.sources import h36m
from pipeline.types import Frame, FrameResult, People
from tools.research.benchmarks.figures import Figure, median_ratio, missing
from tools.research.benchmarks.settings import Settings
from tools.research.benchmarks.taking_turns import take_turns

STEPS = (1, 2, 3, 5, 10)
#: Every how many of the 223 test sequences is used.
EVERY_SEQUENCE = 20
NO_PICTURE = np.zeros((1, 1, 3), np.uint8)
ESTIMATOR = dict(
    config='mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_hrnet-w32_8xb64-210e_coco-256x192.py', flip_test=False
)

MEASURES = (
    ('error', 'px'),
    ('velocity error (MPJVE)', 'px/frame'),
    ('acceleration error', 'px/frame²'),
    ('jerk', 'px/frame³'),
)


def measure(settings: Settings) -> Iterator[Figure]:
    """Error, jerk and speed for every N."""
    yield from _errors(settings)
    yield from _speeds(settings)


def _errors(settings: Settings) -> Iterator[Figure]:
    data = settings.find('data', 'h36m')
    if data is None:
        yield missing('Human3.6M: error at N=5 to that at N=1 unrefined', 'data not on this machine', at_most=1)
        return
    sequences = h36m.load_h36m_2d(str(data), h36m.TEST_SUBJECTS, every=EVERY_SEQUENCE)
    unrefined = _score([s.estimate for s in sequences], sequences)
    yield from _error_rows('unrefined', 1, unrefined)
    weights: Dict[str, Path] = {'default weights': WEIGHTS / 'hanet_coco17.pth'}
    if settings.refiner is not None:
        weights['Human3.6M refiner'] = settings.refiner
    for name, path in weights.items():
        refiner = StreamRefiner(network_smoother(path, h36m.MPII_NAMES, WindowOptions(partial=True)))
        for step in STEPS:
            scores = _score([withhold(s.estimate, step, s.fps, refiner) for s in sequences], sequences)
            yield from _error_rows(name, step, scores)
            if step == 5:
                yield Figure(
                    f'Human3.6M, {name}: error at N=5 to that at N=1 unrefined',
                    scores[0] / unrefined[0],
                    'times',
                    at_most=1,
                )


def withhold(estimate: np.ndarray, step: int, fps: float, refiner: StreamRefiner) -> np.ndarray:
    """One person's ``(S, K, 2)`` px after a ``refiner`` that saw every ``step``-th frame and the last."""
    end = len(estimate) - 1
    frames = (_frame(pose, i, fps, i % step == 0 or i == end) for i, pose in enumerate(estimate))
    return np.stack([result.people.keypoints[0] for result in refiner.stream(frames)])


def _frame(pose: np.ndarray, index: int, fps: float, watched: bool) -> FrameResult:
    frame = Frame(index, index / fps, NO_PICTURE, watched)
    if not watched:
        return FrameResult(frame, People.empty(len(pose)))
    box = np.concatenate([pose.min(0), pose.max(0)])[None].astype(np.float32)
    one, scores = np.ones(1, np.float32), np.ones((1, len(pose)), np.float32)
    return FrameResult(frame, People(box, one, pose[None].astype(np.float32), scores, np.zeros(1, np.int64)))


def _score(poses: Sequence[np.ndarray], sequences) -> List[float]:
    """What :data:`MEASURES` names, of the twelve limb joints, mean over sequences."""
    limbs = list(h36m.MPII_LIMBS)
    return [
        float(np.mean([measure(p, s.truth)[:, limbs].mean() for p, s in zip(poses, sequences)]))
        for measure in (joint_errors, velocity_errors, acceleration_errors, lambda poses, _: jerk(poses))
    ]


def _error_rows(name: str, step: int, scores: Sequence[float]) -> Iterator[Figure]:
    for (measure, unit), score in zip(MEASURES, scores):
        yield Figure(f'Human3.6M, {name}, N={step}: {measure}', score, unit)


def _speeds(settings: Settings) -> Iterator[Figure]:
    """Whole chains with HRNet-W32 (random weights: time does not depend on them), on 21 frames."""
    from pipeline import VideoPipeline
    from pipeline.video import open_source

    models, name = settings.small_models(), 'HRNet-W32 of random weights behind RTMDet-nano'
    if models is None:
        yield missing(f'{name}: N=5 against N=1', 'weights not on this machine', at_least=3)
        return
    frames = 21
    pipeline = VideoPipeline.from_preset(
        'hrnet-w32', detector=models['detector'], estimator=ESTIMATOR, random_weights=True
    )

    def run(step: int) -> Callable[[], None]:
        def function():
            pipeline.every = step
            with open_source(settings.clip(), end=f'{frames}f') as source:
                for _ in pipeline.results(source):
                    pass

        return function

    seconds = take_turns({step: run(step) for step in STEPS}, max(1, settings.repeats // 2), warm_up=False)
    for step in STEPS:
        yield Figure(f'{name}, N={step}', frames / float(np.median(seconds[step])), 'fps')
    yield Figure(f'{name}: N=5 against N=1', median_ratio(seconds[1], seconds[5]), 'times', at_least=3)
