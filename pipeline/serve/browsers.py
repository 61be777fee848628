"""Which videos a browser shows."""

from pathlib import Path

import av

from pipeline.errors import InputError
from pipeline.video.containers import open_media

_SUFFIXES = frozenset(('.mp4', '.m4v', '.mov', '.webm', '.mkv'))
_CODECS = frozenset(('h264', 'vp8', 'vp9', 'av1', 'libdav1d'))
_PIXELS = frozenset(('yuv420p', 'yuvj420p'))  # other kinds are shown by few


def plays(path: Path) -> bool:
    """Whether every browser in wide use shows the video; if not, the page needs another one to draw on."""
    if path.suffix.lower() not in _SUFFIXES:
        return False
    try:
        with open_media(path) as container:
            stream = container.streams.video[0].codec_context
            return stream.name in _CODECS and stream.pix_fmt in _PIXELS
    except (InputError, av.FFmpegError, OSError, IndexError, ValueError):
        return False
