"""One colour per track id, told apart by people with and without colour vision deficiency.

The seven hues are those of Okabe and Ito, "Color Universal Design" (2008),
without black, ordered so that neighbouring ids differ most.
"""

from dataclasses import dataclass
from typing import Tuple

import numpy as np

Colour = Tuple[int, int, int]  # R, G, B in 0..255

_HUES = (
    (86, 180, 233),  # sky blue
    (230, 159, 0),  # orange
    (0, 158, 115),  # bluish green
    (204, 121, 167),  # reddish purple
    (240, 228, 66),  # yellow
    (213, 94, 0),  # vermillion
    (0, 114, 178),  # blue
)
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
# ids beyond the seventh repeat the hues lighter, then darker
_SHADES = ((None, 0.0), (_WHITE, 0.45), (_BLACK, 0.35))
UNTRACKED = (200, 200, 200)


@dataclass(frozen=True)
class PersonColours:
    """The colours of one person: the id's own, and a tint of it for each side."""

    middle: Colour
    left: Colour
    right: Colour

    def of(self, side: str) -> Colour:
        """Colour of a joint or limb on ``side`` ('left', 'right' or '' for the midline)."""
        return {'left': self.left, 'right': self.right}.get(side, self.middle)


def colour_of(track_id: int) -> Colour:
    """RGB of a track id, the same in every run; ids under 1 (no track) are grey.

    21 ids have a colour of their own; after that colours repeat.
    """
    if track_id < 1:
        return UNTRACKED
    shade, hue = divmod(track_id - 1, len(_HUES))
    towards, share = _SHADES[shade % len(_SHADES)]
    return mix(_HUES[hue], towards, share) if towards else _HUES[hue]


def person_colours(track_id: int) -> PersonColours:
    """Left is a light tint of the id's colour and right a deep one."""
    middle = colour_of(track_id)
    return PersonColours(middle, left=mix(middle, _WHITE, 0.5), right=mix(middle, _BLACK, 0.12))


def mix(colour: Colour, other: Colour, share: float) -> Colour:
    """``share`` (0..1) of ``other`` in ``colour``, in sRGB."""
    return tuple(int(round(a + (b - a) * share)) for a, b in zip(colour, other))


def css(colour: Colour) -> str:
    """``#rrggbb``, as pages write it."""
    return '#{:02x}{:02x}{:02x}'.format(*colour)


def luminance(colour: Colour) -> float:
    """Relative luminance in 0..1 (WCAG 2.1)."""
    channel = np.asarray(colour, float) / 255
    linear = np.where(channel <= 0.03928, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))
