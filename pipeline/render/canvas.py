"""Canvases to draw on: an RGB image, or the YUV planes of a video frame.

Both take a layer: what every pixel adds (colour times opacity) and the share of the
picture that it lets through. Its colours are those of the canvas: Y'CbCr code values
for planes, so that nothing is converted but the few colours that are drawn with.
Where a layer lets all through and adds nothing, every sample stays what it was.
"""

from typing import Tuple, Union

import cv2
import numpy as np

from pipeline.render.palette import Colour
from pipeline.video.hdr import from_sdr
from pipeline.video.yuv import Planes

_CLEAR = (0, 0, 0, 255)


class RgbCanvas:
    """An image ``(H, W, 3)`` uint8 RGB, drawn upon in place."""

    def __init__(self, image: np.ndarray):
        self._image = image
        self.shape = image.shape

    def inks(self, colours: np.ndarray) -> np.ndarray:
        """The numbers ``(..., 3)`` in 0..255 that layers hold for R'G'B' ``colours`` ``(..., 3)`` in 0..255."""
        return np.asarray(colours, float)

    def blend(self, layer: np.ndarray, left: int, top: int) -> None:
        """Lay ``layer`` over the picture.

        Args:
            layer: ``(h, w, 4)`` uint8: three added channels of :meth:`inks`, and the share
                that is let through.
            left, top: its place in px; it lies inside the picture.
        """
        rows, columns = layer.shape[:2]
        _blend(
            self._image[top : top + rows, left : left + columns],
            cv2.cvtColor(layer, cv2.COLOR_RGBA2RGB),
            cv2.cvtColor(cv2.extractChannel(layer, 3), cv2.COLOR_GRAY2RGB),
        )


class YuvCanvas:
    """Planes of even size, drawn upon in place.

    Args:
        planes: the picture.
        left, width: the columns to which drawing is confined (even); all by default.
    """

    def __init__(self, planes: Planes, left: int = 0, width: Union[None, int] = None):
        right = planes.shape[1] if width is None else left + width
        self._colours = planes.colours
        self._y = planes.y[:, left:right]
        self._chroma = [plane[:, left // 2 : right // 2] for plane in (planes.u, planes.v)]
        self.shape: Tuple[int, int, int] = (*self._y.shape, 3)
        self._encoding = self._colours.encoding() / (1 << self._colours.depth - 8)

    def inks(self, colours: np.ndarray) -> np.ndarray:
        """As :meth:`RgbCanvas.inks`: Y'CbCr in 8 bits, in HDR of what looks like the standard colour."""
        if self._colours.hdr:
            colours = from_sdr(colours, self._colours.transfer)
        return np.clip(np.asarray(colours, float) @ self._encoding[:, :3].T + self._encoding[:, 3], 0, 255)

    def blend(self, layer: np.ndarray, left: int, top: int) -> None:
        """As :meth:`RgbCanvas.blend`; chroma gets the mean of each 2 x 2 pixels."""
        layer, left, top = _even(layer, left, top, self.shape)
        rows, columns = layer.shape[:2]
        self._lay(self._y[top : top + rows, left : left + columns], layer, 0)
        layer = cv2.resize(layer, (columns // 2, rows // 2), interpolation=cv2.INTER_AREA)
        for channel, plane in enumerate(self._chroma, 1):
            self._lay(plane[top // 2 : (top + rows) // 2, left // 2 : (left + columns) // 2], layer, channel)

    def _lay(self, below: np.ndarray, layer: np.ndarray, channel: int) -> None:
        added, through = cv2.extractChannel(layer, channel), cv2.extractChannel(layer, 3)
        if below.dtype != np.uint8:
            added, through = added.astype(np.uint16) << self._colours.depth - 8, through.astype(np.uint16)
        _blend(below, added, through)


Canvas = Union[RgbCanvas, YuvCanvas]


def fill(canvas: Canvas, left: int, top: int, right: int, bottom: int, colour: Colour) -> None:
    """Paint a rectangle, as far as it lies inside the picture; ``right`` and ``bottom`` are not part of it."""
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, canvas.shape[1]), min(bottom, canvas.shape[0])
    if left < right and top < bottom:
        ink = np.rint(canvas.inks(np.array(colour)))
        canvas.blend(np.full((bottom - top, right - left, 4), (*ink, 0), np.uint8), left, top)


def _blend(below: np.ndarray, added: np.ndarray, through: np.ndarray) -> None:
    below[...] = cv2.add(added, cv2.multiply(below, through, scale=1 / 255))


def _even(layer: np.ndarray, left: int, top: int, shape: Tuple[int, ...]) -> Tuple[np.ndarray, int, int]:
    """The layer with clear borders, so that its sides lie between chroma samples."""
    rows, columns = layer.shape[:2]
    before = top % 2, left % 2
    after = (top + rows) % 2, (left + columns) % 2
    if any(before + after):
        layer = cv2.copyMakeBorder(layer, before[0], after[0], before[1], after[1], cv2.BORDER_CONSTANT, value=_CLEAR)
    return layer, left - before[1], top - before[0]
