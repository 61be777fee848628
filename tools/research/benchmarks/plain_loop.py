"""The chain against a plain loop of MMDetection's and MMPose's own inference functions: same weights, same clip."""

import statistics
from pathlib import Path
from typing import Callable, Dict, Iterator

from tools.research.benchmarks.figures import Figure, median_ratio, missing
from tools.research.benchmarks.settings import Settings
from tools.research.benchmarks.taking_turns import take_turns

TARGET = 1.5


def measure(settings: Settings) -> Iterator[Figure]:
    """Seconds of loop and chain, which tracks and refines too, and their ratio; in both runtimes."""
    models = settings.small_models()
    if models is None:
        yield missing('chain against plain loop', 'weights not on this machine', at_least=TARGET)
        return
    clip = settings.clip()
    seconds = take_turns(
        {
            'plain loop': _plain_loop(models, clip),
            'chain': _chain(models, clip, 'torch'),
            'chain, openvino': _chain(models, clip, 'openvino'),
        },
        settings.repeats,
    )
    for name, values in seconds.items():
        yield Figure(f'{name}, {clip.stem}', statistics.median(values), 's')
    for name in ('chain', 'chain, openvino'):
        yield Figure(
            f'{name}, against plain loop', median_ratio(seconds['plain loop'], seconds[name]), 'times', at_least=TARGET
        )
    yield Figure(
        'chain, openvino, against chain, torch',
        median_ratio(seconds['chain'], seconds['chain, openvino']),
        'times',
    )


def _chain(models: Dict[str, dict], clip: Path, runtime: str) -> Callable[[], object]:
    from pipeline import VideoPipeline

    pipeline = VideoPipeline.from_preset('hrnet-w32', runtime=runtime, **models)
    return lambda: sum(1 for _ in pipeline.results(clip))


def _plain_loop(models: Dict[str, dict], clip: Path) -> Callable[[], object]:
    import cv2
    from mmdet.apis import inference_detector, init_detector
    from mmpose.apis import inference_topdown, init_model

    detector = init_detector(models['detector']['config'], models['detector']['checkpoint'], device='cpu')
    estimator = init_model(models['estimator']['config'], models['estimator']['checkpoint'], device='cpu')

    def run():
        capture = cv2.VideoCapture(str(clip))
        while True:
            more, image = capture.read()
            if not more:
                break
            found = inference_detector(detector, image).pred_instances
            boxes = found.bboxes[found.scores > 0.3].cpu().numpy()
            if len(boxes):
                inference_topdown(estimator, image, boxes)
        capture.release()

    return run
