"""Frames that stay YUV: what is handed out, and that RGB made from planes agrees with swscale's."""

import av
import cv2
import numpy as np
import pytest

from pipeline.types import Frame
from pipeline.video import VideoWriter, open_source
from pipeline.video.colour import Colours, RgbConverter, YuvConverter
from pipeline.video.hdr import HLG, PQ, from_sdr, nits, signal, to_sdr
from pipeline.video.orientation import Orientation
from pipeline.video.yuv import YuvPicture, picture_of, views

FULL = 2


def smooth(width=320, height=240):
    y, x = np.mgrid[:height, :width]
    return np.stack([60 + 120 * x // width, 200 - 100 * y // height, 90 + 60 * (x + y) // (width + height)], -1).astype(
        np.uint8
    )


def smooth_at(height, width, interpolation):
    return cv2.resize(smooth(), (width, height), interpolation=interpolation).astype(int)


def stored(pixels='yuv420p', image=None, matrix=1, colour_range=1):
    """A decoder's frame of ``image`` in the layout ``pixels``."""
    frame = av.VideoFrame.from_ndarray(smooth() if image is None else image, 'rgb24').reformat(
        format=pixels, dst_colorspace=matrix, dst_color_range=colour_range
    )
    frame.colorspace, frame.color_range = matrix, colour_range
    return frame


def picture(frame, orientation=Orientation(), size=None, primaries=2, transfer=2):
    size = size or (frame.width, frame.height)
    return picture_of(frame, size, orientation, RgbConverter(*size), primaries, transfer)


def test_planes_are_those_of_the_decoder():
    frame = stored()
    given = picture(frame)
    assert isinstance(given, YuvPicture) and given.shape == (240, 320, 3)
    for ours, theirs in zip(given.planes, views(frame)):
        assert np.array_equal(ours, theirs) and np.shares_memory(ours, theirs) and not ours.flags.writeable
    own = given.copy()
    own.y[:] = 0
    assert given.planes[0].any()


@pytest.mark.parametrize('turns', range(4))
@pytest.mark.parametrize('mirrored', [False, True])
def test_a_turned_phone_clip_has_upright_planes(turns, mirrored):
    orientation = Orientation(turns, mirrored)
    given = picture(stored(), orientation)
    expected = orientation.apply(smooth())
    assert given.shape == expected.shape
    assert np.abs(given.rgb.astype(int) - expected).mean() < 2
    assert np.abs(given.copy().rgb.astype(int) - expected).mean() < 2


@pytest.mark.parametrize(
    'pixels', ['yuv420p', 'yuv422p', 'yuv444p', 'nv12', 'yuv420p10le', 'yuv422p10le', 'yuv444p12le', 'yuva420p']
)
@pytest.mark.parametrize('matrix', [1, 6])
@pytest.mark.parametrize('colour_range', [1, FULL])
def test_every_layout_keeps_its_colours_on_the_planes(pixels, matrix, colour_range):
    given = picture(stored(pixels, matrix=matrix, colour_range=colour_range))
    assert given.colours.matrix == matrix and given.colours.full == (colour_range == FULL)
    assert given.colours.depth == (10 if pixels.endswith('le') else 8)
    # swscale rounds its fast conversions down by up to two levels, and chroma of the border differs
    assert np.abs(given.copy().rgb.astype(int) - given.rgb).max() <= 6
    assert np.abs(given.rgb.astype(int) - smooth()).mean() < 2.5


def test_full_range_of_old_names_is_seen():
    assert picture(stored('yuvj420p', colour_range=FULL)).colours.full


@pytest.mark.parametrize('pixels', ['gray', 'rgb24', 'gbrp', 'pal8'])
def test_what_is_not_yuv_comes_as_rgb(pixels):
    frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), 'rgb24')
    frame = frame if pixels == 'pal8' else frame.reformat(format=pixels)
    given = picture(frame)
    assert isinstance(given, np.ndarray) and np.abs(given.astype(int) - 90).max() <= 2


def test_odd_sides_come_as_rgb(clips):
    with open_source(clips.write(size=(101, 57), frames=2, pixels='yuv444p')) as source:
        assert all(isinstance(f.picture, np.ndarray) and f.image.shape == (57, 101, 3) for f in source)


@pytest.mark.parametrize('pixels', ['yuv420p', 'yuv420p10le'])
@pytest.mark.parametrize('matrix, colour_range', [(1, 1), (6, 1), (1, FULL), (9, 1)])
def test_small_pictures_and_crops_agree_with_those_of_the_whole_rgb(pixels, matrix, colour_range):
    frame = Frame(0, 0.0, picture(stored(pixels, matrix=matrix, colour_range=colour_range)))
    rgb = Frame(0, 0.0, frame.image)
    for interpolation in (cv2.INTER_LINEAR, cv2.INTER_AREA):
        ours, theirs = (f.resized(96, 64, interpolation).astype(int) for f in (frame, rgb))
        assert ours.shape == (64, 96, 3) and np.abs(ours - theirs).max() <= 5
        assert np.abs(ours - smooth_at(64, 96, interpolation)).mean() < 1.5
    for part in ((40, 30, 232, 158), (41, 31, 234, 157)):
        ours, theirs = (f.resized(96, 64, cv2.INTER_LINEAR, part).astype(int) for f in (frame, rgb))
        assert np.abs(ours - theirs).max() <= 6
        assert np.abs(theirs - cv2.resize(frame.image[part[1] : part[3], part[0] : part[2]], (96, 64))).max() == 0
    angle = 0.4
    for scale in (1.5, 0.8, 0.4, 0.2):
        turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        matrix_ = np.column_stack([turn, (24, 24) - turn @ (160, 120)])
        ours, theirs = (f.warped(matrix_, 48, 48).astype(int) for f in (frame, rgb))
        assert np.abs(ours - theirs)[8:-8, 8:-8].max() <= 6


@pytest.mark.parametrize('pixels', ['yuv420p', 'yuv420p10le'])
def test_single_pixels_have_the_colours_of_the_whole_rgb(pixels):
    frame = Frame(0, 0.0, picture(stored(pixels)))
    x, y = np.random.default_rng(0).integers(0, [[320], [240]], (2, 200))
    colours = frame.colours_at(x, y)
    assert colours.shape == (200, 3) and colours.dtype == np.uint8
    assert np.abs(colours.astype(int) - frame.image[y, x]).max() <= 4
    np.testing.assert_array_equal(Frame(0, 0.0, frame.image).colours_at(x, y), frame.image[y, x])
    assert frame.colours_at(x[:0], y[:0]).shape == (0, 3)


def test_a_crop_is_black_outside_the_picture():
    frame = Frame(0, 0.0, picture(stored()))
    crop = frame.warped(np.array([[1.0, 0, 100], [0, 1, 0]]), 200, 50)
    assert crop[:, :98].max() <= 1 and crop[:, 104:].min() > 30
    # half a sample of colour fades at the border
    assert np.abs(crop[1:, 104:].astype(int) - frame.image[1:50, 4:100]).max() <= 3


def test_the_whole_rgb_is_made_once_and_only_on_demand(monkeypatch):
    frame = Frame(0, 0.0, picture(stored()))
    assert (frame.width, frame.height) == (320, 240)
    frame.resized(64, 48)
    assert frame.picture._image is None
    assert frame.image is frame.image


def test_matrices_by_hand():
    # BT.601 section 3.5: red is 81.5, 90.2, 240 in limited range
    assert Colours(6).encoding() @ (255, 0, 0, 1) == pytest.approx((81.5, 90.2, 240), abs=0.05)
    assert Colours(1, depth=10).encoding() @ (255, 255, 255, 1) == pytest.approx((940, 512, 512))
    assert Colours(1, full=True).encoding() @ (0, 0, 0, 1) == pytest.approx((0, 128, 128))
    colours = Colours(9, depth=10)
    assert colours.decoding() @ np.append(colours.encoding() @ (12, 34, 56, 1), 1) == pytest.approx((12, 34, 56))


# high dynamic range


def test_the_curves_pass_through_the_points_of_their_standards():
    # BT.2408 table 1: white of graphics, 203 cd/m2, is 58 % PQ and 75 % HLG; BT.2100: 0.7518 is 1000 cd/m2
    assert signal(np.array([203.0]), PQ) == pytest.approx(0.58, abs=0.002)
    assert signal(np.array([203.0]), HLG) == pytest.approx(0.75, abs=0.005)
    assert nits(np.array([0.7518, 1.0]), PQ) == pytest.approx([1000, 10000], rel=0.002)
    assert nits(np.array([1.0]), HLG) == pytest.approx(1000, rel=0.001)
    for transfer in (PQ, HLG):
        assert signal(nits(np.linspace(0, 1, 20), transfer), transfer) == pytest.approx(np.linspace(0, 1, 20), abs=1e-4)


@pytest.mark.parametrize('transfer', [PQ, HLG])
def test_a_standard_colour_in_hdr_looks_the_same_on_a_standard_screen(transfer):
    for colour in ((0, 0, 0), (100, 100, 100), (120, 80, 60), (40, 90, 120)):
        shown = to_sdr(np.rint(from_sdr(np.array([[colour]]), transfer)).astype(np.uint8), transfer)
        assert np.abs(shown[0, 0].astype(int) - colour).max() <= 8
    white = to_sdr(np.rint(from_sdr(np.array([[[255] * 3]]), transfer)).astype(np.uint8), transfer)
    assert 200 < white.min() < 255  # room for highlights above it


def facts(path):
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        frame = next(container.decode(video=0))
        return (
            frame.format.name,
            context.profile,
            (context.color_primaries, context.color_trc, context.colorspace, context.color_range),
        )


def copied(source_path, path, **options):
    with open_source(source_path) as source, VideoWriter(path, source.info, **options) as writer:
        for frame in source:
            writer.write(frame.picture, frame.time)
    return path


def hdr_clip(clips, transfer=PQ):
    """Ten frames of a gradient in PQ or HLG, BT.2020, 10 bits."""
    path = clips.folder / 'hdr.mp4'
    with av.open(str(path), 'w') as output:
        stream = output.add_stream('libx265', rate=30, options={'x265-params': 'log-level=none'})
        stream.width, stream.height, stream.pix_fmt = 320, 240, 'yuv420p10le'
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = 9, transfer, 9, 1
        convert = YuvConverter(Colours(9, 9, transfer, depth=10))
        for i in range(10):
            frame = convert(np.rint(from_sdr(smooth(), transfer)).astype(np.uint8))
            frame.pts = i
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize('transfer', [PQ, HLG])
def test_an_hdr_clip_keeps_tags_depth_and_contrast(clips, transfer):
    path = hdr_clip(clips, transfer)
    copy = copied(path, clips.folder / 'copy.mp4')
    assert facts(copy) == ('yuv420p10le', 'High 10', (9, transfer, 9, 1))
    with open_source(path) as a, open_source(copy) as b:
        for before, after in zip(a, b):
            for plane, other in zip(before.picture.planes, after.picture.planes):
                assert np.abs(plane.astype(int) - other).mean() < 4  # of 1023
            assert after.image.std() == pytest.approx(before.image.std(), rel=0.02)
    assert before.image.std() == pytest.approx(smooth().std(), rel=0.15)


def test_a_real_hdr_clip_has_the_contrast_of_its_sdr_original(shared):
    with open_source(shared('video', 'field', 'pq.mp4')) as hdr:
        a = next(iter(hdr))
    with open_source(shared('video', 'field', 'base.mp4')) as sdr:
        b = next(iter(sdr))
    assert a.image.std() == pytest.approx(b.image.std(), rel=0.1)
    assert np.abs(a.image.astype(int) - b.image).mean() < 12
    assert np.abs(a.resized(160, 90).astype(int) - cv2.resize(a.image, (160, 90))).mean() < 3


def test_without_10_bits_hdr_is_written_as_a_standard_screen_shows_it(clips, monkeypatch, caplog):
    from pipeline.video import writer

    path = hdr_clip(clips)
    monkeypatch.setattr(writer, '_encoder_layouts', lambda: ['yuv420p'])
    copy = copied(path, clips.folder / 'copy.mp4')
    assert facts(copy) == ('yuv420p', 'High', (1, 1, 1, 1)) and 'without 10 bits' in caplog.text
    with open_source(path) as a, open_source(copy) as b:
        assert np.abs(next(iter(a)).image.astype(int) - next(iter(b)).image).mean() < 3


@pytest.mark.parametrize(
    'pixels, expected',
    [('yuv420p', 'yuv420p'), ('yuvj420p', 'yuvj420p'), ('yuv444p', 'yuv420p'), ('yuv422p', 'yuv420p')],
)
def test_copies_have_the_colours_of_their_sources(clips, pixels, expected):
    path = clips.write(pixels=pixels, frames=3, images=lambda i: smooth(160, 120))
    copy = copied(path, clips.folder / 'copy.mp4', crf=5)
    name, _, tags = facts(copy)
    # a small clip without marks is BT.601, and its copy says so
    assert name == expected and tags[2:] == (6, 2 if 'j' in pixels else 1)
    with open_source(path) as a, open_source(copy) as b:
        for before, after in zip(a, b):
            assert np.abs(before.image.astype(int) - after.image).mean() < 1.5


def test_rgb_and_yuv_pictures_may_follow_each_other(clips):
    path = clips.write(frames=4)
    with open_source(path) as source, VideoWriter(clips.folder / 'copy.mp4', source.info) as writer:
        for frame in source:
            writer.write(frame.image if frame.index % 2 else frame.picture, frame.time)
    with open_source(clips.folder / 'copy.mp4') as source:
        assert [clips.number_of(f.image) for f in source] == list(range(4))
