"""Drawing upon planes: equal outside the strokes, and inside them as upon RGB."""

import av
import numpy as np
import pytest

from pipeline.render import Renderer, RenderOptions
from pipeline.render.canvas import RgbCanvas, YuvCanvas
from pipeline.render.labels import draw_plate
from pipeline.render.renderer import draw_box
from pipeline.skeletons import Skeleton
from pipeline.types import People
from pipeline.video.colour import Colours, YuvConverter
from pipeline.video.hdr import PQ, to_sdr
from pipeline.video.orientation import Orientation
from pipeline.video.yuv import YuvPicture

ARM = Skeleton(
    'arm',
    ('neck', 'left_elbow', 'left_wrist'),
    ((0, 1), (1, 2)),
    (0, 1, 2),
    np.full(3, 0.05, np.float32),
    ('', 'left', 'left'),
)
POSE = np.array([[61, 60], [75, 121], [61, 180]], np.float32)
SDR = [Colours(), Colours(6), Colours(1, full=True), Colours(6, depth=10), Colours(9, 9, 14, depth=10)]


def noise(height=240, width=320):
    """Each 2 x 2 pixels alike, so that 4:2:0 can hold them."""
    small = np.random.default_rng(0).integers(30, 220, (height // 2, width // 2, 3), dtype=np.uint8)
    return small.repeat(2, axis=0).repeat(2, axis=1)


def picture(colours, image=None):
    frame = YuvConverter(colours)(noise() if image is None else image)
    return YuvPicture(frame, frame.width, frame.height, Orientation(), colours)


def people(filled=False):
    return People(
        np.array([[40, 45, 95, 195]], np.float32),
        np.ones(1, np.float32),
        POSE[None],
        np.ones((1, 3), np.float32),
        np.array([1]),
        POSE[None] + np.float32(3),
        np.array([filled]),
    )


@pytest.mark.parametrize('colours', SDR + [Colours(9, 9, PQ, depth=10)])
@pytest.mark.parametrize('compare', [False, True])
def test_samples_away_from_strokes_are_equal_to_the_last_bit(colours, compare):
    given = picture(colours)
    before = [plane.copy() for plane in given.planes]
    options = RenderOptions(boxes=True, trails=('neck',), compare=compare)
    drawn = Renderer(ARM, options).draw(given, people())
    assert drawn.colours == colours and drawn.shape == (240, 640 if compare else 320, 3)
    for plane, own, size in zip(before, (drawn.y, drawn.u, drawn.v), (1, 2, 2)):
        far = slice(110 // size, 310 // size)
        shift = 320 // size if compare else 0
        assert np.array_equal(own[60 // size :, far], plane[60 // size :, far])
        assert np.array_equal(own[60 // size :, far.start + shift : far.stop + shift], plane[60 // size :, far])
        assert (
            own[50 // size : 190 // size, 40 // size : 95 // size]
            != plane[50 // size : 190 // size, 40 // size : 95 // size]
        ).any()
    for plane, kept in zip(given.planes, before):
        assert np.array_equal(plane, kept)  # the decoder still predicts from it


def test_nobody_in_the_picture_changes_nothing():
    given = picture(Colours())
    drawn = Renderer(ARM).draw(given, People.empty(3))
    assert all(np.array_equal(a, b) for a, b in zip(given.planes, (drawn.y, drawn.u, drawn.v)))


@pytest.mark.parametrize('colours', SDR)
@pytest.mark.parametrize('filled', [False, True])
def test_strokes_look_as_upon_rgb(colours, filled):
    options = RenderOptions(line_width=0.1, boxes=True, trails=('neck',))
    given = picture(colours, np.full((240, 320, 3), (90, 120, 70), np.uint8))
    on_planes = Renderer(ARM, options).draw(given, people(filled)).rgb.astype(int)
    on_rgb = Renderer(ARM, options).draw(given.rgb, people(filled))
    # seen as 4:2:0 shows it: edges of colour are softer, and the rest equal
    expected = YuvConverter(Colours())(on_rgb).to_ndarray(format='rgb24', src_colorspace=1, dst_colorspace=5)
    expected = expected.astype(int)
    assert np.abs(on_planes - expected).mean() < 2.5
    error = np.abs(on_planes - on_rgb)
    assert error.mean() < 2.5 and np.percentile(error[80:170, 60:80], 50) <= 4
    weights = [0.2126, 0.7152, 0.0722]
    assert np.percentile(np.abs((on_planes - expected) @ weights), 99.5) < 12


def test_a_blend_by_hand():
    planes = picture(Colours(), np.full((8, 8, 3), 126, np.uint8)).copy()
    canvas = YuvCanvas(planes)
    red = np.rint(canvas.inks(np.array([255, 0, 0])) * 100 / 255)  # opacity 100 of 255
    canvas.blend(np.full((2, 2, 4), (*red, 155), np.uint8), 3, 3)
    # Y of grey 126 is 16 + 219 * 126 / 255 = 124.2; of red 16 + 219 * 0.2126 = 62.6; 155 and 100 parts of 255
    assert planes.y[3, 3] == pytest.approx(124.2 * 155 / 255 + 62.6 * 100 / 255, abs=1.5)
    assert planes.y[2, 3] == planes.y[0, 0] and planes.y[5, 4] == planes.y[0, 0]
    # a quarter of each of four chroma samples is covered: Cr of red is 240
    assert planes.v[1:3, 1:3] == pytest.approx(128 + 112 * 100 / 255 / 4, abs=1)
    assert planes.v[0, 0] == 128 and planes.v[3, 3] == 128


def test_colours_in_hdr_look_as_in_sdr():
    colours = Colours(9, 9, PQ, depth=10)
    planes = picture(colours, np.full((60, 80, 3), 60, np.uint8)).copy()
    wanted = (86, 140, 120)
    draw_box(YuvCanvas(planes), np.array([10, 10, 30, 30]), wanted)
    draw_plate(YuvCanvas(planes), 'x', 40, 10, 30, wanted)
    shown = planes.rgb
    assert np.abs(shown[13:16, 62].astype(int) - wanted).max() <= 25  # opacity 235 of 255
    assert np.abs(to_sdr(np.full((1, 1, 3), 60, np.uint8), PQ)[0, 0].astype(int) - shown[55, 70]).max() <= 2
    # thousands of cd/m2 would be the same numbers without the curve: white must not outshine the picture's
    assert planes.y.max() < 64 + 876 * 0.6


@pytest.mark.parametrize('box', [(10, 10, 31, 25), (-5, -5, 300, 300), (11, 11, 11, 11), (78, 58, 90, 90)])
def test_boxes_at_any_place(box):
    planes, image = picture(Colours(), noise(60, 80)).copy(), noise(60, 80)
    before = planes.y.copy()
    for canvas in (YuvCanvas(planes), RgbCanvas(image)):
        draw_box(canvas, np.array(box), (255, 255, 255))
    changed = (image == 255).all(axis=2)
    assert np.array_equal(planes.y != before, changed) and (planes.y[changed] >= 234).all()


def test_a_frame_that_is_looked_at_later_is_never_drawn_upon():
    given = picture(Colours())
    Renderer(ARM).draw(given, people(), in_place=True)
    assert np.array_equal(given.rgb, picture(Colours()).rgb)


def test_planes_of_the_decoder_cannot_be_written_to():
    frame = av.VideoFrame(64, 48, 'yuv420p')
    given = YuvPicture(frame, 64, 48, Orientation(), Colours())
    with pytest.raises(ValueError):
        given.planes[0][:] = 1
