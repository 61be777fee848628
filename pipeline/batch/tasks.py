"""The tasks of a worker. A task travels to its process; its ``run`` gives plain values.

A long video can be posed in segments and finished in one piece, with the same
result as in one run, because the halves of the chain differ: detector and estimator
look at each frame (and its neighbours) by itself, tracker and refiner remember. So
segments hold poses nobody has tracked yet, and :class:`Join` runs the rest over
all of them. It holds under three conditions, and where one fails the video is
done whole: the chain does not follow people between looks
(:attr:`VideoPipeline.per_frame`); batches are cut at the same frames as in one
piece; and the file is undamaged, because decoders patch what they can from frames
before. On unlike processors, networks round differently.
"""

from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Tuple, Union

from pipeline.addresses import is_url
from pipeline.batch.segment_file import read_segments, write_segment
from pipeline.batch.settings import BatchSettings
from pipeline.batch.videos import Video
from pipeline.errors import InputError
from pipeline.files import Claim
from pipeline.options import OutputOptions
from pipeline.pipeline import VideoPipeline
from pipeline.protocols import Sight
from pipeline.run import run_video
from pipeline.summary import Summary
from pipeline.timing import Clock
from pipeline.types import FrameResult
from pipeline.video import open_source, prefetch


class Unfit(InputError):
    """The settings do not allow this task, whichever the video."""


class Damaged(Exception):
    """A segment of a damaged video: the video has to be done in one piece."""


@dataclass(frozen=True)
class Whole:
    """One video from beginning to end. ``force`` lets it replace any file, ``known`` those that have that SHA-256."""

    video: Video
    force: bool = False
    known: Dict[str, str] = field(default_factory=dict)

    def run(self, pipeline: VideoPipeline, settings: BatchSettings) -> dict:
        return _finish(pipeline, self, settings)


@dataclass(frozen=True)
class Range:
    """Frames from ``keep[0]`` up to, but without, ``keep[1]``; to have them posed, ``read`` has to be read."""

    keep: Tuple[int, int]
    read: Tuple[int, int]


@dataclass(frozen=True)
class Plan:
    """Where to cut a video into segments of about ``length`` frames; nowhere if it is shorter, or a stream."""

    video: Video
    length: int

    def run(self, pipeline: VideoPipeline, settings: BatchSettings) -> dict:
        if not pipeline.per_frame:
            raise Unfit(
                'a video cannot be cut into segments with a chain that follows people from frame to frame: '
                'add --detect-every 1 --every 1, or leave --segment-frames out'
            )
        if is_url(self.video.spec):
            return dict(ranges=[])
        outputs = settings.outputs
        with open_source(self.video.spec, **outputs.reading()) as source:
            first, last = source.first, source.first + source.info.num_frames
        ranges = segment_ranges(first, last, self.length, pipeline.batch, pipeline.estimator.frame_offsets)
        return dict(ranges=ranges if len(ranges) > 1 else [])


@dataclass(frozen=True)
class Segment:
    """The poses of some frames of a video, into ``path``."""

    video: Video
    range: Range
    path: Path

    def run(self, pipeline: VideoPipeline, settings: BatchSettings) -> dict:
        read, keep = self.range.read, self.range.keep
        part = dict(start=f'{read[0]}f', end=f'{read[1]}f')
        with (
            open_source(self.video.spec, **{**settings.outputs.reading(), **part}) as source,
            closing(pipeline.posed(source, Clock())) as posed,
        ):
            kept = (result for result in posed if keep[0] <= result.frame.index < keep[1])
            frames = write_segment(self.path, kept, pipeline.estimator.skeleton.num_keypoints)
            if source.skipped:
                self.path.unlink()
                raise Damaged(f'{self.video.spec}: {source.skipped} damaged frames')
        return dict(frames=frames)


@dataclass(frozen=True)
class Join:
    """Tracks, smooths, draws and writes a video whose poses are in ``segments``; else as :class:`Whole`."""

    video: Video
    segments: Tuple[Path, ...]
    force: bool = False
    known: Dict[str, str] = field(default_factory=dict)

    def run(self, pipeline: VideoPipeline, settings: BatchSettings) -> dict:
        return _finish(_Posed(pipeline, self.segments), self, settings)


def segment_ranges(first: int, last: int, length: int, batch: int, offsets: Sequence[int]) -> List[Range]:
    """Cut ``first <= i < last`` into stretches of ``length`` frames, rounded up to whole batches.

    Every stretch is read with the neighbours at ``offsets``, and from a frame on at
    which a batch begins in one piece too.
    """
    ahead, behind = max(0, *offsets), max(0, *(-offset for offset in offsets))
    length, behind = -(-length // batch) * batch, -(-behind // batch) * batch
    return [
        Range((begin, min(begin + length, last)), (max(begin - behind, first), min(begin + length + ahead, last)))
        for begin in range(first, last, length)
    ]


class _Posed:
    """Stands for a chain whose first half has run already."""

    looks_back = False

    def __init__(self, pipeline: VideoPipeline, segments: Tuple[Path, ...]):
        try:
            self._pipeline, self._people = pipeline, read_segments(segments)
        except InputError as error:  # a disk that forgets
            raise Damaged(str(error)) from error
        self.skeleton, self.options = pipeline.skeleton, pipeline.options

    def results(self, source, clock: Clock, sight: Optional[Sight] = None) -> Iterator[FrameResult]:
        self._pipeline.check_memory(source)
        with closing(prefetch(clock.around('decode', source), size=max(4, 2 * self._pipeline.batch))) as frames:
            posed = (FrameResult(frame, self._of(frame.index, source)) for frame in frames)
            yield from self._pipeline.refined(posed, clock, source.info.fps, sight)

    def _of(self, index: int, source):
        if index not in self._people or source.skipped:
            raise Damaged(f'{source.info.name}: frame {index} came out differently')
        return self._people[index]


def _finish(pipeline, task: Union[Whole, Join], settings: BatchSettings) -> dict:
    video, folder = task.video, settings.outputs.out_dir
    options: OutputOptions = replace(settings.outputs, out_dir=folder / video.folder, name=video.key, progress=False)
    # the batch settles it, when the manifest knows what was written
    with Claim(options.out_dir, video.name, task.force, task.known) as claim:
        summary: Summary = run_video(pipeline, video.spec, options, claim)
    if summary.interrupted:
        raise InputError(f'{video.spec}: interrupted')
    files = {str(Path(name).relative_to(folder)): Path(name).stat().st_size for name in summary.files}
    return dict(frames=summary.frames, people=summary.people, seconds=round(summary.seconds, 3), files=files)
