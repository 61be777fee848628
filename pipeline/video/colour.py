"""Between RGB and the YUV of video files, with the right matrix, range and transfer."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Optional

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from pipeline.video.hdr import HLG, PQ, to_sdr

# ITU-T H.273, tables 2 to 4: code points of primaries, transfer and matrix
BT709, UNSPECIFIED, BT601, BT2020 = 1, 2, 6, 9
_HD_HEIGHT = 720
# (Kr, Kb): the luma of red and blue; matrices that are not listed are read as BT.601, as swscale does
_LUMA = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 7: (0.212, 0.087), 9: (0.2627, 0.0593), 10: (0.2627, 0.0593)}
_LUMA_601 = (0.299, 0.114)


@dataclass(frozen=True)
class Colours:
    """What the numbers of a YUV picture mean.

    Attributes:
        matrix, primaries, transfer: code points of ITU-T H.273; ``matrix`` is never
            "unspecified", the others may be.
        full: full range (0..255 in 8 bits) instead of 16..235 and 16..240.
        depth: bits of a sample, 8 or 10.
    """

    matrix: int = BT709
    primaries: int = BT709
    transfer: int = BT709
    full: bool = False
    depth: int = 8

    @classmethod
    def of(cls, frame: av.VideoFrame, primaries: int = UNSPECIFIED, transfer: int = UNSPECIFIED) -> 'Colours':
        """Of a decoded frame.

        Files that name no matrix get what players assume: BT.709 from 720 lines up,
        BT.601 below.

        Args:
            primaries, transfer: of the stream, which PyAV tells of no frame.
        """
        matrix = frame.colorspace
        if matrix == UNSPECIFIED:
            matrix = BT709 if frame.height >= _HD_HEIGHT else BT601
        full = frame.color_range == ColorRange.JPEG or frame.format.name.startswith('yuvj')
        depth = 10 if any(part.bits > 8 for part in frame.format.components) else 8
        return cls(int(matrix), int(primaries), int(transfer), full, depth)

    @property
    def hdr(self) -> bool:
        """Whether the transfer is one of high dynamic range: PQ or HLG."""
        return self.transfer in (PQ, HLG)

    @property
    def pixels(self) -> str:
        """FFmpeg's name of the 4:2:0 layout."""
        return 'yuv420p10le' if self.depth == 10 else 'yuv420p'

    @property
    def range(self) -> ColorRange:
        return ColorRange.JPEG if self.full else ColorRange.MPEG

    def encoding(self) -> np.ndarray:
        """``(3, 4)``: from R'G'B' in 0..255 and a 1 to Y'CbCr in code values of ``depth``."""
        return _encoding(self.matrix, self.full, self.depth)

    def decoding(self) -> np.ndarray:
        """``(3, 4)``: from Y'CbCr in code values and a 1 to R'G'B' in 0..255."""
        forward = np.vstack([self.encoding(), [0, 0, 0, 1]])
        return np.linalg.inv(forward)[:3]


@lru_cache(maxsize=64)
def _encoding(matrix: int, full: bool, depth: int) -> np.ndarray:
    kr, kb = _LUMA.get(matrix, _LUMA_601)
    luma = np.array([kr, 1 - kr - kb, kb])
    red, _, blue = np.eye(3)
    rows = np.stack([luma, (blue - luma) / (2 * (1 - kb)), (red - luma) / (2 * (1 - kr))])
    step = 1 << (depth - 8)
    scale = np.full(3, 256 * step - 1) if full else np.array([219, 224, 224]) * step
    offset = np.array([0 if full else 16, 128, 128]) * step
    return np.column_stack([rows * (scale / 255)[:, None], offset])


class RgbConverter:
    """Decoded frames to RGB images of one size; high dynamic range is mapped to a standard screen's.

    Args:
        width, height: of the images in px, before any rotation.
    """

    def __init__(self, width: int, height: int):
        self._width, self._height = width, height
        self._reformatter = VideoReformatter()

    def __call__(self, frame: av.VideoFrame, colours: Optional[Colours] = None) -> np.ndarray:
        """``(H, W, 3)`` uint8 RGB, contiguous and writable.

        Args:
            colours: where more is known than the frame itself tells.
        """
        options = {}
        if is_yuv(frame.format):
            colours = colours or Colours.of(frame)
            options = {
                'src_colorspace': colours.matrix,
                'dst_colorspace': Colorspace.DEFAULT,
                'src_color_range': colours.range,
            }
        rgb = self._reformatter.reformat(frame, self._width, self._height, 'rgb24', **options)
        image = rgb.to_ndarray()
        if options and colours.hdr:
            return to_sdr(image, colours.transfer)
        return image if image.flags.writeable and image.flags.c_contiguous else image.copy()


def is_yuv(layout: av.VideoFormat) -> bool:
    """Whether pictures of this layout hold luma and two chroma planes."""
    return not layout.is_rgb and len(layout.components) >= 3 and not layout.has_palette


class YuvConverter:
    """RGB images to 4:2:0; without ``colours`` to what H.264 players expect: BT.709, limited range, 8 bits."""

    def __init__(self, colours: Colours = Colours()):
        self._colours = colours
        self._reformatter = VideoReformatter()

    def __call__(self, image: np.ndarray) -> av.VideoFrame:
        """Convert ``image`` ``(H, W, 3)`` uint8 RGB.

        4:2:0 has only even sides: the last row or column is repeated where a
        side is odd, so that no pixel is lost.
        """
        height, width = image.shape[:2]
        if height % 2 or width % 2:
            image = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
        frame = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(image), 'rgb24')
        return self._reformatter.reformat(
            frame, format=self._colours.pixels, dst_colorspace=self._colours.matrix, dst_color_range=self._colours.range
        )
