#!/usr/bin/env python
"""Measure x264's presets: processor time and size against the quality of the picture.

    python tools/research/encoder.py VIDEO [VIDEO ...] --presets superfast veryfast --crf 20 23 26

The overlay's writer encodes the decoded pictures as they are. Quality is the structural
similarity of luma (Wang et al. 2004, Gaussian window of 1.5 px) on every 10th frame.
"""

import argparse
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import cv2  # noqa: E402
import numpy as np  # noqa: E402

from pipeline.video import VideoWriter, open_source  # noqa: E402

STEP = 10


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Mean structural similarity of two 8-bit planes."""

    def blur(plane):
        return cv2.GaussianBlur(plane, (11, 11), 1.5)

    a, b = a.astype(np.float32), b.astype(np.float32)
    mean_a, mean_b = blur(a), blur(b)
    variance = blur(a * a) - mean_a**2 + blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return float(
        ((2 * mean_a * mean_b + c1) * (2 * covariance + c2) / ((mean_a**2 + mean_b**2 + c1) * (variance + c2))).mean()
    )


def measure(video: str, preset: str, crf: float, threads: int, frames: int, path: Path):
    """Milliseconds of processor time a frame, wall milliseconds a frame, kilobits a second, SSIM."""
    processor = wall = 0.0
    originals = []
    with (
        open_source(video) as source,
        VideoWriter(path, source.info, crf, preset, force=True, threads=threads) as writer,
    ):
        count = 0
        for count, frame in enumerate(islice(source, frames), 1):
            assert len(frame.picture.planes) == 3  # made before the clock starts
            if (count - 1) % STEP == 0:
                originals.append(frame.picture.planes[0])
            begin = time.process_time(), time.perf_counter()
            writer.write(frame.picture, frame.time)
            processor, wall = processor + time.process_time() - begin[0], wall + time.perf_counter() - begin[1]
        begin = time.process_time(), time.perf_counter()
        writer.finish()
        processor, wall = processor + time.process_time() - begin[0], wall + time.perf_counter() - begin[1]
        seconds = count / float(source.info.fps)
    with open_source(path) as copy:
        similar = [
            ssim(frame.picture.planes[0], original) for frame, original in zip(islice(copy, 0, None, STEP), originals)
        ]
    return 1000 * processor / count, 1000 * wall / count, path.stat().st_size * 8 / 1000 / seconds, np.mean(similar)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('videos', nargs='+')
    parser.add_argument('--presets', nargs='+', default=['ultrafast', 'superfast', 'veryfast', 'faster', 'medium'])
    parser.add_argument('--crf', nargs='+', type=float, default=[20, 23, 26])
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--frames', type=int, default=10**9, help='of each video at most')
    args = parser.parse_args()
    cv2.setNumThreads(1)
    print('| video | preset | crf | ms a frame (processor) | ms a frame (wall) | kbit/s | SSIM |')
    print('| --- | --- | --- | --- | --- | --- | --- |')
    with tempfile.TemporaryDirectory() as folder:
        for video in args.videos:
            for preset in args.presets:
                for crf in args.crf:
                    row = measure(video, preset, crf, args.threads, args.frames, Path(folder) / 'copy.mp4')
                    print(
                        f'| {Path(video).stem} | {preset} | {crf:g} | {row[0]:.1f} | {row[1]:.1f} | {row[2]:.0f} | '
                        f'{row[3]:.4f} |',
                        flush=True,
                    )


if __name__ == '__main__':
    main()
