"""Files on disk: safe names, whose a file is, and output that appears whole, or not at all.

with Claim(folder, safe_name(video.name)) as claim, atomic_path(folder / 'clip_poses.json', claim) as temporary:
    temporary.write_text(…)
"""

from pipeline.files.claim import Claim, Force
from pipeline.files.names import is_clutter, safe_name
from pipeline.files.output import Outputs, atomic_path, check_writable

__all__ = ['Claim', 'Force', 'Outputs', 'atomic_path', 'check_writable', 'is_clutter', 'safe_name']
