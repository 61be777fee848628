"""What a benchmark is run with, and what it finds on this machine."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional

from pipeline.types import Frame


@dataclass(frozen=True)
class Settings:
    """Of all parts.

    Attributes:
        shared: folder with ``weights/``, ``video/`` and ``data/``; parts that need them are
            skipped where it is missing.
        repeats: rounds of what is compared.
        refiner: weights of a Human3.6M refiner (MPII's 16 joints), for the part ``sparse``.
        soak_frames: length of the longest looped clip.
    """

    shared: Path
    repeats: int = 3
    refiner: Optional[Path] = None
    soak_frames: int = 100_000

    def find(self, *parts: str) -> Optional[Path]:
        """A file of the shared folder, or None."""
        path = self.shared.joinpath(*parts)
        return path if path.exists() else None

    def small_models(self) -> Optional[Dict[str, dict]]:
        """``detector`` and ``estimator`` options of RTMDet-nano and a small SimpleBaseline; None without the files."""
        names = (
            'rtmdet_nano_person.py',
            'rtmdet_nano_person.pth',
            'ultralight_simplepose.py',
            'ultralight_simplepose.pth',
        )
        paths = [self.find('weights', name) for name in names]
        if None in paths:
            return None
        folder = str(paths[0].parent)
        if folder not in sys.path:  # the estimator's config imports its head from there
            sys.path.insert(0, folder)
        return dict(
            detector=dict(config=str(paths[0]), checkpoint=str(paths[1])),
            estimator=dict(config=str(paths[2]), checkpoint=str(paths[3])),
        )

    def clip(self) -> Path:
        """Two people in 1080p, or the sample clip."""
        from pipeline.assets import fetch

        return self.find('video', 'two_people_1080p.mp4') or fetch('sample-clip')

    def frames(self, count: int) -> List[Frame]:
        """The first frames of :meth:`clip`."""
        from pipeline.video import open_source

        with open_source(self.clip(), end=f'{count}f') as source:
            return list(source)
