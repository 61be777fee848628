import os
import shutil
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.video import open_source
from pipeline.video.folders import videos_meant
from pipeline.video.image_sequence import ImageSequence
from pipeline.video.open_source import is_camera
from pipeline.video.video_file import VideoFile


def test_the_kind_of_source_follows_from_what_is_written(clips, tmp_path):
    video = clips.write('clip [1].mp4', frames=5)
    image = tmp_path / 'photo.png'
    cv2.imwrite(str(image), np.zeros((6, 8, 3), np.uint8))
    for spec, kind, name in (
        (video, VideoFile, 'clip [1]'),
        (str(video), VideoFile, 'clip [1]'),
        (f'file://{video}', VideoFile, 'clip [1]'),
        (image, ImageSequence, 'photo'),
        (tmp_path, ImageSequence, tmp_path.name),
        (str(tmp_path / '*.png'), ImageSequence, tmp_path.name),
    ):
        with open_source(spec) as source:
            assert isinstance(source, kind) and source.info.name == name
            assert len(list(source)) == source.info.num_frames


def test_a_file_in_shared_memory_is_a_file(clips):
    """It was taken for a camera: frames dropped, and times of the clock on the wall."""
    if not os.access('/dev/shm', os.W_OK):
        pytest.skip('/dev/shm is not to be written to')
    with tempfile.TemporaryDirectory(dir='/dev/shm') as folder:
        path = shutil.copy(clips.write(frames=36, rate=30), folder)
        with open_source(path) as source:
            frames = list(source)
    assert [clips.number_of(f.image) for f in frames] == list(range(36))
    assert frames[-1].time == pytest.approx(35 / 30) and source.info.path == path


@pytest.mark.parametrize(
    'text, camera',
    [('/dev/null', True), ('/dev/video77', True), ('77', True), ('/dev/shm', False), ('/dev/a.mp4', False)],
)
def test_a_device_is_what_the_system_says_is_one(text, camera):
    assert is_camera(text) == camera


def test_start_end_and_rate_are_passed_on(clips):
    with open_source(clips.write(frames=60, rate=Fraction(30)), start='0.5', end='20f') as source:
        assert [f.index for f in source] == [15, 16, 17, 18, 19]
        assert source.info.start == 0.5
    with open_source(clips.folder / 'clip.mp4', fps='30000/1001') as source:
        assert source.info.fps == Fraction(30000, 1001)


@pytest.mark.parametrize(
    'spec, message',
    [
        ('missing.mp4', 'missing.mp4: no such file or folder'),
        ('', 'the input has no name'),
        ('IMG_1.HEIC', 'HEIF pictures are not read'),
        ('pictures.zip', 'not a video that can be read'),
        ('sound.m4a', 'has no video stream'),
        ('frames/*.png', 'frames/\\*.png: matches no images'),
    ],
)
def test_what_is_not_there_or_no_video_is_one_line(clips, tmp_path, monkeypatch, spec, message):
    monkeypatch.chdir(tmp_path)
    Path('IMG_1.HEIC').write_bytes(b'ftypheic')
    Path('pictures.zip').write_bytes(b'PK\3\4')
    with av.open('sound.m4a', 'w') as output:
        for packet in clips.tone(output.add_stream('aac', rate=48000), 0.2):
            output.mux(packet)
    with pytest.raises(InputError, match=message):
        open_source(spec)


@pytest.mark.parametrize('fps', [0, -1, 'fast', '1/0', 1e9, float('nan'), float('inf')])
def test_impossible_rates_are_refused(tmp_path, fps):
    with pytest.raises(InputError, match='frame rate'):
        open_source(tmp_path, fps=fps)


def test_a_start_behind_the_end_of_the_video_says_how_long_it_is(clips):
    with pytest.raises(InputError, match='it has 30 frames, the last at 0.968 s'):
        open_source(clips.write(), start=5)


def test_a_folder_of_videos_stands_for_them_in_the_demo_too(clips, caplog):
    folder = clips.folder / 'in'
    folder.mkdir()
    for name in ('b.mp4', 'a.mkv', '._a.mkv', 'thumbnail.png'):
        (folder / name).write_bytes(b'x')
    videos = [str(folder / 'a.mkv'), str(folder / 'b.mp4')]
    assert videos_meant(['x.mp4', str(folder), '0', 'http://host/in']) == ['x.mp4', *videos, '0', 'http://host/in']
    assert [r.message for r in caplog.records] == [
        f'{folder}: pictures beside videos are passed over: 1, such as thumbnail.png'
    ]
    for i in range(3):
        (folder / f'f{i}.png').write_bytes(b'x')
    assert videos_meant([str(folder)]) == [str(folder), *videos]
    for path in videos:
        Path(path).unlink()
    assert videos_meant([str(folder)]) == [str(folder)]
