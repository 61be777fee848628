"""Video in and out: decoding, encoding, and the threads around them."""

from pipeline.moments import Moment, parse_moment
from pipeline.video.arrays import ArraySource
from pipeline.video.open_source import open_source
from pipeline.video.sink import BackgroundWriter, FrameSink
from pipeline.video.source import VideoSource
from pipeline.video.threads import prefetch
from pipeline.video.writer import VideoWriter

__all__ = [
    'ArraySource',
    'BackgroundWriter',
    'FrameSink',
    'Moment',
    'VideoSource',
    'VideoWriter',
    'open_source',
    'parse_moment',
    'prefetch',
]
