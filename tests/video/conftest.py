"""Clips made for the occasion: every frame carries its number, every second its tone."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

NTSC = Fraction(30000, 1001)
BITS = 8


def numbered_image(number: int, width: int, height: int) -> np.ndarray:
    """A moving gradient; eight blocks along the top spell ``number`` in binary."""
    y, x = np.mgrid[:height, :width]
    image = np.stack(
        [
            (x * 200 // max(width - 1, 1) + number * 3) % 256,
            y * 255 // max(height - 1, 1),
            (x + y + number * 5) // 2 % 256,
        ],
        -1,
    ).astype(np.uint8)
    for bit in range(BITS):
        image[: max(1, height // 4), bit * width // BITS : (bit + 1) * width // BITS] = 255 * (number >> bit & 1)
    return image


def number_of(image: np.ndarray) -> int:
    """What :func:`numbered_image` wrote."""
    height, width = image.shape[:2]
    bright = [image[height // 8, int((bit + 0.5) * width / BITS)].mean() > 127 for bit in range(BITS)]
    return sum(int(value) << bit for bit, value in enumerate(bright))


def write_clip(
    path: Path,
    frames: int = 30,
    size=(160, 120),
    rate=NTSC,
    codec: str = 'libx264',
    pixels: str = 'yuv420p',
    gop: int = 10,
    times=None,
    tick=None,
    tone: str = '',
    options=None,
    container=None,
    images=None,
    pixel_shape=None,
) -> Path:
    """Encode a clip.

    Args:
        times: of the frames, in units of ``tick``, for a variable rate.
        tone: name of an audio codec; each whole second begins with 0.1 s of 1 kHz.
        images: function of the frame number; :func:`numbered_image` by default.
    """
    images = images or (lambda i: numbered_image(i, *size))
    with av.open(str(path), 'w', options=container or {}) as output:
        stream = output.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        stream.gop_size = gop
        if pixel_shape:
            stream.codec_context.sample_aspect_ratio = Fraction(pixel_shape)
        tick = Fraction(tick or 1 / Fraction(rate))
        stream.codec_context.time_base = tick
        if tone:
            audio = output.add_stream(tone, rate=48000)
        for i in range(frames):
            frame = av.VideoFrame.from_ndarray(images(i), 'rgb24')
            frame.pts, frame.time_base = (i if times is None else times[i]), tick
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if tone:
            seconds = float((frames if times is None else times[-1] + 1) * tick)
            for packet in tone_packets(audio, seconds):
                output.mux(packet)
    return path


def tone_packets(stream, seconds: float):
    clock = np.arange(round(seconds * 48000)) / 48000
    wave = (8000 * np.sin(2 * np.pi * 1000 * clock) * (clock % 1 < 0.1)).astype(np.int16)
    for begin in range(0, len(wave), 1024):
        frame = av.AudioFrame.from_ndarray(wave[None, begin : begin + 1024], 's16', 'mono')
        frame.rate, frame.pts, frame.time_base = 48000, begin, Fraction(1, 48000)
        yield from stream.encode(frame)
    yield from stream.encode(None)


def turn_mp4(path: Path, quarter_turns: int, mirrored: bool = False) -> Path:
    """Set the display matrix of the first track of an MP4 (ISO/IEC 14496-12, 8.3.2)."""
    data = bytearray(path.read_bytes())
    begin = data.index(b'tkhd') + 4 + 40
    one = 0x10000
    a, b, c, d = [(one, 0, 0, one), (0, one, -one, 0), (-one, 0, 0, -one), (0, -one, one, 0)][quarter_turns]
    if mirrored:
        a, b = -a, -b
    data[begin : begin + 36] = struct.pack('>9i', a, b, 0, c, d, 0, 0, 0, 0x40000000)
    path.write_bytes(data)
    return path


def restamp(path: Path, changes) -> Path:
    """Write other time stamps (ms) into blocks of a Matroska file; ``changes`` by the block's number."""
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        for number, stamp in changes.items():
            begin = data.index(bytes(packets[number])[:60]) - 3  # a signed 16-bit time, flags, and the picture
            time = int.from_bytes(data[begin : begin + 2], 'big', signed=True) + stamp - packets[number].pts
            data[begin : begin + 2] = time.to_bytes(2, 'big', signed=True)
    path.write_bytes(data)
    return path


def unstamp(path: Path, numbers) -> Path:
    """Take the time stamps out of some pictures of an MPEG-TS file."""
    data = bytearray(path.read_bytes())
    begins = [i for i in range(len(data)) if data[i : i + 4] == b'\x00\x00\x01\xe0']
    for number in numbers:
        data[begins[number] + 7] &= 0x3F  # the flags for PTS and DTS; the stamps become filling
    path.write_bytes(data)
    return path


class Clips:
    """The functions above, for one test's folder."""

    number_of = staticmethod(number_of)
    image = staticmethod(numbered_image)
    turn = staticmethod(turn_mp4)
    tone = staticmethod(tone_packets)
    restamp = staticmethod(restamp)
    unstamp = staticmethod(unstamp)

    def __init__(self, folder: Path):
        self.folder = folder

    def write(self, name: str = 'clip.mp4', **options) -> Path:
        return write_clip(self.folder / name, **options)


@pytest.fixture
def clips(tmp_path):
    return Clips(tmp_path)
