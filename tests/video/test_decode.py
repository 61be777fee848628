import numpy as np
import pytest

from pipeline.video import decode as module
from pipeline.video.damage import Damage, DecodeError
from pipeline.video.decode import decode
from pipeline.video.index import index_video


def spoil(path, frame):
    import av

    with av.open(str(path)) as container:
        packet = [p for p in container.demux(video=0) if p.size][frame]
        begin, size = packet.pos, packet.size
    data = bytearray(path.read_bytes())
    data[begin + 4 : begin + size] = np.random.default_rng(0).bytes(size - 4)
    path.write_bytes(data)


@pytest.fixture
def spoilt(clips):
    """60 frames in groups of 10, of which number 34 cannot be decoded."""
    path = clips.write(frames=60, gop=10, codec='libvpx-vp9', options={'deadline': 'realtime', 'cpu-used': '8'})
    spoil(path, 34)
    return index_video(path)


def test_the_fast_decoder_stops_at_damage(spoilt):
    got = []
    with pytest.raises(DecodeError):
        for i, _ in decode(spoilt, 0, 60, Damage(), careful=False):
            got.append(i)
    assert got == list(range(len(got))) and 20 <= len(got) <= 34


def test_the_careful_decoder_goes_on_and_counts(spoilt, clips):
    damage = Damage()
    pictures = list(decode(spoilt, 0, 60, damage, careful=True))
    numbers = [i for i, _ in pictures]
    assert damage.errors >= 1 and set(range(60)) - set(numbers) >= {34} and numbers[-1] == 59
    assert all(clips.number_of(image.rgb) == i for i, image in pictures if i < 34 or i >= 40)


def test_going_on_from_a_damaged_frame_starts_at_its_keyframe_not_at_the_beginning(spoilt, monkeypatch):
    decoded = []
    number = module._number
    monkeypatch.setattr(module, '_number', lambda *args: decoded.append(number(*args)) or decoded[-1])
    pictures = decode(spoilt, 34, 60, Damage(), careful=True)
    assert next(pictures)[0] > 34
    assert decoded[0] == 30


def test_frames_before_a_seek_that_goes_too_far_are_still_found(spoilt, monkeypatch):
    monkeypatch.setattr(module.VideoIndex, 'keyframe_before', lambda self, frame: int(self.pts[20]))
    assert [i for i, _ in decode(spoilt, 5, 9, Damage(), careful=False)] == []
    monkeypatch.setattr(module, '_seek', lambda container, stream, keyframe: False)
    assert [i for i, _ in decode(spoilt, 5, 9, Damage(), careful=False)] == [5, 6, 7, 8]
