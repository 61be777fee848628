#!/usr/bin/env python3
"""Many videos in, the same files for each out: python tools/batch.py recordings/ --out results

A door for a checkout to :mod:`pipeline.cli.batch`, which an installed package calls `smooth-poses-batch`.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.cli.batch import main  # noqa: E402

if __name__ == '__main__':
    sys.exit(main())
