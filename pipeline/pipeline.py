"""The chain: detector, estimator, tracker and refiner in a row, over any source of frames.

from pipeline import VideoPipeline
VideoPipeline.from_preset('embedded').run('video.mp4', out_dir='out')
"""

import copy
import logging
import math
import os
from fractions import Fraction
from pathlib import Path
from typing import Any, Generator, Iterable, Iterator, List, Optional, Union

import torch

from pipeline.backends.devices import check_device
from pipeline.backends.openmmlab import check_weights_given, runs_in_torch
from pipeline.backends.threads import Shares
from pipeline.detection import build_detector
from pipeline.errors import InputError
from pipeline.estimation import build_estimator
from pipeline.layouts import Arrangement, carriers, tracked_skeleton
from pipeline.lift import LiftOptions, Stillness, build_lift, refiner_weights
from pipeline.options import OutputOptions, as_fields, every_frames
from pipeline.presets import merged_preset, options_of
from pipeline.protocols import Detector, Estimator, PredictingTracker, Sight, Tracker
from pipeline.refine import StreamRefiner, build_refiner, refiner_options
from pipeline.refine.filters import NoSmoother
from pipeline.registry import import_custom
from pipeline.results import Results
from pipeline.run import run_video
from pipeline.stages import (
    Advice,
    Arrange,
    Buffer,
    Detect,
    Estimate,
    Follow,
    Lift,
    Refine,
    Stage,
    Tell,
    Track,
    Watch,
    connect,
)
from pipeline.summary import Summary
from pipeline.timing import Clock
from pipeline.tracking import FurtherPoints, build_tracker, check_tracker
from pipeline.tracking.options import SLOWEST_RATE
from pipeline.types import FrameResult, People
from pipeline.video import ArraySource, BackgroundWriter, VideoSource, open_source
from pipeline.video.limits import check_memory
from pipeline.video.source import in_order

# Frames for which a look at the whole picture may take its time: what waits are decoded pictures.
_LOOK_AHEAD = 6

logger = logging.getLogger(__name__)

# what tracker and refiner assume does not hold then: that people are near where they were going, as smooth bodies do
_SLOW = (
    f'%s: %.3g frames per second, below {SLOWEST_RATE}: people are looked for in every frame, '
    'keep their ids by place and looks, and are not smoothed'
)


class VideoPipeline:
    """Finds, poses, tracks and refines the people of a video.

    A pipeline holds networks and options only. What a run remembers (tracks, waiting frames)
    belongs to the run: each begins clean, however the one before ended, and several may be under way at once.

    Args:
        detector, estimator, tracker, refiner: the stages, in this order. Every run gets a copy of
            ``tracker`` and a refiner of its own with the same smoother.
        detect_every: look for people in every n-th frame only, or (``'0.2s'``) every so many
            seconds of a source; in between the tracker says where they moved.
        every: analyse every n-th frame only; people in the frames between are filled in by
            the refiner, and marked (``People.filled``). The detector still looks at most at every
            ``detect_every``-th frame.
        batch: frames that go through a network together. 1 answers soonest; on a
            GPU several are faster. Always 1 where people are followed.
        follow: pose people also where the tracker expects them and the detector
            misses them (always so unless ``detect_every`` is 1).
        overlap: find people in a thread of its own while the frames before are posed;
            :class:`pipeline.backends.threads.Shares` says who then gets how many cores.
        keypoints: the layout of the poses that come out, of :data:`pipeline.layouts.LAYOUTS`; None for the estimator's.
        lift: lifts the refined tracks to 3D; None leaves them in the picture.
        options: what to record in output files (preset, configs, weights).

    Attributes:
        prompt: keep the queues between threads as short as they go: each frame comes out sooner, fewer do per second.
        notes: what was changed of the options given, one line each.
    """

    def __init__(
        self,
        detector: Detector,
        estimator: Estimator,
        tracker: Tracker,
        refiner: StreamRefiner,
        detect_every: Union[int, str] = 1,
        batch: int = 1,
        follow: bool = False,
        overlap: bool = True,
        every: int = 1,
        keypoints: Optional[str] = None,
        lift: Optional[LiftOptions] = None,
        options: Optional[dict] = None,
    ):
        self.detector, self.estimator, self.tracker, self.refiner = detector, estimator, tracker, refiner
        self.detect_every, self.follow = detect_every, follow or detect_every != 1
        if self.follow and not hasattr(tracker, 'predict'):
            kind = type(tracker).__name__
            raise InputError(
                f'tracker {kind!r}: has no predict(time), which follow and detect_every {detect_every} need'
            )
        self.overlap, self.every, self.lift = overlap, every, lift
        self.arrangement = Arrangement(estimator.skeleton, keypoints) if keypoints else None
        self.batch = 1 if self.follow else batch
        self.prompt = False
        self.notes: List[str] = []
        if self.batch != batch:
            self.notes.append(
                f'batch {batch} becomes 1: people are followed from frame to frame (detect_every {detect_every}); '
                'for batches, detect in every frame and do not follow'
            )
        if lift and lift.assumed_height:
            self.notes.append(
                f'people are taken to be {lift.height:.2f} m tall, all lengths follow; --person-height says otherwise'
            )
        self.options = options or {}
        model = getattr(estimator, 'model', None)
        parameters = sum(value.numel() for value in model.parameters()) if model is not None else 0
        self._shares = Shares.of(overlap, parameters, torch.get_num_threads())
        self._process = os.getpid()

    @property
    def per_frame(self) -> bool:
        """Whether what :meth:`posed` gives for a frame depends on its picture (and its neighbours') only.

        Then a video can be posed in pieces, and :meth:`refined` in one.
        """
        return not self.follow and self.every == 1 and not getattr(self.detector, 'remembers', False)

    @property
    def looks_back(self) -> bool:
        """Whether a picture is still looked at after its frame has come out of :meth:`results`."""
        return min(self.estimator.frame_offsets) < 0

    @property
    def skeleton(self):
        """Joint names, limbs and mirror pairs of the poses."""
        return self.arrangement.skeleton if self.arrangement else self.estimator.skeleton

    @classmethod
    def from_preset(
        cls,
        preset: Union[str, Path],
        device: str = 'auto',
        refiner: Union[None, str, dict] = None,
        detector: Optional[dict] = None,
        estimator: Optional[dict] = None,
        tracker: Optional[dict] = None,
        **overrides,
    ) -> 'VideoPipeline':
        """Build the chain that a preset describes.

        Args:
            preset: a name (``embedded``, ``hrnet-w32`` …) or a preset file.
            device: for the networks, such as ``cpu`` or ``cuda:0``; ``auto`` is the first GPU where torch
                sees one, else the CPU.
            refiner: in place of the preset's; a name (``gaussian:sigma=2`` with parameters), a checkpoint, or options.
            detector, estimator, tracker: options that go over the preset's; one that
                names a ``type`` or ``config`` replaces the preset's stage altogether.
            overrides: the other options of :class:`pipeline.options.ChainOptions` that a preset may set.

        Raises:
            InputError: for anything unknown, missing or unfit.
        """
        config = merged_preset(preset, refiner, detector=detector, estimator=estimator, tracker=tracker, **overrides)
        return cls.from_config(config, device, name=str(preset))

    @classmethod
    def from_config(cls, config: dict, device: str = 'auto', name: str = '') -> 'VideoPipeline':
        """Build the chain from a preset's dictionary (see :mod:`pipeline.presets`)."""
        device = str(check_device(device, config.get('runtime', 'torch')))
        if 'custom_imports' in config:
            import_custom(config['custom_imports']['imports'])
        with options_of('tracker', name):  # what is cheap to check comes before what takes long to load
            check_tracker(config.get('tracker', {}))
        if config.get('three_d'):
            refiner_weights(config.get('refiner_3d'))
        speed = dict(runtime=config.get('runtime', 'torch'), half=config.get('half', False))
        with options_of('estimator', name):
            estimator = build_estimator(config['estimator'], device, speed, config.get('keypoints'))
        with options_of('detector', name):
            detector = build_detector(config['detector'], device, speed)
        if not config.get('random_weights'):
            for stage, built in (('detector', detector), ('estimator', estimator)):
                check_weights_given(stage, config[stage], getattr(built, 'model', None))
        if speed != dict(runtime='torch', half=False) and not any(
            hasattr(stage, 'model') and runs_in_torch(stage.model) for stage in (detector, estimator)
        ):
            what = 'half precision' if speed['half'] else f'runtime {speed["runtime"]}'
            raise InputError(
                f"{what}: neither the detector nor the estimator of {name or 'this chain'} is one of torch's networks"
            )
        with options_of('tracker', name):
            tracker = build_tracker(config.get('tracker', {}), tracked_skeleton(estimator.skeleton))
        with options_of('refiner', name):
            wanted = refiner_options(config.get('refiner', 'hanet'))
            refiner = build_refiner(wanted, estimator.skeleton, device, speed['runtime'])
        lift = None
        if config.get('three_d'):
            layout = config.get('keypoints')
            skeleton = Arrangement(estimator.skeleton, layout).skeleton if layout else estimator.skeleton
            asked = config.get('refiner_3d')
            lift = build_lift(skeleton, config.get('focal'), config.get('person_height'), device=device, refiner=asked)
        keys = ('detect_every', 'batch', 'follow', 'overlap', 'every', 'keypoints')
        chosen = {key: config[key] for key in keys if key in config}
        record = dict(config, preset=name, device=device, refiner={**wanted, **refiner.record})
        if lift:
            record.update(lift.record)
        return cls(detector, estimator, tracker, refiner, **chosen, lift=lift, options=record)

    def __call__(self, image) -> People:
        """The people of one picture, ``(H, W, 3)`` uint8 RGB: those of a video of this frame only."""
        (result,) = self.results(ArraySource([image]))
        return result.people

    def results(self, source: Any, clock: Optional[Clock] = None, sight: Optional[Sight] = None) -> Results:
        """Iterate over the frames of ``source`` (what :func:`open_source` takes) with their refined people.

        Every frame comes once and in order, ``refiner.latency(fps)`` frames late at
        most; frames that nobody holds any more are freed. Leaving the loop early ends the run.
        ``sight`` is told of everybody who was posed, those too whom the tracker drops.
        In place of a loop, ``results(…).to_dataframe()`` or ``.to_xarray()`` gives all of them as a table.

        Raises:
            InputError: if the source cannot be read, its times do not increase, its pictures would take too much
                memory (:meth:`check_memory`), or this pipeline was made in another process.
        """
        named = source.info.name if isinstance(source, VideoSource) else source
        name = str(named) if isinstance(named, (str, Path)) else ''
        return Results(self._results(source, clock, sight), self.skeleton, name, self.lift is not None)

    def _results(
        self, source: Any, clock: Optional[Clock], sight: Optional[Sight]
    ) -> Generator[FrameResult, None, None]:
        if not isinstance(source, VideoSource):
            with open_source(source) as opened:
                yield from self._results(opened, clock, sight)
            return
        self.check_memory(source)
        clock, slow = clock or Clock(), source.info.fps < SLOWEST_RATE
        if slow:
            logger.warning(_SLOW, source.info.name, float(source.info.fps))
        tracker = self._fresh_tracker(source.info.fps)
        advice = None
        if self.follow and not slow:
            assert isinstance(tracker, PredictingTracker)  # as the constructor has checked
            advice = Advice(tracker, max(0, *self.estimator.frame_offsets))
        stages = [*self._posing(advice, source.info.fps), *self._tracking(tracker, advice, source.info.fps, sight)]
        yield from connect(clock.around('decode', in_order(source)), stages, clock)

    def posed(self, source: VideoSource, clock: Clock) -> Iterator[FrameResult]:
        """The first half of :meth:`results`: frames with the poses of their people, nobody tracked yet.

        Raises:
            InputError: if this chain follows people (:attr:`per_frame` is false): its halves need each other.
        """
        if not self.per_frame:
            raise InputError('a chain that follows people cannot be run by halves')
        self.check_memory(source)
        return connect(clock.around('decode', in_order(source)), self._posing(None, source.info.fps), clock)

    def refined(
        self, posed: Iterable[FrameResult], clock: Clock, fps: Fraction, sight: Optional[Sight] = None
    ) -> Iterator[FrameResult]:
        """The second half: tracks, and smooth ones, of a source with ``fps`` frames per second."""
        return connect(posed, self._tracking(self._fresh_tracker(fps), None, fps, sight), clock)

    def check_memory(self, source: VideoSource) -> None:
        """Raise :class:`InputError` if the pictures that wait at once would take more than is allowed.

        Those are what the stages hold back, two threads have in hand, and the encoder has not done yet.
        """
        info = source.info
        buffers = sum(stage.size for stage in self._posing(None, info.fps) if isinstance(stage, Buffer))
        held = 2 * self._batch + max(self.estimator.frame_offsets) - min(self.estimator.frame_offsets)
        waiting = buffers + held + self.refiner.latency(float(info.fps), self.every) + BackgroundWriter.SIZE + 3
        if self.lift:
            waiting += self.lift.latency(float(info.fps))
        if info.num_frames is not None:
            waiting = min(waiting, info.num_frames)
        check_memory(info.name, info.width, info.height, source.picture_bytes, waiting)

    def run(self, video: Union[str, Path], out_dir: Union[str, Path] = 'output', **options) -> Summary:
        """Process a video into files; returns a summary. Options: :class:`pipeline.options.OutputOptions`.

        Lists are taken for tuples, and text for paths.

        Raises:
            InputError: as :func:`pipeline.run.run_video`, and for a value that is not allowed.
        """
        wanted = OutputOptions(out_dir=Path(out_dir), **as_fields(OutputOptions, options))
        wanted.check()
        return run_video(self, video, wanted)

    def _posing(self, advice: Optional[Advice], fps: Fraction) -> List[Stage]:
        """From frames to poses; the buffers' sizes are the queues between threads."""
        batch = self._batch
        looks_every = 1 if fps < SLOWEST_RATE else math.ceil(every_frames(self.detect_every, fps) / self.every)
        ahead = 1 if self.prompt else max(2 * batch, min(looks_every, _LOOK_AHEAD), self.every)
        return [
            Buffer(1 if self.prompt else max(4, 2 * self.batch)),  # frames are decoded in a thread of their own
            Watch(self.every),
            Detect(self.detector, batch, looks_every, self._shares.detector),
            *([Buffer(ahead)] if self.overlap else []),
            *([Follow(self.detector, advice, self._shares.detector)] if advice else []),
            Estimate(self.estimator, batch, self._shares.estimator),
        ]

    @property
    def _batch(self) -> int:
        """Frames in a batch, of which ``batch`` are analysed."""
        return self.batch if self.follow else self.batch * self.every

    def _tracking(
        self, tracker: Tracker, advice: Optional[Advice], fps: Fraction, sight: Optional[Sight] = None
    ) -> List[Stage]:
        """From poses to smooth tracks; poses seconds apart are not mixed with each other."""
        refiner = self.refiner.anew(NoSmoother() if fps < SLOWEST_RATE else None)
        skeleton = self.estimator.skeleton
        further = FurtherPoints(skeleton) if carriers(skeleton) is not None else None
        arranged = [Arrange(self.arrangement)] if self.arrangement else []
        told = [Tell(sight, skeleton)] if sight else []
        lifted = [Lift(self.lift.stream(float(fps), Stillness()))] if self.lift else []
        return [*told, Track(tracker, advice, further), Refine(refiner), *arranged, *lifted]

    def _fresh_tracker(self, fps: Fraction) -> Tracker:
        if os.getpid() != self._process:
            raise InputError(
                f'this pipeline was made in process {self._process} and does not survive a fork into {os.getpid()} '
                "(torch's threads stay behind): make one in each process, after the fork"
            )
        tracker = copy.deepcopy(self.tracker)
        tracker.reset()
        if hasattr(tracker, 'expect_rate'):
            tracker.expect_rate(float(fps))
        return tracker
