#!/usr/bin/env python3
"""Weights and clips by name: python tools/assets.py list

A door for a checkout to :mod:`pipeline.cli.assets`, which an installed package calls `smooth-poses-assets`.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.cli.assets import main  # noqa: E402

if __name__ == '__main__':
    sys.exit(main())
