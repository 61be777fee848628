#!/usr/bin/env python3
"""Run a short clip over and over through the whole chain, as one long video, and watch the memory.

    python tools/research/soak.py clip.mp4                 # 100,000 frames of the embedded preset
    python tools/research/soak.py clip.mp4 --minutes 10    # as many as come in ten minutes
    python tools/research/soak.py --stand-in               # everything but the networks, on a made-up clip

The clip is opened anew for each round; overlay and JSON are written to a folder that is
removed. The exit code is 1 if memory in the last quarter rises more than --allowed above
its height in the second.
"""

import argparse
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import List, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402

from pipeline.cli import arguments as command_line  # noqa: E402
from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.types import Detections, Frame, People, VideoInfo  # noqa: E402
from pipeline.video import VideoSource, VideoWriter, open_source  # noqa: E402
from tools.research.benchmarks.process_memory import megabytes  # noqa: E402

SAMPLES = 200  # of the memory, over all frames


@exit_cleanly
def main() -> int:
    parser = command_line.OptionParser(description=__doc__)
    parser.add_argument('clip', nargs='?', help='a short video; none is needed with --stand-in')
    parser.add_argument('--frames', type=int, default=100_000, metavar='N', help='%(default)s')
    parser.add_argument('--minutes', type=float, default=1e9, metavar='N', help='stop after so long')
    parser.add_argument('--stand-in', action='store_true', help='thresholds in place of networks')
    parser.add_argument('--allowed', type=float, default=20.0, metavar='MB', help='growth (%(default)s)')
    command_line.add_chain_options(parser)
    args = parser.parse_args()
    if args.frames < SAMPLES or not args.minutes > 0:
        raise InputError(f'--frames must be {SAMPLES} or more, --minutes above 0')
    if args.clip is None and not args.stand_in:
        raise InputError('no clip: give a short video, or --stand-in')
    from pipeline.options import OutputOptions
    from pipeline.run import run_video

    sys.path[:0] = map(str, args.python_path)
    with tempfile.TemporaryDirectory(prefix='soak-') as folder:
        clip = args.clip or made_up_clip(Path(folder) / 'made_up.mp4')
        source = LoopedClip(clip, args.frames, args.minutes)
        summary = run_video(chain(args), source, OutputOptions(Path(folder) / 'out'))
    growth = growth_of(source.samples)
    print(
        f'{summary.frames} frames, {summary.people} people, {summary.fps:.0f} frames per second; memory from the '
        f'second quarter to the last {growth:+.1f} MB (allowed {args.allowed:g})'
    )
    return int(growth > args.allowed)


class LoopedClip(VideoSource):
    """A clip, ``frames`` frames long however short it is.

    Attributes:
        samples: ``(frames so far, resident MB)``.
    """

    def __init__(self, clip, frames: int, minutes: float):
        with open_source(clip) as source:
            self.info = VideoInfo('soak', source.info.width, source.info.height, source.info.fps, frames)
        self.samples: List[Tuple[int, float]] = []
        self._clip, self._until = clip, time.monotonic() + 60 * minutes

    def __iter__(self):
        count = 0
        while True:
            with open_source(self._clip) as source:
                for frame in source:
                    if count == self.info.num_frames or time.monotonic() > self._until:
                        return
                    yield Frame(count, count / float(self.info.fps), frame.image)
                    count += 1
                    if count % (self.info.num_frames // SAMPLES) == 0:
                        self.samples.append((count, megabytes('VmRSS')))
                        print(f'{count:>8} frames {self.samples[-1][1]:>8.1f} MB', flush=True)


def growth_of(samples: List[Tuple[int, float]]) -> float:
    """Highest memory of the last quarter over the highest of the second, in MB."""
    if len(samples) < 8:
        raise InputError('too few frames to tell growth: run longer')
    heights = [megabytes for _, megabytes in samples]
    quarter = len(heights) // 4
    return max(heights[-quarter:]) - max(heights[quarter : 2 * quarter])


def chain(args: argparse.Namespace):
    from pipeline.pipeline import VideoPipeline

    if not args.stand_in:
        return VideoPipeline.from_preset(args.preset, args.device, **command_line.chain_options(args))
    from pipeline.refine import build_refiner
    from pipeline.skeletons import load_skeleton
    from pipeline.tracking import PoseTracker

    skeleton = load_skeleton('coco')
    return VideoPipeline(
        StandInDetector(),
        StandInEstimator(skeleton),
        PoseTracker(skeleton.sigmas),
        build_refiner(args.refiner or 'hanet', skeleton),
    )


class StandInDetector:
    """The box of all bright pixels."""

    def detect(self, frames) -> list:
        return [self._box(frame.image) for frame in frames]

    @staticmethod
    def _box(image: np.ndarray) -> Detections:
        y, x = np.nonzero(image[..., 0] > 150)
        if not len(x):
            return Detections.empty()
        return Detections(np.array([[x.min(), y.min(), x.max(), y.max()]], np.float32), np.full(1, 0.9, np.float32))


class StandInEstimator:
    """Joints at fixed places of the box, with a pixel of noise."""

    frame_offsets = (0,)

    def __init__(self, skeleton):
        self.skeleton, self._generator = skeleton, np.random.default_rng(0)
        self._places = self._generator.random((17, 2))

    def estimate(self, windows, detections) -> list:
        return [self._pose(found) for found in detections]

    def _pose(self, found: Detections) -> People:
        corner, size = found.bboxes[:, None, :2], found.bboxes[:, None, 2:] - found.bboxes[:, None, :2]
        points = corner + size * self._places + self._generator.normal(size=(len(found), 17, 2))
        return People(found.bboxes, found.scores, points.astype(np.float32), np.full((len(found), 17), 0.9, np.float32))


def made_up_clip(path: Path, frames: int = 300, size=(96, 64)) -> Path:
    """A bright figure that walks in, and out again: each round is another person to the tracker."""
    generator = np.random.default_rng(0)
    with VideoWriter(path, VideoInfo('made up', *size, Fraction(25))) as writer:
        for i in range(frames):
            image = generator.integers(30, 60, (size[1], size[0], 3), dtype=np.uint8)
            if i < 0.8 * frames:
                x = 5 + i // 4
                image[10:54, x : x + 20] = 230
            writer.write(image, i / 25)
    return path


if __name__ == '__main__':
    sys.exit(main())
