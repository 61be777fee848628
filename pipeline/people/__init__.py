"""Which people of a clip are wanted, and who must not be recognised; known when the clip is over."""

from pipeline.people.choice import check_choice, choose
from pipeline.people.heads import HeadLog, heads_of
from pipeline.people.hide import hide_background, hide_heads
from pipeline.people.kept import KeptPoses, KeptTrack

__all__ = [
    'HeadLog',
    'KeptPoses',
    'KeptTrack',
    'check_choice',
    'choose',
    'heads_of',
    'hide_background',
    'hide_heads',
]
