"""The embedded preset on the sample clip, everything written: frames a second, and where the time goes."""

import tempfile
from typing import Iterator

from tools.research.benchmarks.figures import Figure
from tools.research.benchmarks.settings import Settings

STAGES = ('decode', 'detect', 'pose', 'track', 'refine', 'draw', 'encode', 'export')


def measure(settings: Settings) -> Iterator[Figure]:
    """The median run of several."""
    from pipeline import VideoPipeline
    from pipeline.assets import fetch

    clip = fetch('sample-clip')
    pipeline = VideoPipeline.from_preset('embedded')
    runs = []
    for _ in range(settings.repeats):
        with tempfile.TemporaryDirectory() as folder:
            runs.append(pipeline.run(clip, out_dir=folder))
    middle = sorted(runs, key=lambda summary: summary.fps)[len(runs) // 2]
    per_frame = {stage: 1000 * middle.stages.get(stage, 0.0) / middle.frames for stage in STAGES}
    yield Figure('embedded, sample clip, everything written', middle.fps, 'fps', at_least=30, note='real time')
    for stage, value in per_frame.items():
        yield Figure(f'embedded, sample clip: {stage}', value, 'ms/frame')
    share = 100 * per_frame['refine'] * middle.frames / (1000 * middle.seconds)
    yield Figure("embedded, sample clip: refiner's share of the wall time", share, '%', at_most=5)
