"""Networks in torch and in OpenVINO, pre- and postprocessing included, on the same frames and boxes.

``as built`` is what MMPose's and MMDetection's own inference functions run; ``eager`` has
batch norms folded and channels last, ``traced`` (the default of the chain) runs as traced graphs.
``bfloat16`` is ``--half``; it gives other numbers, so its keypoints' distance from the others' is measured too.
``openvino`` is ``--runtime openvino``, alone and with ``--half``.
"""

from typing import Callable, Dict, Iterator

import numpy as np
import torch

from pipeline.backends.openmmlab import Speed
from pipeline.detection import PersonDetector
from pipeline.estimation import PoseEstimator
from pipeline.types import Detections
from tools.research.benchmarks.figures import Figure, median_ratio, missing
from tools.research.benchmarks.settings import Settings
from tools.research.benchmarks.taking_turns import take_turns

VARIANTS = {
    'as built': Speed(fuse=False, channels_last=False, trace=False),
    'eager': Speed(trace=False),
    'traced': Speed(),
    'bfloat16': Speed(half=True),
    'openvino': Speed(runtime='openvino'),
    'openvino, bfloat16': Speed(runtime='openvino', half=True),
}
RANDOM = {
    'HRNet-W32': 'mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_hrnet-w32_8xb64-210e_coco-256x192.py',
    'SimpleBaseline-R50': 'mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_res50_8xb64-210e_coco-256x192.py',
    'RTMPose-m': 'mmpose::body_2d_keypoint/rtmpose/body8/rtmpose-m_8xb256-420e_body8-256x192.py',
}
TARGET = 1.8


def measure(settings: Settings) -> Iterator[Figure]:
    """Frames a second of every variant, and how much faster OpenVINO is."""
    yield from _small_models(settings)
    for name, config in RANDOM.items():
        yield from _random_weights(settings, name, config)


def _small_models(settings: Settings) -> Iterator[Figure]:
    name = 'RTMDet-nano and small SimpleBaseline, frame by frame'
    models = settings.small_models()
    if models is None:
        yield missing(f'{name}: openvino against torch', 'weights not on this machine', at_least=TARGET)
        return
    frames = settings.frames(12)
    chains = {
        variant: (
            PersonDetector.from_config(**models['detector'], speed=speed),
            PoseEstimator.from_config(**models['estimator'], speed=speed),
        )
        for variant, speed in VARIANTS.items()
    }

    def run(variant: str) -> Callable[[], None]:
        def function():
            detector, estimator = chains[variant]
            for frame in frames:
                estimator.estimate([[frame]], detector.detect([frame]))

        return function

    yield from _figures(name, {variant: run(variant) for variant in chains}, len(frames), settings.repeats)
    for variant in ('bfloat16', 'openvino, bfloat16'):
        yield _shift(frames, chains['eager'], variant, chains[variant])


def _shift(frames: list, exact: tuple, variant: str, other: tuple) -> Figure:
    """How far bfloat16 moves the keypoints, in equal boxes."""
    detections = [exact[0].detect([frame])[0] for frame in frames]
    windows = [[frame] for frame in frames]
    poses = [estimator.estimate(windows, detections) for _, estimator in (exact, other)]
    distances = [np.linalg.norm(a.keypoints - b.keypoints, axis=-1)[a.keypoint_scores > 0.3] for a, b in zip(*poses)]
    distances = np.concatenate(distances)
    return Figure(
        f'small SimpleBaseline in {variant}: keypoints moved, mean',
        float(distances.mean()),
        'px',
        note=f'99 % by less than {np.quantile(distances, 0.99):.2f} px',
    )


def _random_weights(settings: Settings, name: str, config: str) -> Iterator[Figure]:
    frames = settings.frames(2)
    height, width = frames[0].image.shape[:2]
    boxes = np.array([[0.2, 0.1, 0.5, 0.95], [0.5, 0.1, 0.8, 0.95]], np.float32) * [width, height, width, height]
    detections = [Detections(boxes.astype(np.float32), np.ones(2, np.float32)) for _ in frames]
    estimators = {}
    for variant, speed in VARIANTS.items():
        torch.manual_seed(0)
        estimators[variant] = PoseEstimator.from_config(config, flip_test=False, speed=speed)
    for batch in (1, len(frames)):

        def run(variant: str, batch: int = batch) -> Callable[[], None]:
            def function():
                for start in range(0, len(frames), batch):
                    part = slice(start, start + batch)
                    estimators[variant].estimate([[frame] for frame in frames[part]], detections[part])

            return function

        yield from _figures(
            f'{name}, random weights, 2 people a frame, {batch} frame{"s" if batch > 1 else ""} a call',
            {variant: run(variant) for variant in estimators},
            len(frames),
            settings.repeats,
        )


def _figures(name: str, functions: Dict[str, Callable], frames: int, repeats: int) -> Iterator[Figure]:
    seconds = take_turns(functions, repeats)
    for variant in functions:
        yield Figure(f'{name}: {variant}', frames / float(np.median(seconds[variant])), 'fps')
    for variant, target in (('as built', TARGET), ('eager', TARGET), ('traced', None)):
        yield Figure(
            f'{name}: openvino against torch, {variant}',
            median_ratio(seconds[variant], seconds['openvino']),
            'times',
            at_least=target,
        )
    for title, slow, fast in (
        ('torch in bfloat16 against torch, eager', 'eager', 'bfloat16'),
        ('openvino in bfloat16 against torch in bfloat16', 'bfloat16', 'openvino, bfloat16'),
        ('openvino in bfloat16 against openvino', 'openvino', 'openvino, bfloat16'),
    ):
        yield Figure(f'{name}: {title}', median_ratio(seconds[slow], seconds[fast]), 'times')
