"""Read the frames of a video file."""

import logging
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Iterator, Optional, Tuple

import numpy as np

from pipeline.errors import InputError
from pipeline.moments import Moment, frame_range
from pipeline.types import Frame, VideoInfo
from pipeline.video.damage import Damage, DecodeError
from pipeline.video.decode import decode
from pipeline.video.index import VideoIndex, index_video
from pipeline.video.source import VideoSource

logger = logging.getLogger(__name__)

# decoders drop some damaged frames without a word; but where about half of them are missing
# without a word, two packets (the fields of interlaced video) make one picture
_FIELDS = 0.4
_SHORT_SECONDS = 0.5  # headers round durations, and streams end at different times


class VideoFile(VideoSource):
    """A file in any container and codec that FFmpeg reads.

    PyAV reads it, or decord where that is asked for and safe; from the first damage
    on, a slower and careful decoder goes on. Damaged frames are skipped and counted, and a warning is
    logged at the end.

    Args:
        path: of the file.
        start, end: what to read; ``end`` is not included.
        fps: play the frames at this rate, whatever the file says. Its audio
            would no longer match, so ``info.path`` is None then.
        reader: ``pyav``, or ``decord`` for the files on which it can be trusted, see
            :mod:`pipeline.video.decode_decord`.
        deinterlace: remove the combs of interlaced pictures; others stay as they are.

    Raises:
        InputError: if the file cannot be read or the range holds no frame.
    """

    repeatable = True

    def __init__(
        self,
        path: Path,
        start: Optional[Moment] = None,
        end: Optional[Moment] = None,
        fps: Optional[Fraction] = None,
        reader: str = 'pyav',
        deinterlace: bool = False,
    ):
        self._path, self._reader, self._deinterlace = path, reader, deinterlace
        self._index = index = index_video(path)
        self._times = index.times if fps is None else np.arange(len(index)) / float(fps)
        self.first, self._last = frame_range(str(path), self._times, start, end)
        self.info = VideoInfo(
            name=path.stem,
            width=index.width,
            height=index.height,
            fps=fps or index.fps,
            num_frames=self._last - self.first,
            path=str(path) if fps is None else None,
            start=float(self._times[self.first]),
            clock=index.clock if fps is None else None,
        )

    @property
    def picture_bytes(self) -> int:
        return self._index.picture_bytes

    def __iter__(self) -> Iterator[Frame]:
        damage, deinterlace = Damage(), self._deinterlace and self._index.interlaced
        self._say_what_is_special()
        expected, first_gap, self.skipped = self.first, None, 0
        try:
            with closing(_read(self._index, self.first, self._last, damage, self._reader, deinterlace)) as pictures:
                for i, image in pictures:
                    if i > expected:
                        self.skipped += i - expected
                        first_gap = expected if first_gap is None else first_gap
                    expected = i + 1
                    yield Frame(i, float(self._times[i]), image)
            if expected == self.first:
                raise InputError(f'{self._path}: no frame can be decoded from {self.info.start:.3f} s on')
            if expected < self._last:
                self.skipped += self._last - expected
                first_gap = expected if first_gap is None else first_gap
            self._report_shortness()
        finally:
            wanted = self._last - self.first
            if self.skipped and (damage.errors or self.skipped < _FIELDS * wanted):
                logger.warning(
                    '%s: %d of %d frames are damaged and were skipped, the first at %.3f s',
                    self._path,
                    self.skipped,
                    wanted,
                    self._times[first_gap],
                )

    def _say_what_is_special(self) -> None:
        if self._index.tracks > 1:
            tracks, size = self._index.tracks, f'{self._index.width}x{self._index.height}'
            logger.warning('%s: holds %d video tracks; that of %s px is read', self._path, tracks, size)
        if self._index.interlaced and not self._deinterlace:
            logger.warning('%s: is interlaced: movements have combs, which --deinterlace removes', self._path)
        elif self._deinterlace and not self._index.interlaced:
            logger.warning('%s: is not marked as interlaced; its pictures stay as they are', self._path)

    def _report_shortness(self) -> None:
        """Warn if the file ends before its header says, as a broken transfer does."""
        index = self._index
        if self._last < len(index):
            return
        if index.missing:
            here = index.promised - index.missing
            logger.warning('%s: holds %d of the %d frames that its header promises', self._path, here, index.promised)
        elif index.missing_seconds > _SHORT_SECONDS:
            logger.warning(
                '%s: breaks off %.1f s before the end that its header promises', self._path, index.missing_seconds
            )


def _read(
    index: VideoIndex, first: int, last: int, damage: Damage, reader: str, deinterlace: bool
) -> Iterator[Tuple[int, np.ndarray]]:
    """Pictures ``first <= i < last``, fast while the file is whole and carefully from the first damage on."""
    position = first
    fast = _decord(index, first, last) if reader == 'decord' and not deinterlace else None
    fast = fast or decode(index, first, last, damage, careful=False, deinterlace=deinterlace)
    try:
        with closing(fast) as pictures:
            for i, image in pictures:
                yield i, image
                position = i + 1
    except DecodeError as error:
        logger.debug('%s: reading on carefully from frame %d: %s', index.path, position, error)
        yield from decode(index, position, last, damage, careful=True, deinterlace=deinterlace)


def _decord(index: VideoIndex, first: int, last: int) -> Optional[Iterator[Tuple[int, np.ndarray]]]:
    from pipeline.video.decode_decord import decode_with_decord, decord_suits  # its import takes 2 s and 300 MB

    return decode_with_decord(index, last) if decord_suits(index, first) else None
