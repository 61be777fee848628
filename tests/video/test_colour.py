import av
import numpy as np
import pytest

from pipeline.video.colour import RgbConverter, YuvConverter

BT709, BT601, UNSPECIFIED = 1, 6, 2
LIMITED, FULL = 1, 2
COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (200, 150, 120), (13, 77, 201)]
WEIGHTS = {BT709: (0.2126, 0.0722), BT601: (0.299, 0.114)}


def yuv_of(colour, matrix, full=False):
    """Equations of ITU-R BT.709 section 3 and BT.601 section 3.5, 8 bits."""
    red, green, blue = np.array(colour) / 255
    kr, kb = WEIGHTS[matrix]
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    cb, cr = (blue - luma) / (2 * (1 - kb)), (red - luma) / (2 * (1 - kr))
    if full:
        return 255 * luma, 128 + 255 * cb, 128 + 255 * cr
    return 16 + 219 * luma, 128 + 224 * cb, 128 + 224 * cr


def planes(frame):
    return [np.frombuffer(p, np.uint8).reshape(-1, p.line_size)[: p.height, : p.width] for p in frame.planes]


def flat_frame(yuv, size, matrix, colour_range):
    frame = av.VideoFrame(*size, 'yuv420p')
    for plane, value in zip(planes(frame), yuv):
        plane[:] = round(float(np.clip(value, 0, 255)))
    frame.colorspace, frame.color_range = matrix, colour_range
    return frame


@pytest.mark.parametrize('colour', COLOURS)
def test_to_yuv_is_bt709_in_limited_range(colour):
    frame = YuvConverter()(np.full((16, 16, 3), colour, np.uint8))
    assert frame.format.name == 'yuv420p'
    for plane, value in zip(planes(frame), yuv_of(colour, BT709)):
        assert np.abs(plane - value).max() <= 1


@pytest.mark.parametrize('colour', COLOURS)
@pytest.mark.parametrize(
    'marked, size, matrix',
    [
        (BT709, (64, 48), BT709),
        (BT601, (1280, 720), BT601),
        (UNSPECIFIED, (1280, 720), BT709),
        (UNSPECIFIED, (64, 48), BT601),
    ],
)
@pytest.mark.parametrize('full', [False, True])
def test_to_rgb_follows_the_marks_and_else_the_size(colour, marked, size, matrix, full):
    frame = flat_frame(yuv_of(colour, matrix, full), size, marked, FULL if full else LIMITED)
    image = RgbConverter(*size)(frame)
    assert image.shape == (size[1], size[0], 3)
    assert np.abs(image.astype(int) - colour).max() <= 4  # 8-bit chroma alone costs up to 2


def test_odd_sides_repeat_their_last_row_and_column():
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    luma = planes(YuvConverter()(image))[0]
    assert luma.shape == (6, 8)
    assert np.array_equal(luma[5], luma[4]) and np.array_equal(luma[:, 7], luma[:, 6])


@pytest.mark.parametrize('pixels', ['gray', 'rgba', 'gray16le', 'yuvj420p', 'yuv420p10le'])
def test_every_pixel_format_becomes_8_bit_rgb(pixels):
    grey = np.full((48, 64, 3), 90, np.uint8)
    image = RgbConverter(64, 48)(av.VideoFrame.from_ndarray(grey, 'rgb24').reformat(format=pixels))
    assert image.dtype == np.uint8 and image.flags.writeable
    assert np.abs(image.astype(int) - 90).max() <= 2
