"""What is done when a clip is over: people are chosen, and pictures are read once more to draw upon them."""

from contextlib import closing
from dataclasses import replace
from itertools import repeat
from typing import Any, Generator, Iterator, Optional, Tuple

import numpy as np

from pipeline.errors import InputError
from pipeline.options import OutputOptions
from pipeline.people import HeadLog, KeptPoses, choose, heads_of, hide_background, hide_heads
from pipeline.skeletons import Skeleton
from pipeline.timing import Clock
from pipeline.types import Frame, FrameResult, People
from pipeline.video import VideoSource, prefetch
from pipeline.video.yuv import YuvPicture

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
    if options.blur_faces:
        return '--blur-faces blurs'
    if options.hides:
        return f'--background {options.background} draws'
    return f'--draw-others {options.draw_others} draws'


class SecondLook:
    """The frames of a clip once more, with the people who were chosen.

    Args:
        kept: everybody in the frames that were analysed, which may be fewer than the source has.
        options: that say who is wanted, and what is hidden.
        skeleton: of the people.
        heads: of everybody who was found, whether tracked or not.

    Raises:
        InputError: if the people asked for are not there.
    """

    def __init__(self, kept: KeptPoses, options: OutputOptions, skeleton: Skeleton, heads: HeadLog):
        self._kept, self._options, self._skeleton, self._heads = kept, options, skeleton, heads
        self.chosen: Optional[Tuple[int, ...]] = None
        if options.people is not None:
            self.chosen = choose(kept, options.people)

    def poses(self) -> Iterator[FrameResult]:
        """Frames without pictures; those who were not chosen are ``others``."""
        for result in self._kept:
            yield self._parted(result)

    def pictures(self, source: VideoSource, clock: Clock) -> Generator[FrameResult, None, None]:
        """The same with pictures, which are read again from ``source``; what is to be hidden is hidden in them.

        Raises:
            InputError: if the source gives other frames than before: somebody has written to it.
        """
        kept, hidden = iter(self._kept), self._hidden_heads()
        with closing(prefetch(clock.around('decode', source), size=_AHEAD)) as frames:
            for result in kept:
                frame = next(frames, None)
                if frame is None or frame.index != result.frame.index:
                    raise InputError(f'{source.info.name}: has changed while it was read')
                parted = self._parted(result)
                yield replace(parted, frame=self._without(frame, parted.people, next(hidden)))

    def _hidden_heads(self) -> Iterator[np.ndarray]:
        """For each frame the circles ``(N, 3)`` that are to be blurred."""
        if not self._options.blur_faces:
            yield from repeat(np.zeros((0, 3)), len(self._kept))
            return
        for result in self._kept:  # those too that the refiner has bridged
            self._heads.note(result, self._skeleton)
        yield from self._heads.circles(self._kept.times)

    def _without(self, frame: Frame, people: People, circles: np.ndarray) -> Frame:
        """The frame without background and faces, in a picture of its own."""
        if not self._options.hides:
            return frame
        picture = frame.picture
        canvas: Any = picture.copy() if isinstance(picture, (np.ndarray, YuvPicture)) else picture.rgb.copy()
        if self._options.background != 'keep':
            heads = heads_of(people, self._skeleton)
            hide_background(canvas, people, self._skeleton, heads, self._options.background)
        hide_heads(canvas, circles)
        return replace(frame, picture=canvas)

    def _parted(self, result: FrameResult) -> FrameResult:
        if self.chosen is None:
            return result
        wanted = np.isin(result.people.track_ids, self.chosen)
        return FrameResult(result.frame, result.people[wanted], others=result.people[~wanted])
