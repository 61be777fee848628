"""Image files that hold a row of pictures."""

import logging

import numpy as np
import pytest
from PIL import Image, features

from pipeline.errors import InputError
from pipeline.video import open_source
from pipeline.video.image_sequence import ImageSequence

DURATIONS = [100, 50, 50, 200, 100, 40]
TIMES = [0, 0.1, 0.15, 0.2, 0.4, 0.5]


@pytest.fixture
def animate(clips, tmp_path):
    """``animate('a.webp', …)``: an animation of six numbered pictures."""

    def write(name, images=None, **options):
        if name.endswith('avif') and not features.check('avif'):
            pytest.skip('this Pillow was built without AVIF')
        images = images or [Image.fromarray(clips.image(i, 160, 120)) for i in range(6)]
        images[0].save(tmp_path / name, save_all=True, append_images=images[1:], **options)
        return tmp_path / name

    return write


def read(path, **options):
    with open_source(path, **options) as source:
        return list(source), source


@pytest.mark.parametrize('name', ['a.webp', 'a.png', 'a.avif', 'a.gif'])
def test_all_pictures_come_with_their_durations(animate, clips, name):
    frames, source = read(animate(name, duration=DURATIONS))
    assert [clips.number_of(f.image) for f in frames] == [f.index for f in frames] == list(range(6))
    assert [f.time for f in frames] == pytest.approx(TIMES)
    assert source.info.num_frames == 6 and source.info.fps == pytest.approx(6 / 0.54, rel=0.1)


def test_a_stack_has_the_given_rate(animate, clips):
    path = animate('a.tif')
    for fps, rate in ((None, 30), (5, 5)):
        frames, source = read(path, fps=fps)
        assert [clips.number_of(f.image) for f in frames] == list(range(6))
        assert [f.time for f in frames] == pytest.approx(np.arange(6) / rate) and source.info.fps == rate


@pytest.mark.parametrize('name, frames', [('anim.webp', 12), ('stack.tif', 12)])
def test_files_from_the_field(shared, name, frames):
    found, source = read(shared('video', 'field', name))
    assert len(found) == source.info.num_frames == frames
    assert len({f.image.tobytes() for f in found}) == frames
    if name == 'anim.webp':
        assert [f.time for f in found] == pytest.approx(np.arange(12) / 10) and source.info.fps == 10


def test_a_range_starts_and_ends_at_the_very_picture(animate, clips):
    frames, source = read(animate('a.webp', duration=DURATIONS), start=0.15, end='5f')
    assert [clips.number_of(f.image) for f in frames] == [2, 3, 4]
    assert source.info.start == pytest.approx(0.15)


def test_a_png_for_old_programs_is_no_picture_of_the_animation(animate, clips):
    frames, _ = read(animate('a.png', duration=100, default_image=True))
    assert [clips.number_of(f.image) for f in frames] == [1, 2, 3, 4, 5]


def test_pictures_without_a_duration_are_shown_as_browsers_do(animate):
    frames, _ = read(animate('a.webp', duration=0))
    assert np.diff([f.time for f in frames]) == pytest.approx(0.1)


def test_16_bits_and_transparency_become_rgb(animate):
    grey = [Image.fromarray(np.full((6, 8), 257 * value, np.uint16)) for value in (10, 77)]
    frames, _ = read(animate('a.tif', grey))
    assert [tuple(f.image[0, 0]) for f in frames] == [(10, 10, 10), (77, 77, 77)]
    clear = [Image.new('RGBA', (8, 6), (200, 100, value, 128)) for value in (0, 50)]
    frames, _ = read(animate('b.png', clear))
    assert [tuple(f.image[0, 0]) for f in frames] == [(200, 100, 0), (200, 100, 50)]


def test_a_preview_in_a_tiff_is_left_out_and_said(animate, caplog):
    images = [Image.new('RGB', size, (9, 9, 9)) for size in ((8, 6), (4, 3), (8, 6))]
    with caplog.at_level(logging.WARNING):
        frames, source = read(animate('a.tif', images))
    assert [f.image.shape for f in frames] == [(6, 8, 3)] * 2 and source.info.num_frames == 2
    assert '1 of its pictures have another size' in caplog.text


def test_a_picture_by_itself_and_a_phones_two_exposures_are_no_animation(animate, tmp_path):
    single = tmp_path / 'a.webp'
    Image.new('RGB', (8, 6)).save(single)
    two = animate('b.jpg', [Image.new('RGB', (8, 6), (value, 0, 0)) for value in (10, 200)], format='MPO')
    for path in (single, two):
        with open_source(path) as source:
            assert isinstance(source, ImageSequence) and len(list(source)) == 1


def test_a_file_that_breaks_off_gives_what_it_has(animate, clips, caplog):
    path = animate('a.png', duration=100)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
    frames, _ = read(path)
    assert 1 <= len(frames) < 6 and [clips.number_of(f.image) for f in frames] == list(range(len(frames)))
    assert 'of the 6 pictures that its header promises' in caplog.text


def test_pictures_that_are_too_large_are_refused(animate, monkeypatch):
    monkeypatch.setattr('pipeline.video.animated._MAX_ANIMATED_PIXELS', 5 * 160 * 120)
    with pytest.raises(InputError, match='6 pictures of 160x120 are too large'):
        read(animate('a.webp', duration=100))


def test_a_damaged_page_of_a_stack_is_skipped_and_said(animate, clips, caplog):
    path = animate('a.tif', compression='tiff_adobe_deflate')
    with Image.open(path) as image:
        image.seek(3)
        begin = image.tag_v2[273][0]  # StripOffsets
    data = bytearray(path.read_bytes())
    data[begin : begin + 40] = bytes(40)
    path.write_bytes(data)
    frames, source = read(path)
    assert [clips.number_of(f.image) for f in frames] == [0, 1, 2, 4, 5] and source.skipped == 1
    assert 'its picture 3 cannot be read' in caplog.text
