"""Between RGB and the YUV of video files, with the right matrix and range."""

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

# AVColorSpace (ITU-T H.273, table 4): "unspecified"
_UNSPECIFIED = 2
_HD_HEIGHT = 720


class RgbConverter:
    """Decoded frames to RGB images of one size.

    Files that name no matrix get what players assume: BT.709 from 720 lines
    up, BT.601 below.

    Args:
        width, height: of the images in px, before any rotation.
    """

    def __init__(self, width: int, height: int):
        self._width, self._height = width, height
        self._reformatter = VideoReformatter()

    def __call__(self, frame: av.VideoFrame) -> np.ndarray:
        """``(H, W, 3)`` uint8 RGB, contiguous and writable."""
        rgb = self._reformatter.reformat(frame, self._width, self._height, 'rgb24', **_source_colours(frame))
        image = rgb.to_ndarray()
        return image if image.flags.writeable and image.flags.c_contiguous else image.copy()


def _source_colours(frame: av.VideoFrame) -> dict:
    layout = frame.format
    if layout.is_rgb or len(layout.components) < 3:
        return {}
    matrix = frame.colorspace
    if matrix == _UNSPECIFIED:
        matrix = Colorspace.ITU709.value if frame.height >= _HD_HEIGHT else Colorspace.ITU601.value
    full = frame.color_range == ColorRange.JPEG or layout.name.startswith('yuvj')
    return {
        'src_colorspace': matrix,
        'dst_colorspace': Colorspace.DEFAULT,
        'src_color_range': ColorRange.JPEG if full else ColorRange.MPEG,
    }


class YuvConverter:
    """RGB images to what H.264 players expect: BT.709, limited range, 4:2:0."""

    def __init__(self):
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
            frame, format='yuv420p', dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
