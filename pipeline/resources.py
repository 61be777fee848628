"""Paths of the files that ship with this package: configs and default weights.

An installed package holds ``configs`` inside itself; in a checkout the folder stands
beside the package, at the top level.
"""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
#: The folder whose ``configs/…`` a preset's relative paths mean.
ROOT = PACKAGE if (PACKAGE / 'configs').is_dir() else PACKAGE.parent
CONFIGS = ROOT / 'configs'
PRESETS = CONFIGS / 'presets'
WEIGHTS = PACKAGE / 'weights'
