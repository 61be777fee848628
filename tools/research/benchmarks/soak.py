"""Memory over a very long video: a clip looped through the chain (``tools/research/soak.py``), without networks."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Iterator

from tools.research.benchmarks.figures import Figure, missing
from tools.research.benchmarks.settings import Settings

TOOL = Path(__file__).resolve().parents[1] / 'soak.py'
TARGET = 20
_REPORT = re.compile(r'(\d+) frames, (\d+) people, (\d+) frames per second.*?([+-][\d.]+) MB')


def measure(settings: Settings) -> Iterator[Figure]:
    """Frames that came through, and how memory grew from the second quarter to the last."""
    command = [sys.executable, str(TOOL), '--stand-in', '--frames', str(settings.soak_frames), '--allowed', str(TARGET)]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    report = _REPORT.search(run.stdout)
    name = f'looped clip of {settings.soak_frames:,} frames, no networks'
    if report is None:
        yield missing(
            f'{name}: growth of memory', f'tools/research/soak.py ended with {run.returncode}', at_most=TARGET
        )
        return
    frames, people, fps, growth = map(float, report.groups())
    yield Figure(f'{name}: frames through', frames, 'frames', at_least=settings.soak_frames)
    yield Figure(f'{name}: speed', fps, 'fps', note=f'{people:.0f} tracks')
    yield Figure(f'{name}: growth of memory, second quarter to last', growth, 'MB', at_most=TARGET)
