#!/usr/bin/env python3
"""Video in, overlay video and pose data out: python tools/demo.py video.mp4

A door for a checkout to :mod:`pipeline.cli.demo`, which an installed package calls `smooth-poses`.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.cli.demo import main  # noqa: E402

if __name__ == '__main__':
    sys.exit(main())
