import logging
from fractions import Fraction

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.errors import InputError
from pipeline.moments import Moment
from pipeline.video.image_sequence import ImageSequence, images_by_pattern, images_in_folder


@pytest.fixture
def folder(tmp_path, clips):
    """frame1.png ... frame12.png, numbered 1 to 12."""
    folder = tmp_path / 'frames'
    folder.mkdir()
    for i in range(1, 13):
        cv2.imwrite(str(folder / f'frame{i}.png'), clips.image(i, 64, 48)[..., ::-1])
    (folder / 'notes.txt').write_text('not an image')
    return folder


def test_a_folder_is_read_in_natural_order_in_rgb(folder, clips):
    source = ImageSequence('frames', images_in_folder(folder), fps=Fraction(10))
    frames = list(source)
    assert [clips.number_of(f.image) for f in frames] == list(range(1, 13))
    assert [f.index for f in frames] == list(range(12))
    assert [f.time for f in frames] == pytest.approx(np.arange(12) / 10)
    assert np.array_equal(frames[4].image, clips.image(5, 64, 48))
    assert (source.info.width, source.info.height) == (64, 48)
    assert source.info.num_frames == 12 and source.info.path is None


def test_a_pattern_selects_and_a_range_cuts(folder, clips):
    paths = images_by_pattern(str(folder / 'frame1*.png'))
    assert [p.stem for p in paths] == ['frame1', 'frame10', 'frame11', 'frame12']
    source = ImageSequence('frames', images_in_folder(folder), Moment(0.2), Moment(5, True), Fraction(10))
    assert [clips.number_of(f.image) for f in source] == [3, 4, 5]
    assert source.info.start == pytest.approx(0.2) and source.info.num_frames == 3


@pytest.mark.parametrize(
    'image, expected',
    [
        (np.full((6, 8), 77, np.uint8), (77, 77, 77)),  # grey
        (np.full((6, 8), 77 * 257, np.uint16), (77, 77, 77)),  # 16-bit grey
        (np.full((6, 8, 3), (30 * 257, 20 * 257, 10 * 257), np.uint16), (10, 20, 30)),  # 16-bit BGR
        (np.full((6, 8, 4), (30, 20, 10, 128), np.uint8), (10, 20, 30)),  # BGRA
    ],
)
def test_every_kind_of_png_becomes_8_bit_rgb(tmp_path, image, expected):
    path = tmp_path / 'a b ü.png'
    cv2.imencode('.png', image)[1].tofile(path)
    (frame,) = ImageSequence('a', [path])
    assert frame.image.shape == (6, 8, 3) and frame.image.dtype == np.uint8
    assert np.abs(frame.image.astype(int) - expected).max() <= 1


def test_another_size_is_an_error_that_names_the_file(folder):
    cv2.imwrite(str(folder / 'frame7.png'), np.zeros((48, 65, 3), np.uint8))
    with pytest.raises(InputError, match=r'frame7\.png: is 65x48 px, but the sequence began with 64x48.*--resize'):
        ImageSequence('frames', images_in_folder(folder))  # before any work
    assert ImageSequence('frames', images_in_folder(folder), end=Moment(6, True)).info.num_frames == 6


@pytest.mark.parametrize('size, inside', [((128, 96), (0, 0, 64, 48)), ((48, 48), (8, 0, 56, 48))])
def test_another_size_is_scaled_on_request_in_its_shape(folder, size, inside):
    white = np.full((*size[::-1], 3), 255, np.uint8)
    cv2.imwrite(str(folder / 'frame7.png'), white)
    frames = list(ImageSequence('frames', images_in_folder(folder), resize=True))
    assert len(frames) == 12 and {f.image.shape for f in frames} == {(48, 64, 3)}
    left, top, right, bottom = inside
    expected = np.zeros((48, 64, 3), np.uint8)
    expected[top:bottom, left:right] = 255
    assert np.array_equal(frames[6].image, expected)


def test_pictures_turned_by_their_exif_data_have_their_upright_size(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new('RGB', (48, 64)).save(tmp_path / '1.jpg')
    Image.new('RGB', (64, 48)).save(tmp_path / '2.jpg', exif=exif)
    frames = list(ImageSequence('a', images_in_folder(tmp_path)))
    assert [f.image.shape for f in frames] == [(64, 48, 3)] * 2


def test_a_header_that_lies_about_the_size_costs_nothing_that_was_done(folder, monkeypatch):
    monkeypatch.setattr('pipeline.video.image_sequence._size_of', lambda path: (64, 48))
    cv2.imwrite(str(folder / 'frame7.png'), np.zeros((24, 32, 3), np.uint8))
    assert len(list(ImageSequence('frames', images_in_folder(folder)))) == 12


def test_an_unreadable_image_is_reported_and_skipped(folder, clips, caplog):
    (folder / 'frame1.png').write_bytes(b'')
    (folder / 'frame5.png').write_bytes((folder / 'frame5.png').read_bytes()[:30])
    source = ImageSequence('frames', images_in_folder(folder))
    frames = list(source)
    assert [clips.number_of(f.image) for f in frames] == [2, 3, 4, 6, 7, 8, 9, 10, 11, 12]
    assert frames[3].index == 5 and source.skipped == 2
    assert [r.levelno for r in caplog.records] == [logging.WARNING] * 2
    assert 'frame5.png' in caplog.records[1].message


def test_files_that_systems_keep_in_folders_are_no_frames(folder, shared):
    for name in ('._frame1.png', '.hidden.png'):
        (folder / name).write_bytes(b'Mac OS X')
    assert len(images_in_folder(folder)) == 12
    assert len(images_by_pattern(str(folder / '*.png'))) == 12
    frames = list(ImageSequence('apple', images_in_folder(shared('video', 'field', 'apple_folder'))))
    assert len(frames) == 4


def test_digits_that_are_no_numbers_are_letters_of_a_name(folder):
    """``1²0.png`` ended in a ValueError."""
    names = ['1²0.png', '1²٣.png', 'frame①.png']
    for name in names:
        (folder / 'frame1.png').rename(folder / name)
        (folder / 'frame1.png').write_bytes(b'x')
    assert [path.name for path in images_in_folder(folder)][:2] == names[:2]


def test_nothing_to_read_is_an_error(tmp_path):
    with pytest.raises(InputError, match='holds no images'):
        images_in_folder(tmp_path)
    with pytest.raises(InputError, match='matches no images'):
        images_by_pattern(str(tmp_path / '*.png'))
    (tmp_path / 'a.png').write_text('no image')
    with pytest.raises(InputError, match='not an image that can be read'):
        ImageSequence('a', images_in_folder(tmp_path))
