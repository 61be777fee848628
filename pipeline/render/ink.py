"""A transparent layer over a part of a picture: draw with opacity, then blend once.

OpenCV draws opaque shapes only. A layer holds what every pixel of one person's
surroundings adds to the picture (colour times opacity) and the share of the
picture that it lets through; both are drawn by the same anti-aliased shapes, which
mix such values correctly at their edges (Porter and Duff, "Compositing Digital
Images", 1984). The layer is then blended once over the surroundings: the cost
follows the size of the figure, not that of the picture.
"""

from typing import Sequence

import cv2
import numpy as np

from pipeline.render.canvas import Canvas
from pipeline.render.palette import Colour

_SHIFT = 4  # OpenCV takes coordinates in 1/16 px, so that slow motion does not stutter
_UNIT = 1 << _SHIFT
# OpenCV's anti-aliasing adds a soft edge outside the shape: measured in coverage, px
_QUAD_BLEED = 1.5
_DISC_BLEED = 0.45
_CLEAR = np.frombuffer(bytes((0, 0, 0, 255)), np.uint32)[0]  # adds nothing, lets all through
_THINNEST_QUAD = 2.0  # narrower ones are drawn as OpenCV's one-pixel line, 1.3 px in coverage


class Ink:
    """A layer that is reused from person to person.

    Usage: :meth:`begin` on a region, then :meth:`strokes` and :meth:`discs`, then
    :meth:`blend`. Coordinates are those of the picture, in px; opacities are in 0..1.
    """

    def __init__(self):
        self._buffer = np.zeros(0, np.uint32)

    def begin(self, canvas: Canvas, corners: np.ndarray, margin: float) -> bool:
        """Clear the layer over the rectangle around ``corners``.

        Args:
            canvas: the picture.
            corners: ``(N, 2)`` points that will be drawn, in px.
            margin: px around them that shapes may cover.

        Returns:
            False if the rectangle lies outside the picture: nothing to draw.
        """
        self._canvas = canvas
        height, width = canvas.shape[:2]
        low = np.floor(corners.min(axis=0) - margin).astype(int)
        high = np.ceil(corners.max(axis=0) + margin).astype(int) + 1
        # even sides, as far as the picture goes, lie between the chroma samples of 4:2:0
        self._left, self._top = max(int(low[0]), 0) & ~1, max(int(low[1]), 0) & ~1
        columns = min(int(high[0]) + 1 & ~1, width) - self._left
        rows = min(int(high[1]) + 1 & ~1, height) - self._top
        if columns <= 0 or rows <= 0:
            return False
        if self._buffer.size < rows * columns:
            self._buffer = np.empty(rows * columns, np.uint32)
        pixels = self._buffer[: rows * columns]
        pixels.fill(_CLEAR)
        self._layer = pixels.view(np.uint8).reshape(rows, columns, 4)
        return True

    def strokes(
        self, starts: np.ndarray, ends: np.ndarray, widths: np.ndarray, colours: Sequence[Colour], alphas: np.ndarray
    ) -> None:
        """Draw straight strokes with flat ends, in the order given.

        Args:
            starts, ends: ``(S, 2)`` px.
            widths: ``(S,)`` px; below 1 they are drawn at 1.
            colours: ``S`` RGB colours.
            alphas: ``(S,)`` opacities.
        """
        along = ends - starts
        lengths = np.maximum(np.linalg.norm(along, axis=1), 1e-6)
        across = along[:, ::-1] * (-1, 1) * (0.5 * (widths - _QUAD_BLEED) / lengths)[:, None]
        quads = self._fixed(np.stack([starts + across, ends + across, ends - across, starts - across], 1))
        lines = self._fixed(np.stack([starts, ends], 1)).tolist()
        thin = (widths < _THINNEST_QUAD).tolist()
        for quad, line, is_thin, ink in zip(quads, lines, thin, self._inks(colours, alphas)):
            if is_thin:
                cv2.line(self._layer, *line, ink, 1, cv2.LINE_AA, _SHIFT)
            else:
                cv2.fillConvexPoly(self._layer, quad, ink, cv2.LINE_AA, _SHIFT)

    def discs(self, centres: np.ndarray, radii: np.ndarray, colours: Sequence[Colour], alphas: np.ndarray) -> None:
        """Fill circles: ``centres`` ``(D, 2)`` and ``radii`` ``(D,)`` in px; the rest as :meth:`strokes`."""
        sizes = np.rint(np.maximum(radii - _DISC_BLEED, 0.25) * _UNIT).astype(int).tolist()
        for middle, size, ink in zip(self._fixed(centres).tolist(), sizes, self._inks(colours, alphas)):
            cv2.circle(self._layer, middle, size, ink, cv2.FILLED, cv2.LINE_AA, _SHIFT)

    def blend(self) -> None:
        """Lay the layer over the picture, in place."""
        self._canvas.blend(self._layer, self._left, self._top)

    def _fixed(self, points: np.ndarray) -> np.ndarray:
        """Layer coordinates of ``(..., 2)`` px in OpenCV's fixed-point units, int32."""
        return np.rint((points - (self._left, self._top)) * _UNIT).astype(np.int32)

    def _inks(self, colours: Sequence[Colour], alphas: np.ndarray) -> list:
        """What each shape adds and lets through, as OpenCV's four channels in 0..255."""
        alphas = np.asarray(alphas)[:, None]
        shown = self._canvas.inks(np.asarray(colours, float).reshape(-1, 3))
        return np.concatenate([np.rint(shown * alphas), 255 - np.rint(255 * alphas)], axis=1).tolist()
