"""Small plates with text: ids over heads, captions in corners."""

from functools import lru_cache
from typing import List, Tuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline.render.canvas import Canvas
from pipeline.render.palette import Colour, luminance

_DARK, _LIGHT = (18, 20, 26), (255, 255, 255)
_OVERSAMPLING = 4  # smooth corners, and strokes of a fraction of a pixel that make the text bolder
_PLATE_OPACITY = 235  # of 255
_BOLD_FROM = 18  # px, height of a plate
SMALLEST = 14  # px, height of a plate that can be read
Rectangle = Tuple[float, float, float, float]  # x1, y1, x2, y2 in px


@lru_cache(maxsize=1024)
def plate(text: str, height: int, fill: Colour) -> Tuple[np.ndarray, np.ndarray]:
    """A rounded plate with a line of text.

    Args:
        text: one line.
        height: of the plate in px.
        fill: its colour; the text is dark or light, whichever reads better on it.

    Returns:
        Colour ``(h, w, 3)`` uint8 and opacity ``(h, w, 1)`` uint16 in 0..255.
        Cached: not to be written to.
    """
    font = ImageFont.load_default(0.76 * height * _OVERSAMPLING)
    # bold small digits run together: a 5 looks like a 6
    stroke = round(0.02 * height * _OVERSAMPLING) if height >= _BOLD_FROM else 0
    width = max(height, round(font.getlength(text) / _OVERSAMPLING + 0.6 * height))
    large = (width * _OVERSAMPLING, height * _OVERSAMPLING)
    ink = _DARK if luminance(fill) > 0.25 else _LIGHT
    colour = Image.new('RGB', large, fill)
    ImageDraw.Draw(colour).text((large[0] / 2, large[1] / 2), text, ink, font, 'mm', stroke_width=stroke)
    shape = Image.new('L', large, 0)
    corners = (0, 0, large[0] - 1, large[1] - 1)
    ImageDraw.Draw(shape).rounded_rectangle(corners, 0.3 * large[1], _PLATE_OPACITY)
    colour, shape = (np.asarray(i.resize((width, height), Image.Resampling.BOX)) for i in (colour, shape))
    return colour, shape[:, :, None].astype(np.uint16)


def draw_plate(canvas: Canvas, text: str, left: float, top: float, height: int, fill: Colour) -> None:
    """Lay a plate over the picture, moved inside if need be; left out where it does not fit."""
    colour, opacity = plate(text, height, fill)
    rows, columns = colour.shape[:2]
    if rows > canvas.shape[0] or columns > canvas.shape[1]:
        return
    x = int(np.clip(round(left), 0, canvas.shape[1] - columns))
    y = int(np.clip(round(top), 0, canvas.shape[0] - rows))
    added = np.rint(canvas.inks(colour) * (opacity / 255))
    canvas.blend(np.concatenate([added, 255 - opacity], axis=2).astype(np.uint8), x, y)


class LabelLayout:
    """Places the labels of one frame so that none hides another."""

    def __init__(self):
        self._taken: List[Rectangle] = []

    def place(self, left: float, top: float, width: int, height: int) -> Tuple[float, float]:
        """Left and top of a label, moved up as far as needed to stand clear of those before."""
        for _ in range(len(self._taken)):
            under = [
                t for t in self._taken if left < t[2] and left + width > t[0] and top < t[3] and top + height > t[1]
            ]
            if not under:
                break
            top = min(t[1] for t in under) - height - 1
        self._taken.append((left, top, left + width, top + height))
        return left, top


def plate_width(text: str, height: int, fill: Colour) -> int:
    """Width of the plate in px."""
    return plate(text, height, fill)[0].shape[1]
