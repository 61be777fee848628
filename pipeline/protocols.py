"""What each component of a chain does: the interfaces that one's own components fulfil.

Nothing is inherited: a class with these methods fits. ``pipeline.testing`` has a check
for each, :mod:`pipeline.registry` lets presets name it, docs/extending.md has examples.

Legend: ``P`` people in a frame, ``K`` keypoints of the skeleton. Pixel coordinates, arrays
and their types are those of :mod:`pipeline.types`. What comes in belongs to the caller and is
never changed; what goes out is not changed afterwards.
"""

from pathlib import Path
from typing import Callable, List, Protocol, Sequence, Tuple, runtime_checkable

import numpy as np

from pipeline.skeletons import Skeleton
from pipeline.types import Detections, Frame, FrameResult, People

#: Called with each analysed frame's people, of that skeleton, before a tracker drops any of them.
Sight = Callable[[FrameResult, Skeleton], None]


@runtime_checkable
class Detector(Protocol):
    """Finds the people of frames.

    Keeps nothing between calls but its network: what it says of a frame does not depend on
    the frames before it or beside it in the batch. Two threads may call it at once. A detector
    that does remember (looks at parts of a picture that take turns) says so by an attribute
    ``remembers = True`` and has ``reset()``, which every run calls before its first frame.
    """

    def detect(self, frames: Sequence[Frame]) -> List[Detections]:
        """The people of each frame, in the order of the frames.

        Args:
            frames: of one size; none, one or many.

        Returns:
            One entry per frame: boxes ``(P, 4)`` float32 px inside the frame, x1 < x2 and
            y1 < y2; scores ``(P,)`` float32 in 0..1; :meth:`Detections.empty` for nobody.
        """


@runtime_checkable
class Estimator(Protocol):
    """Estimates the poses of found people.

    Keeps nothing between calls but its network; has no ``reset``.

    Attributes:
        skeleton: the ``K`` joints of its poses.
        frame_offsets: frames that it wants to see around the one it answers for, ascending and
            with 0: ``(0,)`` for one frame, ``(-1, 0, 1)`` for three.
    """

    skeleton: Skeleton
    frame_offsets: Tuple[int, ...]

    def estimate(self, windows: Sequence[Sequence[Frame]], detections: Sequence[Detections]) -> List[People]:
        """Poses of the people of several frames.

        Args:
            windows: for each frame those at ``frame_offsets`` around it (at the ends of a video
                the first or last frame stands in for what is not there).
            detections: for each frame its people.

        Returns:
            For each frame its people in the order of its detections: their boxes and scores,
            keypoints ``(P, K, 2)`` float32 px, keypoint scores ``(P, K)`` float32 in 0..1.
            :meth:`People.empty` where nobody was found.
        """


@runtime_checkable
class Tracker(Protocol):
    """Gives people ids that stay, frame by frame.

    Keeps between calls whatever it knows of the people of one video, and forgets it in
    :meth:`reset`. Every run works on a copy of its own (``copy.deepcopy``), in one thread.
    One that assumes a usual frame rate may have ``expect_rate(fps)`` too, which is called after ``reset``.
    """

    def reset(self) -> None:
        """Forget everyone: called before each video, after which the same frames get the same answers again."""

    def update(self, people: People, time: float, image_size: Tuple[int, int]) -> People:
        """The people of the next frame, with ids.

        A tracker that wants to see the picture has ``with_looks(people, frame) -> People`` too, which is
        called before; what it notes in ``people`` comes here.

        Args:
            people: of this frame, possibly none, in any order.
            time: seconds; never smaller than in the call before.
            image_size: width and height in px.

        Returns:
            Those of ``people`` that are to be shown, each once and with boxes, poses and scores as
            they came; ``track_ids`` ``(P,)`` int64 from 1 up, no id twice in a frame. Who was not seen
            but is expected may come too, marked as ``filled``: the refiner waits for them
            (:class:`pipeline.refine.stream.StreamRefiner`), and bridges what is between if they come back.
        """


@runtime_checkable
class PredictingTracker(Tracker, Protocol):
    """A tracker that also says where people will be; ``follow`` and ``detect_every`` over 1 need one."""

    def predict(self, time: float) -> Detections:
        """Where the people of the last update are expected at ``time``; changes nothing.

        Args:
            time: seconds, after that of the last update.

        Returns:
            Boxes ``(P, 4)`` float32 px inside the frame, scores ``(P,)`` float32 in 0..1, and
            keypoints if the skeleton is COCO's.
        """


@runtime_checkable
class TrackSmoother(Protocol):
    """The state of one track, for as long as the track lasts."""

    def push(self, keypoints: np.ndarray, scores: np.ndarray, time: float) -> List[np.ndarray]:
        """Add one pose and return those that are final now.

        Args:
            keypoints: ``(K, 2)`` px.
            scores: ``(K,)`` in 0..1; 0 means that the joint was not seen.
            time: seconds; must grow from call to call.

        Returns:
            ``(K, 2)`` px arrays, oldest first; empty while more frames are needed. One that knows how sure it is
            may give ``(K, 3)``: the last column is the standard deviation along an axis, in px.
        """

    def close(self) -> List[np.ndarray]:
        """End the track and return all poses that are still held back."""


@runtime_checkable
class Smoother(Protocol):
    """A way to smooth tracks; shared by all of them, it opens a :class:`TrackSmoother` for each.

    Keeps nothing of a track itself, so it has no ``reset``: whatever was smoothed before,
    a new track gets the same answers. Tracks are open side by side. Every pose that goes into a
    track comes out of it once, in order.

    Attributes:
        lookahead: the most poses that a track holds back after a push.
    """

    @property
    def lookahead(self) -> int: ...

    def open(self) -> TrackSmoother:
        """State for a new track."""


@runtime_checkable
class Writer(Protocol):
    """Writes the results of one video, frame by frame, in memory that does not grow with the video.

    Made for one video and used once, so it has no ``reset``. Files get their names in
    :meth:`close`: they appear whole or not at all. After Ctrl-C a writer is closed, after any other
    failure aborted. :class:`pipeline.formats.Exporter` does all of this for files of pose data,
    which are made as ``TYPE(path, run, skeleton, video, force)``.

    Attributes:
        files: what was written; final once it is closed, empty after an abort.
    """

    @property
    def files(self) -> List[Path]: ...

    def write(self, result: FrameResult) -> None:
        """Take the next frame and its people, possibly none; frames come in order.

        Raises:
            InputError: if that cannot be written. Then nothing is left behind.
        """

    def close(self) -> List[Path]:
        """Complete the files and give them their names; a second call does nothing.

        Raises:
            InputError: if that fails. Then nothing is left behind.
        """

    def abort(self) -> None:
        """End without leaving anything behind; after :meth:`close` it does nothing."""
