#!/usr/bin/env python3
"""A local page to run videos, look at their poses and correct them: python tools/serve.py videos/

A door for a checkout to :mod:`pipeline.cli.serve`, which an installed package calls `smooth-poses-serve`.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.cli.serve import main  # noqa: E402

if __name__ == '__main__':
    sys.exit(main())
