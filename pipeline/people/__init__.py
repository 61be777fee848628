"""Which people of a clip are wanted: chosen when the clip is over, from poses that were kept."""

from pipeline.people.choice import Choice, choose, parse_choice
from pipeline.people.kept import KeptPoses, KeptTrack

__all__ = ['Choice', 'KeptPoses', 'KeptTrack', 'choose', 'parse_choice']
