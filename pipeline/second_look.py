"""What is done when a clip is over: people are chosen, and pictures are read once more to draw upon them."""

from contextlib import closing
from dataclasses import replace
from typing import Generator, Iterator, Optional, Tuple

import numpy as np

from pipeline.errors import InputError
from pipeline.options import OutputOptions
from pipeline.people import KeptPoses, choose
from pipeline.timing import Clock
from pipeline.types import FrameResult
from pipeline.video import VideoSource, prefetch

# decoded pictures that wait for the one that is drawn upon
_AHEAD = 4


def check_repeatable(source: VideoSource, options: OutputOptions) -> None:
    """Raise :class:`InputError` if pictures are wanted twice of a source that has them once."""
    if options.draws_late and not source.repeatable:
        raise InputError(
            f'{source.info.name}: {_why(options)} when the clip is over, but a camera, stream or iterator '
            'cannot be read twice: record it first'
        )


def _why(options: OutputOptions) -> str:
    return f'--draw-others {options.draw_others} draws'


class SecondLook:
    """The frames of a clip once more, with the people who were chosen.

    Args:
        kept: everybody in the frames that were analysed, which may be fewer than the source has.
        options: that say who is wanted.

    Raises:
        InputError: if the people asked for are not there.
    """

    def __init__(self, kept: KeptPoses, options: OutputOptions):
        self._kept = kept
        self.chosen: Optional[Tuple[int, ...]] = None
        if options.people is not None:
            self.chosen = choose(kept, options.people)

    def poses(self) -> Iterator[FrameResult]:
        """Frames without pictures; those who were not chosen are ``others``."""
        for result in self._kept:
            yield self._parted(result)

    def pictures(self, source: VideoSource, clock: Clock) -> Generator[FrameResult, None, None]:
        """The same with pictures, which are read again from ``source``.

        Raises:
            InputError: if the source gives other frames than before: somebody has written to it.
        """
        kept = iter(self._kept)
        with closing(prefetch(clock.around('decode', source), size=_AHEAD)) as frames:
            for result in kept:
                frame = next(frames, None)
                if frame is None or frame.index != result.frame.index:
                    raise InputError(f'{source.info.name}: has changed while it was read')
                yield replace(self._parted(result), frame=frame)

    def _parted(self, result: FrameResult) -> FrameResult:
        if self.chosen is None:
            return result
        wanted = np.isin(result.people.track_ids, self.chosen)
        return FrameResult(result.frame, result.people[wanted], others=result.people[~wanted])
