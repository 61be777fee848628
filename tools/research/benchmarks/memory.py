"""Peak memory of whole runs in processes of their own, on a looped clip."""

import multiprocessing
import tempfile
from pathlib import Path
from typing import Iterator

from tools.research.benchmarks.figures import Figure
from tools.research.benchmarks.process_memory import megabytes
from tools.research.benchmarks.settings import Settings

LENGTHS = (300, 3000)


def measure(settings: Settings) -> Iterator[Figure]:
    """Megabytes at both lengths, and the growth between them."""
    from pipeline.assets import fetch

    clip, peaks = fetch('sample-clip'), []
    with tempfile.TemporaryDirectory() as folder:
        for frames in LENGTHS:
            looped = loop_clip(clip, Path(folder) / f'{frames}.mp4', frames)
            with multiprocessing.get_context('spawn').Pool(1) as pool:
                peaks.append(pool.apply(_peak_of_run, (str(looped), folder)))
            yield Figure(f'embedded: peak memory, {frames:,} frames', peaks[-1], 'MB')
    yield Figure(
        f'embedded: growth from {LENGTHS[0]:,} to {LENGTHS[1]:,} frames', peaks[1] - peaks[0], 'MB', at_most=50
    )


def loop_clip(clip: Path, path: Path, frames: int) -> Path:
    """Write ``frames`` frames of ``clip``, over and over at half its size, to ``path``."""
    from pipeline.video import VideoWriter, open_source

    with open_source(clip) as source:
        pictures = [frame.image[::2, ::2].copy() for frame in source]
        height, width = pictures[0].shape[:2]
        info = type(source.info)('looped', width, height, source.info.fps)
    with VideoWriter(path, info) as writer:
        for i in range(frames):
            writer.write(pictures[i % len(pictures)], float(i / info.fps))
    return path


def _peak_of_run(clip: str, folder: str) -> float:
    from pipeline import VideoPipeline

    VideoPipeline.from_preset('embedded').run(clip, out_dir=folder)
    return megabytes('VmHWM')
