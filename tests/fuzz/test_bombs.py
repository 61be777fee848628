"""Small files that promise or unfold into gigabytes are refused before any memory is asked for."""

import io
import resource
import struct
import zipfile
import zlib

import cv2
import numpy as np
import pytest
import torch

from pipeline.backends.checkpoint import read_checkpoint
from pipeline.errors import InputError
from pipeline.networks.refiners.sequence_refiner import load_refiner
from pipeline.training.sequences.npz_layouts import read_sequences
from pipeline.video import open_source
from tests.batch.toy_chain import write_video
from tests.video.conftest import Clips

LIMIT_KILOBYTES = 300_000


@pytest.fixture
def clips(tmp_path):
    return Clips(tmp_path)


@pytest.fixture(autouse=True)
def frugal():
    """The test must not raise the process's peak by more than 300 MB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < LIMIT_KILOBYTES


def patched(content: bytes, after: bytes, skip: int, value: int) -> bytes:
    """A big-endian number ``skip`` bytes after the first ``after`` replaced."""
    at = content.index(after) + len(after) + skip
    return content[:at] + struct.pack('>I', value) + content[at + 4 :]


@pytest.mark.parametrize(
    'box, skip', [(b'stsz', 8), (b'stts', 8), (b'stts', 4), (b'stsc', 4), (b'stco', 4), (b'mdhd', 16)]
)
def test_an_mp4_that_claims_a_billion_frames(tmp_path, box, skip):
    path = write_video(tmp_path / 'a.mp4', 6)
    path.write_bytes(patched(path.read_bytes(), box, skip, 10**9))
    try:
        with open_source(path) as source:
            assert source.info.num_frames <= 6 and sum(1 for _ in source) <= 6
    except InputError as error:
        assert 'a.mp4' in str(error)


def test_an_avi_that_claims_a_billion_frames(tmp_path):
    import av

    with av.open(str(tmp_path / 'a.avi'), 'w') as output:
        stream = output.add_stream('mpeg4', rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuv420p'
        for _ in range(4):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), 'rgb24')))
        output.mux(stream.encode(None))
    content = bytearray((tmp_path / 'a.avi').read_bytes())
    for header, skip in ((b'avih', 4 + 16), (b'strh', 4 + 32)):  # dwTotalFrames, dwLength
        at = content.index(header) + 4 + skip
        content[at : at + 4] = struct.pack('<I', 10**9)
    (tmp_path / 'a.avi').write_bytes(content)
    with open_source(tmp_path / 'a.avi') as source:
        assert source.info.num_frames == 4 and sum(1 for _ in source) == 4


@pytest.mark.parametrize(
    'name, content',
    [
        ('a.y4m', b'YUV4MPEG2 W100000 H100000 F25:1 C420jpeg\nFRAME\n' + bytes(100)),
        (
            'a.gif',
            b'GIF89a\xff\xff\xff\xff\x80\x00\x00'
            + bytes(6)
            + b'\x2c'
            + bytes(4)
            + b'\xff\xff\xff\xff\x00\x02\x02D\x01\x00;',
        ),
    ],
)
def test_videos_of_gigapixels(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=name):
        with open_source(tmp_path / name) as source:
            list(source)


def test_a_png_that_unfolds_into_half_a_gigabyte(tmp_path):
    side = 13_000  # 500 MB as RGB, and OpenCV would read three times as much
    squeeze = zlib.compressobj(1)
    rows = b''.join(squeeze.compress(bytes(side + 1)) for _ in range(side)) + squeeze.flush()

    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

    header = struct.pack('>IIBBBBB', side, side, 8, 0, 0, 0, 0)
    (tmp_path / 'a.png').write_bytes(
        b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', rows) + chunk(b'IEND', b'')
    )
    assert (tmp_path / 'a.png').stat().st_size < 5_000_000
    with pytest.raises(InputError, match='a.png'):
        open_source(tmp_path / 'a.png')


@pytest.mark.parametrize(
    'content',
    [
        b'#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 30000 +X 30000\n' + b'\2\2\x75\x30' * 50,
        b'#?RGBE\nFORMAT=32-bit_rle_rgbe\n\n-Y 16000 +X 8000\n' + bytes(1000),
        b'v/1\x01\x02\0\0\0' + bytes(1000),
        b'P6 60000 60000 255\n' + bytes(100),
        b'Pf\n60000 60000\n-1.0\n' + bytes(100),
        b'BM'
        + struct.pack('<IHHI', 1000, 0, 0, 54)
        + struct.pack('<IiiHHIIiiII', 40, 60000, 60000, 1, 24, 0, 0, 1, 1, 0, 0),
    ],
)
@pytest.mark.parametrize('suffix', ['.png', '.jpg'])
def test_pictures_of_other_kinds_and_of_gigapixels(tmp_path, suffix, content):
    (tmp_path / f'a{suffix}').write_bytes(content)
    with pytest.raises(InputError, match=f'a{suffix}'):
        open_source(tmp_path / f'a{suffix}')


@pytest.mark.parametrize(
    'head', [b'\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\2\0\0\0', b'RIFF\xff\xff\xff\x7fWEBPVP8 ', b'']
)
def test_pictures_of_six_gigabytes_of_nothing(tmp_path, head):
    with open(tmp_path / 'a.png', 'wb') as file:
        file.write(head)
        file.truncate(6 << 30)
    with pytest.raises(InputError, match='a.png: 6442450944 bytes are too many'):
        open_source(tmp_path / 'a.png')


def test_jpeg_2000_takes_more_memory_and_has_a_lower_limit(tmp_path, monkeypatch):
    cv2.imwrite(str(tmp_path / 'a.jp2'), np.zeros((100, 200, 3), np.uint8))
    monkeypatch.setenv('POSE_MAX_PIXELS', '79999')
    with pytest.raises(InputError, match='a.jp2: a JPEG 2000 picture of 200x100'):
        open_source(tmp_path / 'a.jp2')
    monkeypatch.setenv('POSE_MAX_PIXELS', '80000')
    assert open_source(tmp_path / 'a.jp2').info.width == 200


def test_pictures_longer_than_opencv_can_sample(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((16, 100_000), np.uint8))
    with pytest.raises(InputError, match='a.png: pictures of 100000x16 are too long'):
        open_source(tmp_path / 'a.png')
    (tmp_path / 'a.y4m').write_bytes(b'YUV4MPEG2 W100000 H16 F25:1 C420jpeg\n' + (b'FRAME\n' + bytes(2_400_000)) * 2)
    with pytest.raises(InputError, match='a.y4m: pictures of 100000x16 are too long'):
        open_source(tmp_path / 'a.y4m')


def test_pixels_that_are_stretched_beyond_the_limit(clips, monkeypatch):
    monkeypatch.setenv('POSE_MAX_PIXELS', '50000')
    assert open_source(clips.write('a.mp4', frames=2, size=(160, 120))).info.width == 160
    with pytest.raises(InputError, match='b.mp4: pictures of 160x480 are too large, at most 50000 pixels'):
        open_source(clips.write('b.mp4', frames=2, size=(160, 120), pixel_shape='1/4'))
    monkeypatch.setenv('POSE_MAX_PIXELS', '100000')
    assert open_source(clips.folder / 'b.mp4').info.height == 480


@pytest.mark.parametrize('name', ['a.h264', 'a.ts'])
def test_a_stream_that_grows_stays_as_small_as_it_began(clips, name):
    small = clips.write(f'small.{name}', frames=4, size=(64, 64)).read_bytes()
    large = clips.write(
        f'large.{name}', frames=12, size=(2048, 1152), images=lambda i: np.zeros((1152, 2048, 3), np.uint8)
    )
    (clips.folder / name).write_bytes(small + large.read_bytes())
    with open_source(clips.folder / name) as source:
        frames = list(source)
        assert source.info.width == 64 and len(frames) >= 4
    assert {frame.picture.shape for frame in frames} == {(64, 64, 3)}
    assert sum(frame.nbytes for frame in frames) < 1_000_000


def test_a_stream_that_grows_a_little_is_read_whole(clips):
    small = clips.write('small.h264', frames=4, size=(64, 64)).read_bytes()
    large = clips.write('large.h264', frames=4, size=(640, 480)).read_bytes()
    (clips.folder / 'a.h264').write_bytes(small + large)
    with open_source(clips.folder / 'a.h264') as source:
        frames = list(source)
    assert len(frames) == 8 and sum(frame.nbytes for frame in frames) < 8 * 64 * 64 * 4


def test_an_npz_that_claims_a_billion_poses(tmp_path):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 17, 2), }"
    header += b' ' * (118 - len(header) - 1) + b'\n'
    with zipfile.ZipFile(tmp_path / 'a.npz', 'w') as archive:
        archive.writestr('joints_2d.npy', b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header + bytes(64))
    with pytest.raises(InputError, match='a.npz'):
        read_sequences(tmp_path / 'a.npz')


def test_an_npz_that_unfolds_into_gigabytes(tmp_path):
    with zipfile.ZipFile(tmp_path / 'a.npz', 'w', zipfile.ZIP_DEFLATED) as archive:
        for name in ('joints_2d', 'bbox'):
            with archive.open(f'{name}.npy', 'w') as file:
                for _ in range(11):
                    file.write(bytes(50 << 20))
    assert (tmp_path / 'a.npz').stat().st_size < 2_000_000
    with pytest.raises(InputError, match='a.npz: unfolds to 1153433600 bytes'):
        read_sequences(tmp_path / 'a.npz')


@pytest.mark.parametrize('read', [read_checkpoint, load_refiner])
def test_a_checkpoint_that_claims_more_than_it_holds(tmp_path, read):
    buffer = io.BytesIO()
    torch.save({'state_dict': {'w': torch.ones(4)}}, buffer)
    with zipfile.ZipFile(io.BytesIO(buffer.getvalue())) as whole, zipfile.ZipFile(tmp_path / 'a.pth', 'w') as archive:
        for name in whole.namelist():
            content = whole.read(name)
            if name.endswith('data.pkl'):  # K\x04: the storage's four elements, and the tensor's size
                content = content.replace(b'K\x04', b'J\x00\xca\x9a\x3b')
            archive.writestr(name, content)
    with pytest.raises(InputError, match='a.pth'):
        read(tmp_path / 'a.pth')


def test_an_image_of_the_allowed_size_is_read(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((3000, 4000), np.uint8))
    with open_source(tmp_path / 'a.png') as source:
        assert (source.info.width, source.info.height) == (4000, 3000)
