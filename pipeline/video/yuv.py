"""Pictures as YUV 4:2:0 planes, as the decoder gave them; RGB only where it is asked for."""

from threading import Lock
from typing import List, Optional, Tuple

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from pipeline.types import Part, warp_averaged
from pipeline.video.colour import Colours, RgbConverter, is_yuv
from pipeline.video.hdr import to_sdr
from pipeline.video.orientation import Orientation

# every sample of these is taken over as it is; the others are converted to the nearest of them
_NATIVE = {'yuv420p': 8, 'yuvj420p': 8, 'yuv420p10le': 10}


class Planes:
    """A 4:2:0 picture that can be drawn upon and encoded.

    Attributes:
        y, u, v: ``(H, W)`` and twice ``(H / 2, W / 2)``, uint8 or (10 bits) uint16; views of ``frame``.
        colours: what their numbers mean.
        frame: the picture as an encoder takes it.
    """

    def __init__(self, width: int, height: int, colours: Colours):
        self.colours = colours
        self.frame = av.VideoFrame(width, height, colours.pixels)
        self.frame.colorspace, self.frame.color_range = colours.matrix, colours.range
        self.y, self.u, self.v = views(self.frame)

    @property
    def shape(self) -> Tuple[int, int, int]:
        """``(H, W, 3)``, as of an RGB image of the same size."""
        return (*self.y.shape, 3)

    @property
    def nbytes(self) -> int:
        """Bytes of the three planes."""
        return self.y.nbytes + self.u.nbytes + self.v.nbytes

    @property
    def planes(self) -> List[np.ndarray]:
        """The three, as :attr:`YuvPicture.planes`; these may be written to."""
        return [self.y, self.u, self.v]

    def copy(self) -> 'Planes':
        """Another picture with the same samples."""
        own = Planes(self.y.shape[1], self.y.shape[0], self.colours)
        for ours, given in zip(own.planes, self.planes):
            np.copyto(ours, given)
        return own

    @property
    def rgb(self) -> np.ndarray:
        """``(H, W, 3)`` uint8 RGB."""
        return RgbConverter(self.y.shape[1], self.y.shape[0])(self.frame, self.colours)


class YuvPicture:
    """A decoded picture; nothing is converted or copied before it is asked for.

    It shares its memory with the decoder, which predicts other pictures from it: it must
    not be drawn upon. :meth:`copy` gives what can be.

    Args:
        frame: of the decoder.
        width, height: to which the stored picture is scaled (even); 4:2:0 with square pixels.
        orientation: what makes it upright then.
        colours: of the frame.
    """

    def __init__(self, frame: av.VideoFrame, width: int, height: int, orientation: Orientation, colours: Colours):
        self._frame, self._size, self._orientation = frame, (width, height), orientation
        self.colours = colours
        self._image: Optional[np.ndarray] = None
        self._planes: Optional[List[np.ndarray]] = None
        self._lock = Lock()

    @property
    def shape(self) -> Tuple[int, int, int]:
        """``(H, W, 3)`` of the upright picture."""
        width, height = self._size[::-1] if self._orientation.swaps_sides else self._size
        return height, width, 3

    @property
    def nbytes(self) -> int:
        """Bytes of the decoded picture."""
        return sum(plane.buffer_size for plane in self._frame.planes)

    @property
    def rgb(self) -> np.ndarray:
        """``(H, W, 3)`` uint8 RGB, upright; made once."""
        with self._lock:
            if self._image is None:
                self._image = self._orientation.apply(RgbConverter(*self._size)(self._frame, self.colours))
            return self._image

    @property
    def planes(self) -> List[np.ndarray]:
        """Y ``(H, W)``, U and V ``(H / 2, W / 2)``, upright: uint8, or uint16 of 10 bits. Not to be written to."""
        with self._lock:
            if self._planes is None:
                self._planes = [self._orientation.apply(plane) for plane in views(self._as_420())]
                for plane in self._planes:
                    plane.flags.writeable = False
            return self._planes

    def copy(self) -> Planes:
        """A picture of one's own, to draw upon and to encode."""
        height, width = self.shape[:2]
        own = Planes(width, height, self.colours)
        for ours, given in zip((own.y, own.u, own.v), self.planes):
            np.copyto(ours, given)
        return own

    def resized(self, width: int, height: int, interpolation: int, part: Optional[Part] = None) -> np.ndarray:
        """``(height, width, 3)`` uint8 RGB; reads the part only, and converts the small picture only."""
        luma, *chroma = self.planes
        x1, y1, x2, y2 = part or (0, 0, luma.shape[1], luma.shape[0])
        # a part with odd corners has its colours at most half a pixel off
        below = slice(y1 // 2, (y2 + 1) // 2), slice(x1 // 2, (x2 + 1) // 2)
        parts = [luma[y1:y2, x1:x2], *(plane[below] for plane in chroma)]
        return self._rgb_of([cv2.resize(plane, (width, height), interpolation=interpolation) for plane in parts])

    def warped(self, matrix: np.ndarray, width: int, height: int) -> np.ndarray:
        """``(height, width, 3)`` uint8 RGB; reads the part under it only.

        Black outside the picture, at whose border the colour fades over half a chroma sample.
        """
        y, u, v = self.planes
        half = np.array(matrix, float)
        # chroma sample c covers the luma samples 2 c and 2 c + 1
        half[:, 2] += half[:, :2] @ (0.5, 0.5)
        half[:, :2] *= 2
        black = self.colours.encoding()[:, 3]
        return self._rgb_of(
            [
                warp_averaged(plane, where, width, height, float(border))
                for plane, where, border in zip((y, u, v), (matrix, half, half), black)
            ]
        )

    def colours_at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """``(N, 3)`` uint8 RGB of the pixels at ``x``, ``y``."""
        luma, u, v = self.planes
        samples = [luma[y, x], u[y // 2, x // 2], v[y // 2, x // 2]]
        return self._rgb_of([plane[:, None] for plane in samples])[:, 0] if len(x) else np.zeros((0, 3), np.uint8)

    def _rgb_of(self, planes: List[np.ndarray]) -> np.ndarray:
        """``(h, w, 3)`` uint8 RGB of three planes of one size."""
        matrix = self.colours.decoding().astype(np.float32)
        merged = cv2.merge(planes)
        if merged.dtype == np.uint8:
            image = cv2.transform(merged, matrix)
        else:
            image = np.clip(cv2.transform(merged.astype(np.float32), matrix) + 0.5, 0, 255).astype(np.uint8)
        return to_sdr(image, self.colours.transfer) if self.colours.hdr else image

    def _as_420(self) -> av.VideoFrame:
        frame = self._frame
        if frame.format.name in _NATIVE and (frame.width, frame.height) == self._size:
            return frame
        return VideoReformatter().reformat(
            frame,
            *self._size,
            format=self.colours.pixels,
            src_colorspace=self.colours.matrix,
            dst_colorspace=self.colours.matrix,
            src_color_range=self.colours.range,
            dst_color_range=self.colours.range,
        )


def picture_of(
    frame: av.VideoFrame,
    size: Tuple[int, int],
    orientation: Orientation,
    to_rgb: RgbConverter,
    primaries: int,
    transfer: int,
):
    """The picture of a decoded frame: a :class:`YuvPicture` where it is YUV with even sides, else RGB.

    Args:
        size: width and height in px to which it is scaled before it is turned.
        to_rgb: converts to that size.
        primaries, transfer: of the stream, as :meth:`Colours.of` wants them.
    """
    if frame.width * frame.height > size[0] * size[1]:  # a stream that grew: what waits is of the first size
        return orientation.apply(to_rgb(frame))
    if is_yuv(frame.format) and size[0] % 2 == 0 and size[1] % 2 == 0:
        return YuvPicture(frame, *size, orientation, Colours.of(frame, primaries, transfer))
    # chroma samples that cover half a pixel of the border cannot be turned or mirrored
    return orientation.apply(to_rgb(frame))


def views(frame: av.VideoFrame) -> List[np.ndarray]:
    """The planes of a 4:2:0 frame, without the padding of their rows."""
    dtype = np.uint16 if _NATIVE[frame.format.name] == 10 else np.uint8
    return [np.frombuffer(plane, dtype).reshape(plane.height, -1)[:, : plane.width] for plane in frame.planes]
