#!/usr/bin/env python3
"""Refine poses that another tool found: python tools/refine.py poses.json --video video.mp4

A door for a checkout to :mod:`pipeline.cli.refine`, which an installed package calls `smooth-poses-refine`.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.cli.refine import main  # noqa: E402

if __name__ == '__main__':
    sys.exit(main())
