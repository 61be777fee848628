"""The chain: detector, estimator, tracker, refiner in a row, over any source of frames.

from pipeline import VideoPipeline
VideoPipeline.from_preset('embedded').run('video.mp4', out_dir='out')
"""

import math
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Iterable, Iterator, Optional, Union

import torch

from pipeline import stages as links
from pipeline.backends.openmmlab import runs_in_torch
from pipeline.backends.threads import available_cores
from pipeline.detection import build_detector
from pipeline.errors import InputError
from pipeline.estimation import build_estimator
from pipeline.presets import merged_preset, options_of
from pipeline.protocols import Detector, Estimator, Tracker
from pipeline.refine import StreamRefiner, build_refiner
from pipeline.registry import import_custom
from pipeline.timing import Clock
from pipeline.tracking import build_tracker
from pipeline.types import FrameResult, People
from pipeline.video import ArraySource, VideoSource, open_source, prefetch

#: Parameters from which on an estimator takes so long that the rest hides behind it on fewer cores
#: (HRNet-W32, 28 million: 180 in place of 252 ms a frame on two cores; networks of 45 ms a frame get slower).
_LARGE = 20_000_000


class VideoPipeline:
    """Finds, poses, tracks and refines the people of a video.

    Args:
        detector, estimator, tracker, refiner: the links, in this order.
        detect_every: look for people in every n-th frame only; in between the
            tracker says where they moved.
        every: watch every n-th frame only; people in the frames between are filled in by
            the refiner, and marked (``People.filled``). Of the watched frames so many
            are looked at by the detector that ``detect_every`` is kept.
        batch: frames that go through a network together. 1 answers soonest; on a
            GPU several are faster.
        follow: pose people also where the tracker expects them and the detector
            misses them (always so with ``detect_every`` over 1).
        overlap: find people in a thread of its own while the frames before are posed;
            each of torch's networks then gets half of the cores, a large estimator all of them.
        options: what to record in output files (preset, configs, weights).
    """

    def __init__(
        self,
        detector: Detector,
        estimator: Estimator,
        tracker: Tracker,
        refiner: StreamRefiner,
        detect_every: int = 1,
        batch: int = 1,
        follow: bool = False,
        overlap: bool = True,
        every: int = 1,
        options: Optional[dict] = None,
    ):
        self.detector, self.estimator, self.tracker, self.refiner = detector, estimator, tracker, refiner
        self.detect_every, self.follow = detect_every, follow or detect_every > 1
        self.batch = 1 if self.follow else batch
        if self.follow and not hasattr(tracker, 'predict'):
            raise InputError(
                f'tracker {type(tracker).__name__}: has no predict(time), which follow and detect_every over 1 need'
            )
        self.overlap, self.every = overlap, every
        self._all_threads = torch.get_num_threads()
        self.options = options or {}

    @property
    def per_frame(self) -> bool:
        """Whether what :meth:`posed` gives for a frame depends on its picture (and its neighbours') only.

        Then a video can be posed in pieces, and :meth:`refined` in one.
        """
        return not self.follow and self.every == 1

    @property
    def looks_back(self) -> bool:
        """Whether a picture is still looked at after its frame has come out of :meth:`results`."""
        return min(self.estimator.frame_offsets) < 0

    @property
    def _threads(self) -> Optional[int]:
        return max(1, available_cores() // 2) if self.overlap else None

    @property
    def _estimator_threads(self) -> Optional[int]:
        # by size and not by a stopwatch: another number of threads may round differently
        model = getattr(self.estimator, 'model', None)
        parameters = sum(value.numel() for value in model.parameters()) if model is not None else 0
        return self._all_threads if parameters >= _LARGE else self._threads

    @property
    def skeleton(self):
        """Joint names, limbs and mirror pairs of the poses."""
        return self.estimator.skeleton

    @classmethod
    def from_preset(
        cls,
        preset: Union[str, Path],
        device: str = 'cpu',
        refiner: Union[None, str, dict] = None,
        detector: Optional[dict] = None,
        estimator: Optional[dict] = None,
        tracker: Optional[dict] = None,
        **overrides,
    ) -> 'VideoPipeline':
        """Build the chain that a preset describes.

        Args:
            preset: a name (``embedded``, ``hrnet-w32`` …) or a preset file.
            device: for the networks, such as ``cpu`` or ``cuda:0``.
            refiner: a refiner's name or options in place of the preset's.
            detector, estimator, tracker: options that go over the preset's; one that
                names a ``config`` replaces the preset's link altogether.
            overrides: ``detect_every``, ``batch``, ``follow``, ``overlap``, ``every``, and for the
                networks that are torch's ``runtime`` (``torch`` or ``onnxruntime``) and ``half`` (precision).

        Raises:
            InputError: for anything unknown, missing or unfit.
        """
        config = merged_preset(preset, refiner, detector=detector, estimator=estimator, tracker=tracker, **overrides)
        return cls.from_config(config, device, name=str(preset))

    @classmethod
    def from_config(cls, config: dict, device: str = 'cpu', name: str = '') -> 'VideoPipeline':
        """Build the chain from a preset's dictionary (see :mod:`pipeline.presets`)."""
        if 'custom_imports' in config:
            import_custom(config['custom_imports']['imports'])
        speed = dict(runtime=config.get('runtime', 'torch'), half=config.get('half', False))
        with options_of('estimator', name):
            estimator = build_estimator(config['estimator'], device, speed)
        with options_of('detector', name):
            detector = build_detector(config['detector'], device, speed)
        if speed != dict(runtime='torch', half=False) and not any(
            hasattr(link, 'model') and runs_in_torch(link.model) for link in (detector, estimator)
        ):
            what = 'half precision' if speed['half'] else f'runtime {speed["runtime"]}'
            raise InputError(
                f"{what}: neither the detector nor the estimator of {name or 'this chain'} is one of torch's networks"
            )
        with options_of('tracker', name):
            tracker = build_tracker(config.get('tracker', {}), estimator.skeleton)
        with options_of('refiner', name):
            wanted = config.get('refiner', 'hanet')
            wanted = dict(wanted) if isinstance(wanted, dict) else dict(type=wanted)
            refiner = build_refiner(wanted, estimator.skeleton, device, speed['runtime'])
        return cls(
            detector,
            estimator,
            tracker,
            refiner,
            **{key: config[key] for key in ('detect_every', 'batch', 'follow', 'overlap', 'every') if key in config},
            options=dict(preset=name, device=device, **{**config, 'refiner': {**wanted, **refiner.record}}),
        )

    def __call__(self, image) -> People:
        """The people of one picture, ``(H, W, 3)`` uint8 RGB: those of a video of this frame only."""
        (result,) = self.results(ArraySource([image]))
        return result.people

    def results(self, source, clock: Optional[Clock] = None) -> Iterator[FrameResult]:
        """Iterate over the frames of ``source`` (see :func:`open_source`) with their refined people.

        Every frame comes once and in order, ``refiner.latency(fps)`` frames late at
        most; frames that nobody holds any more are freed.
        """
        if not isinstance(source, VideoSource):
            with open_source(source) as opened:
                yield from self.results(opened, clock)
            return
        clock = clock or Clock()
        with closing(self.posed(source, clock)) as posed:
            yield from self.refined(posed, clock)

    def posed(self, source: VideoSource, clock: Clock) -> Iterator[FrameResult]:
        """The first half of :meth:`results`: frames with the poses of their people, nobody tracked yet."""
        with ExitStack() as stack, _torch_threads(self._estimator_threads):
            frames = stack.enter_context(closing(prefetch(clock.around('decode', source), size=max(4, 2 * self.batch))))
            frames = links.watch(frames, self.every)
            batch = self.batch if self.follow else self.batch * self.every  # so that `batch` of them are watched
            found = links.detect(frames, self.detector, clock, batch, math.ceil(self.detect_every / self.every))
            if self.overlap:
                ahead = max(2 * batch, self.detect_every, self.every)
                found = stack.enter_context(closing(prefetch(_under(self._threads, found), size=ahead)))
            if self.follow:
                found = links.follow(found, self.detector, clock, self.tracker.predict)
            yield from links.estimate(found, self.estimator, clock, batch)

    def refined(self, posed: Iterable[FrameResult], clock: Clock) -> Iterator[FrameResult]:
        """The second half: tracks, and smooth ones."""
        self.tracker.reset()
        yield from _under(self._threads, links.refine(links.track(posed, self.tracker, clock), self.refiner, clock))

    def run(self, video: Union[str, Path], out_dir: Union[str, Path] = 'output', **options):
        """Process a video into files; returns a summary. Options: :class:`pipeline.run.OutputOptions`."""
        from pipeline.run import OutputOptions, run_video

        return run_video(self, video, OutputOptions(out_dir=Path(out_dir), **options))


@contextmanager
def _torch_threads(count: Optional[int]) -> Iterator[None]:
    """Let torch use ``count`` threads for one operation (None: leave it as it is)."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _under(threads: Optional[int], items: Iterable) -> Iterator:
    # the number is kept per Python thread, so the thread that pulls has to set it
    with _torch_threads(threads):
        yield from items
