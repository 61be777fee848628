"""What the chain adds to its networks: wall time of a whole run over the networks' passes alone.

The passes are recorded in a run and then made again, one after the other on frames that are in
memory, with all cores: nothing is decoded, tracked, drawn or encoded in that time.
"""

import tempfile
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Tuple

import numpy as np
import torch

from tools.research.benchmarks.figures import Figure, median_ratio
from tools.research.benchmarks.settings import Settings
from tools.research.benchmarks.taking_turns import take_turns

TARGET = 1.10
FRAMES = 40


def measure(settings: Settings) -> Iterator[Figure]:
    """The ratio for every chain that can be built here."""
    from pipeline import VideoPipeline

    chains: Dict[str, Callable] = {'embedded': lambda: VideoPipeline.from_preset('embedded')}
    models = settings.small_models()
    if models is not None:
        chains['RTMDet-nano and small SimpleBaseline'] = lambda: VideoPipeline.from_preset('hrnet-w32', **models)
        chains['the same, openvino'] = lambda: VideoPipeline.from_preset('hrnet-w32', runtime='openvino', **models)
        chains['RTMDet-nano and HRNet-W32 of random weights'] = lambda: VideoPipeline.from_preset(
            'hrnet-w32',
            detector=models['detector'],
            estimator=dict(
                config='mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_hrnet-w32_8xb64-210e_coco-256x192.py',
                flip_test=False,
            ),
            random_weights=True,
        )
    for name, build in chains.items():
        yield from _cost(name, build(), settings)


def _cost(name: str, pipeline, settings: Settings) -> Iterator[Figure]:
    calls = record_calls(pipeline, lambda: _write(pipeline, settings.clip()))
    links = [('detector', pipeline.detector.detect), ('estimator', pipeline.estimator.estimate)]

    def passes() -> None:
        for link, method in links:
            for arguments in calls[link]:
                method(*arguments)

    seconds = take_turns({'run': lambda: _write(pipeline, settings.clip()), 'passes': passes}, settings.repeats)
    run, alone = (1000 * float(np.median(seconds[key])) / FRAMES for key in ('run', 'passes'))
    yield Figure(f'{name}: whole run, everything written', run, 'ms/frame')
    yield Figure(f'{name}: passes of its networks alone', alone, 'ms/frame', note=f'{torch.get_num_threads()} threads')
    yield Figure(
        f'{name}: whole run over passes', median_ratio(seconds['run'], seconds['passes']), 'times', at_most=TARGET
    )


def record_calls(pipeline, run: Callable[[], None]) -> Dict[str, List[Tuple]]:
    """What the detector's ``detect`` and the estimator's ``estimate`` are called with in a run."""
    calls: Dict[str, List[Tuple]] = {}
    methods = {'detector': 'detect', 'estimator': 'estimate'}

    def recorded(link: str, method: Callable) -> Callable:
        def call(*arguments):
            calls.setdefault(link, []).append(arguments)
            return method(*arguments)

        return call

    for link, method in methods.items():
        owner = getattr(pipeline, link)
        setattr(owner, method, recorded(link, getattr(owner, method)))
    try:
        run()
    finally:
        for link, method in methods.items():
            delattr(getattr(pipeline, link), method)
    return calls


def _write(pipeline, clip: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pipeline.run(clip, out_dir=folder, end=f'{FRAMES}f')
