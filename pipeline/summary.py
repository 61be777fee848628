"""Summary of a run: frames, people, speed, jitter, files."""

from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Dict, List, Mapping, Set
from urllib.parse import quote

import numpy as np

from pipeline.addresses import printable
from pipeline.types import People


@dataclass
class Summary:
    """Of one video.

    Attributes:
        frames: frames processed.
        people: distinct track ids.
        seconds: wall time from the first frame's decoding to the last file's close.
        jitter_before, jitter_after: mean length of the second difference of the
            joints, in percent of the figure's height per frame²; NaN without
            three frames in a row of anyone.
        files: what was written.
        interrupted: whether Ctrl-C ended the run.
        stages: seconds spent in each stage.
        profile: a table of the time spent in each stage.
        shown: what a window says of its latency.
    """

    frames: int = 0
    people: int = 0
    seconds: float = 0.0
    jitter_before: float = float('nan')
    jitter_after: float = float('nan')
    files: List[str] = field(default_factory=list)
    interrupted: bool = False
    stages: Dict[str, float] = field(default_factory=dict)
    profile: str = ''
    shown: str = ''

    @property
    def fps(self) -> float:
        return self.frames / self.seconds if self.seconds else 0.0

    def __str__(self) -> str:
        lines = [f'{frames_and_people(self.frames, self.people)}, {self.fps:.1f} frames per second']
        if np.isfinite(self.jitter_before):
            lines.append(
                f'jitter: {self.jitter_before:.2f} before, {self.jitter_after:.2f} after '
                '(% of figure height per frame²)'
            )
        if self.shown:
            lines.append(self.shown)
        if self.interrupted:
            lines.append('interrupted: the files end here')
        return '\n'.join(lines + [f'  {printable(file)}' for file in self.files])

    def _repr_html_(self) -> str:
        """The same for notebooks, with the overlay to look at where the notebook can reach it."""
        facts: Dict[str, object] = {
            'frames': f'{self.frames}, {self.fps:.1f} per second',
            'people': self.people,
            **({'interrupted': 'the files end here'} if self.interrupted else {}),
        }
        if np.isfinite(self.jitter_before):
            facts['jitter'] = f'{self.jitter_before:.2f} before, {self.jitter_after:.2f} after (% of height per frame²)'
        here, videos = Path.cwd(), [Path(file) for file in self.files if file.endswith('_overlay.mp4')]
        facts['files'] = '\n'.join(printable(file) for file in self.files)
        # a notebook serves what lies in its own folder, by relative paths
        shown = [path.resolve().relative_to(here) for path in videos if path.resolve().is_relative_to(here)]
        video = ''.join(
            f'<video controls width="480" src="{escape(quote(str(path)), quote=True)}"></video>' for path in shown
        )
        return html_table('run', facts) + video


def frames_and_people(frames: int, people: int) -> str:
    """``40 frames, 1 person``."""
    words = ('frame', 'frames')[frames != 1], ('person', 'people')[people != 1]
    return f'{frames} {words[0]}, {people} {words[1]}'


def html_table(title: str, facts: Mapping[str, object]) -> str:
    """A small table of names and values; nothing in it is taken for HTML."""
    rows = ''.join(
        f'<tr><th style="text-align:left">{escape(str(name))}</th>'
        f'<td style="text-align:left;white-space:pre-line">{escape(str(value))}</td></tr>'
        for name, value in facts.items()
    )
    return f'<table><caption>{escape(title)}</caption>{rows}</table>'


class JitterMeter:
    """Mean second difference of joints over all tracks, before and after the refiner.

    Only joints that were seen (score over ``min_score``) in three frames in a row
    count, and no frame that was filled in.
    """

    def __init__(self, min_score: float = 0.3):
        self.min_score = min_score
        self._ids: Set[int] = set()
        self._recent: Dict[int, list] = {}  # up to three frames of those seen in the last one
        self.sums = np.zeros(2)
        self.count = 0

    def add(self, position: int, people: People) -> None:
        """Add frame number ``position`` (consecutive)."""
        before, self._recent = self._recent, {}
        for i, track_id in enumerate(people.track_ids.tolist()):
            self._ids.add(track_id)
            if people.filled[i]:
                continue
            past = self._recent[track_id] = before.get(track_id, [])
            if past and past[-1][0] != position - 1:
                past.clear()
            past.append(
                (position, people.keypoints_raw[i], people.keypoints[i], people.keypoint_scores[i] > self.min_score)
            )
            if len(past) == 3:
                self._measure(past)
                past.pop(0)

    def _measure(self, past: list) -> None:
        seen = np.logical_and.reduce([p[3] for p in past])
        if not seen.any():
            return
        # both against the same height, so that the two numbers compare
        height = max(np.ptp(past[1][1][past[1][3]], axis=0).max(), 1.0)
        for which in (0, 1):
            before, now, after = (p[1 + which][seen] for p in past)
            self.sums[which] += np.linalg.norm(before - 2 * now + after, axis=-1).sum() / height * 100
        self.count += int(seen.sum())

    @property
    def before(self) -> float:
        return self.sums[0] / self.count if self.count else float('nan')

    @property
    def after(self) -> float:
        return self.sums[1] / self.count if self.count else float('nan')

    @property
    def people(self) -> int:
        """Distinct tracks seen."""
        return len(self._ids)
