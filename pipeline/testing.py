"""Checks for components of one's own: each runs a suite and fails with an AssertionError that says what was expected.

    from pipeline.testing import check_tracker
    check_tracker(MyTracker())

The interfaces are those of :mod:`pipeline.protocols`; our own components pass these checks in our tests.
"""

import copy
import tempfile
from dataclasses import fields, is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Callable, List, Optional, Sequence, Tuple

import numpy as np

from pipeline.errors import InputError
from pipeline.formats import RunInfo
from pipeline.protocols import Detector, Estimator, Smoother, Tracker
from pipeline.skeletons import Skeleton, load_skeleton
from pipeline.types import Detections, Frame, FrameResult, People, VideoInfo

_WIDTH, _HEIGHT, _FPS = 640, 360, 25
# what a batch may change in numbers: other kernels round differently
_ROUNDING = dict(rtol=1e-3, atol=0.05)


def check_detector(detector: Detector, pictures: Optional[Sequence[np.ndarray]] = None) -> None:
    """Check a :class:`pipeline.protocols.Detector`.

    Args:
        detector: to be checked.
        pictures: ``(H, W, 3)`` uint8 RGB of one size; better with people in them. A black one
            and two of noise by default.

    Raises:
        AssertionError: saying what was expected.
    """
    frames = _frames(_pictures() if pictures is None else pictures)
    before = [frame.image.copy() for frame in frames]
    restart = getattr(detector, 'reset', lambda: None)
    restart()
    _expect(_list(detector.detect([]), 'detect([])') == [], 'detect([]) to give []')
    found = _list(detector.detect(frames), 'detect')
    _expect(len(found) == len(frames), f'one entry per frame: {len(frames)}, not {len(found)}')
    for frame, people in zip(frames, found):
        _check_detections(people, frame.width, frame.height)
    for frame, image in zip(frames, before):
        _expect(np.array_equal(frame.image, image), f'frames to be left as they are; frame {frame.index} was changed')
    restart()
    _same(found, detector.detect(frames), 'the same frames to get the same people again, after reset() if it has one')
    if getattr(detector, 'remembers', False):
        return  # what it finds depends on the frames before, so their order matters
    backwards = [detector.detect([frame])[0] for frame in reversed(frames)][::-1]
    _same(found, backwards, 'a frame to get the same people alone, and in another order, as in a batch')


def check_estimator(estimator: Estimator, pictures: Optional[Sequence[np.ndarray]] = None) -> None:
    """Check a :class:`pipeline.protocols.Estimator`.

    Args:
        estimator: to be checked.
        pictures: as of :func:`check_detector`; boxes are put anywhere in them.

    Raises:
        AssertionError: saying what was expected.
    """
    offsets, skeleton = tuple(estimator.frame_offsets), estimator.skeleton
    _expect(0 in offsets and list(offsets) == sorted(set(offsets)), f'frame_offsets ascending, with 0; not {offsets}')
    frames = _frames(_pictures() if pictures is None else pictures)
    boxes = _boxes(frames[0].width, frames[0].height)
    detections = [boxes[:2], Detections.empty(), *[boxes] * (len(frames) - 2)]
    windows = [[frames[min(max(i + o, 0), len(frames) - 1)] for o in offsets] for i in range(len(frames))]
    given = copy.deepcopy((frames, detections))

    _expect(_list(estimator.estimate([], []), 'estimate([], [])') == [], 'estimate([], []) to give []')
    posed = _list(estimator.estimate(windows, detections), 'estimate')
    _expect(len(posed) == len(windows), f'one entry per frame: {len(windows)}, not {len(posed)}')
    for people, found in zip(posed, detections):
        _check_people(people, skeleton.num_keypoints)
        _expect(len(people) == len(found), f'one pose per detection: {len(found)}, not {len(people)}')
        _expect(np.allclose(people.bboxes, found.bboxes), 'people in the order of their detections, with their boxes')
    _expect(_equal(given, (frames, detections)), 'frames and detections to be left as they are')
    _same(posed, estimator.estimate(windows, detections), 'the same frames to get the same poses again')
    alone = [estimator.estimate([w], [d])[0] for w, d in list(zip(windows, detections))[::-1]][::-1]
    _same(posed, alone, 'a frame to get the same poses alone, and in another order, as in a batch')
    swapped = estimator.estimate(windows[:1], [detections[0][::-1]])[0]
    _same(posed[0], swapped[::-1], 'a person to get the same pose whatever the order of the detections')


def check_tracker(tracker: Tracker, skeleton: Optional[Skeleton] = None) -> None:
    """Check a :class:`pipeline.protocols.Tracker`, and its ``predict`` if it has one.

    Two people walk far from each other, come in any order, and some frames are empty.

    Args:
        tracker: to be checked.
        skeleton: that it was made for; COCO's by default.

    Raises:
        AssertionError: saying what was expected.
    """
    scene = _walk(skeleton or load_skeleton('coco'))
    first = _track(tracker, scene)
    second = _track(tracker, scene)
    _expect(_equal(first, second), 'the same frames to get the same answers after reset(); state was left over')
    ids: List[List[int]] = [[], []]  # of who walks on the left, and on the right
    for people in first:
        for box, track_id in zip(people.bboxes, people.track_ids):
            ids[int(box[0] > _WIDTH / 2)].append(int(track_id))
    _expect(max(map(len, ids)) > len(scene) / 2, 'a clear person to be shown in most of the frames')
    for own in ids:
        _expect(len(set(own)) <= 1, f'someone who walks at 50 px/s, far from others, to keep one id; got {set(own)}')
    _expect(not set(ids[0]) & set(ids[1]), f'two people to have ids of their own, not both {ids[0][:1]}')


def _track(tracker: Tracker, scene: List[People]) -> List[People]:
    tracker.reset()
    shown = []
    for i, people in enumerate(scene):
        given = copy.deepcopy(people)
        tracked = tracker.update(people, i / _FPS, (_WIDTH, _HEIGHT))
        _expect(_equal(given, people), f'update to leave the people that it is given as they are (frame {i})')
        _check_people(tracked, people.keypoints.shape[1])
        ids = tracked.track_ids
        _expect(
            ids.shape == (len(tracked),) and np.issubdtype(ids.dtype, np.integer),
            f'track_ids to be {len(tracked)} whole numbers, not {ids.dtype} {ids.shape}',
        )
        _expect((ids >= 1).all(), f'ids from 1 up; frame {i} has {ids.tolist()}')
        _expect(len(set(ids.tolist())) == len(ids), f'no id twice in a frame; frame {i} has {ids.tolist()}')
        rows = [_row(tracked, p) for p in range(len(tracked))]
        _expect(len(set(rows)) == len(rows), f'every person once; somebody stands twice in frame {i}')
        known = {_row(people, p) for p in range(len(people))}
        _expect(known.issuperset(rows), f'boxes, poses and scores as they came; frame {i} has others')
        shown.append(copy.deepcopy(tracked))
        if hasattr(tracker, 'predict'):
            expected = [tracker.predict((i + 1) / _FPS) for _ in range(2)]
            _check_detections(expected[0], _WIDTH, _HEIGHT)
            _expect(_equal(*expected), 'predict to change nothing: asked twice, it answers alike')
    return shown


def check_smoother(smoother: Smoother, skeleton: Optional[Skeleton] = None) -> None:
    """Check a :class:`pipeline.protocols.Smoother` on tracks of 0 to 150 poses, with joints that were not seen.

    Args:
        smoother: to be checked.
        skeleton: that it was made for; COCO's by default.

    Raises:
        AssertionError: saying what was expected.
    """
    figure = _figure(skeleton or load_skeleton('coco'))
    _expect(
        isinstance(smoother.lookahead, (int, np.integer)) and smoother.lookahead >= 0,
        f'lookahead to be a number of poses from 0 up, not {smoother.lookahead!r}',
    )
    rng = np.random.default_rng(0)
    walk = (figure + 8.0 * np.arange(150)[:, None, None] * [1, 0]).astype(np.float32)
    shaken = (walk + rng.normal(0, 1, walk.shape)).astype(np.float32)
    scores = rng.uniform(0.5, 1, walk.shape[:2]).astype(np.float32)
    scores[40:50, :3] = 0  # not seen
    alone = _smooth(smoother, [(shaken, scores)])[0]
    middles = np.median(_smooth(smoother, [(walk, np.ones_like(scores))])[0][..., 0], axis=1)
    _expect((np.diff(middles) > 0).all(), 'poses to come out in the order in which they went in')
    for count in (0, 1, 2, 7):
        _smooth(smoother, [(shaken[:count], scores[:count])])
    mirrored = (shaken[:120, :, ::-1] + 50, scores[:120])
    together = _smooth(smoother, [(shaken, scores), mirrored])
    _expect(_close(alone, together[0]), 'a track to be the same while another is open beside it')
    _expect(_close(_smooth(smoother, [mirrored])[0], together[1]), 'a track to be the same while another is open')
    _expect(_close(alone, _smooth(smoother, [(shaken, scores)])[0]), 'a new track to get the same answers again')
    still = np.repeat(figure[None], 100, axis=0).astype(np.float32)
    moved = np.abs(_smooth(smoother, [(still, np.ones(still.shape[:2], np.float32))])[0] - still).max()
    size = np.ptp(figure, axis=0).max()
    _expect(moved < size / 10, f'who stands still to stay there, in px: a joint moved by {moved:.1f} of {size:.0f} px')


def _smooth(smoother: Smoother, tracks: Sequence[Tuple[np.ndarray, np.ndarray]]) -> List[np.ndarray]:
    """All tracks pushed in turn, each answer ``(T, K, 2)``."""
    opened = [smoother.open() for _ in tracks]
    answers: List[List[np.ndarray]] = [[] for _ in tracks]
    held: List[List[np.ndarray]] = [[] for _ in tracks]  # copies made when they came

    def take(which: int, poses) -> None:
        for pose in _list(poses, 'push and close'):
            joints, dims = shape = tracks[which][0].shape[1:]
            allowed = (shape, (joints, dims + 1))  # with sigmas
            _expect(np.shape(pose) in allowed, f'poses of shape {shape}, not {np.shape(pose)}')
            _expect(np.isfinite(pose[:, :dims]).all(), 'finite coordinates')
            _expect(not (pose[:, dims:] <= 0).any(), 'sigmas above 0, or NaN')
            answers[which].append(pose)
            held[which].append(np.array(pose))

    for i in range(max(len(keypoints) for keypoints, _ in tracks)):
        for which, (keypoints, scores) in enumerate(tracks):
            if i >= len(keypoints):
                continue
            pose, score = keypoints[i].copy(), scores[i].copy()
            take(which, opened[which].push(pose, score, i / _FPS))
            unchanged = np.array_equal(pose, keypoints[i]) and np.array_equal(score, scores[i])
            _expect(unchanged, 'push to leave the arrays that it is given as they are')
            behind = i + 1 - len(answers[which])
            _expect(behind >= 0, f'every pose once; {len(answers[which])} came out of {i + 1}')
            limit = smoother.lookahead
            _expect(behind <= limit, f'at most lookahead = {limit} poses to be held back; {behind} are')
    for which, (keypoints, _) in enumerate(tracks):
        take(which, opened[which].close())
        count = len(answers[which])
        _expect(count == len(keypoints), f'every pose once: {len(keypoints)} went in, {count} came out')
        same = all(map(np.array_equal, answers[which], held[which]))
        _expect(same, 'poses that were given back to stay as they were; one was changed later')
    dims = tracks[0][0].shape[-1]
    return [np.stack(p)[..., :dims] if p else np.zeros_like(tracks[i][0]) for i, p in enumerate(answers)]


def check_writer(make: Callable[..., Any], skeleton: Optional[Skeleton] = None) -> None:
    """Check a format of pose data: a :class:`pipeline.protocols.Writer` that is made with a path.

    Args:
        make: called as ``make(path, run, skeleton, video, force)``; a class with ``suffix``, say.
        skeleton: of the people that it will be given; COCO's by default.

    Raises:
        AssertionError: saying what was expected.
    """
    skeleton = skeleton or load_skeleton('coco')
    video = VideoInfo('clip', _WIDTH, _HEIGHT, Fraction(_FPS), 20)
    results = [FrameResult(Frame(i, i / _FPS, None), p) for i, p in enumerate(_walk(skeleton)[18:38])]
    for result in results:
        result.people.track_ids = 1 + np.arange(len(result.people))

    def open_in(folder: Path, force: bool = False):
        return make(folder / f'clip{getattr(make, "suffix", ".txt")}', RunInfo(preset='check'), skeleton, video, force)

    def whole(folder: Path, frames: Sequence[FrameResult], force: bool = False) -> dict:
        writer = open_in(folder, force)
        for result in frames:
            given = copy.deepcopy(result.people)
            _expect(writer.write(result) is None, 'write to return nothing')
            _expect(_equal(given, result.people), 'write to leave the people as they are')
        if not force:
            early = [path.name for path in map(Path, writer.files) if path.exists()]
            _expect(not early, f'files to get their names when they are whole; {early} was there before close()')
        files = [Path(path) for path in writer.close()]
        _expect(files == [Path(path) for path in writer.files], 'close() to return what .files says')
        _expect(bool(files), 'close() to name the files that were written')
        _expect(len(set(files)) == len(files), 'every file to be named once')
        _expect([Path(path) for path in writer.close()] == files, 'a second close() to do nothing')
        _expect(all(path.is_file() for path in files), 'the files that close() names to be there')
        left = sorted(set(folder.rglob('*')) - set(files))
        _expect(not left, f'no other files to be left behind: {[path.name for path in left]}')
        return {path.name: path.read_bytes() for path in files}

    def empty(folder: Path, after: str) -> None:
        left = sorted(path.name for path in folder.rglob('*'))
        _expect(not left, f'nothing to be left behind after {after}: {left}')

    with tempfile.TemporaryDirectory() as root:

        def folder(name: str) -> Path:
            (Path(root) / name).mkdir()
            return Path(root) / name

        once = folder('once')
        content = whole(once, results)
        _expect(content == whole(folder('again'), results), 'the same video to give the same bytes again')
        whole(folder('no_frames'), [])
        whole(folder('nobody'), [FrameResult(r.frame, People.empty(skeleton.num_keypoints)) for r in results])
        _expect(whole(folder('other'), results[:5]) != content, 'other frames to give other files')

        try:
            refused = open_in(once)
            for result in results:
                refused.write(result)
            refused.close()
        except InputError:
            pass
        else:
            raise AssertionError('expected an InputError where a file exists and force is false')
        kept = {path.name: path.read_bytes() for path in once.rglob('*')}
        _expect(kept == content, 'files that exist to stay as they are without force')
        _expect(whole(once, results, force=True) == content, 'force to replace files that exist')

        aborted = folder('aborted')
        writer = open_in(aborted)
        for result in results[:3]:
            writer.write(result)
        writer.abort()
        empty(aborted, 'abort()')
        _expect(not writer.files, '.files to be empty after abort()')

        unused = folder('unused')
        open_in(unused).abort()
        empty(unused, 'abort() before the first frame')

        writer = open_in(folder('closed'))
        writer.write(results[0])
        files = list(map(Path, writer.close()))
        writer.abort()
        _expect(all(path.is_file() for path in files), 'abort() after close() to leave the files')
        _expect(list(map(Path, writer.files)) == files, 'abort() after close() to leave .files')


def _expect(condition: bool, what: str) -> None:
    if not condition:
        raise AssertionError(f'expected {what}')


def _list(value: Any, where: str) -> list:
    _expect(isinstance(value, (list, tuple)), f'{where} to give a list, not {type(value).__name__}')
    return list(value)


def _check_detections(found: Any, width: int, height: int) -> None:
    _expect(isinstance(found, Detections), f'Detections, not {type(found).__name__}')
    boxes, scores = found.bboxes, found.scores
    count = len(boxes)
    _check_array('bboxes', boxes, (count, 4))
    _check_array('scores', scores, (count,))
    _expect(((scores >= 0) & (scores <= 1)).all(), f'scores in 0..1, not {scores.tolist()}')
    inside = (boxes >= 0).all() and (boxes <= [width, height, width, height]).all()
    _expect(inside, f'boxes inside the frame of {width}x{height} px, not {boxes.tolist()}')
    _expect(
        (boxes[:, :2] < boxes[:, 2:]).all(), f'boxes as x1 y1 x2 y2, with x1 < x2 and y1 < y2, not {boxes.tolist()}'
    )
    if found.keypoints is not None:
        _check_array('keypoints', found.keypoints, (count, 17, 2))
        _check_array('keypoint_scores', found.keypoint_scores, (count, 17))


def _check_people(people: Any, num_keypoints: int) -> None:
    _expect(isinstance(people, People), f'People, not {type(people).__name__}')
    count = len(people.bboxes)
    _check_array('bboxes', people.bboxes, (count, 4))
    _check_array('bbox_scores', people.bbox_scores, (count,))
    _check_array('keypoints', people.keypoints, (count, num_keypoints, 2))
    _check_array('keypoint_scores', people.keypoint_scores, (count, num_keypoints))
    for name in ('bbox_scores', 'keypoint_scores'):
        values = getattr(people, name)
        _expect(((values >= 0) & (values <= 1)).all(), f'{name} in 0..1, not {values.tolist()}')


def _check_array(name: str, array: Any, shape: tuple) -> None:
    _expect(isinstance(array, np.ndarray), f'{name} to be an array, not {type(array).__name__}')
    _expect(array.dtype == np.float32, f'{name} to be float32, not {array.dtype}')
    _expect(array.shape == shape, f'{name} of shape {shape}, not {array.shape}')
    _expect(bool(np.isfinite(array).all()), f'{name} to be finite')


def _equal(a: Any, b: Any) -> bool:
    """Whether two values hold the very same numbers; dataclasses and lists are looked into."""
    if is_dataclass(a):
        return type(a) is type(b) and all(_equal(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(_equal, a, b))
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b)
    return a == b


def _close(a: Any, b: Any) -> bool:
    """:func:`_equal`, up to rounding."""
    if is_dataclass(a):
        return all(_close(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(_close, a, b))
    if isinstance(a, np.ndarray):
        return np.shape(a) == np.shape(b) and np.allclose(a, b, **_ROUNDING)
    return a == b


def _same(a: Any, b: Any, what: str) -> None:
    _expect(_close(a, b), what)


def _row(people: People, p: int) -> bytes:
    columns = (people.bboxes, people.bbox_scores, people.keypoints, people.keypoint_scores)
    return b''.join(np.ascontiguousarray(column[p]).tobytes() for column in columns)


def _pictures() -> List[np.ndarray]:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (2, _HEIGHT, _WIDTH, 3), dtype=np.uint8)
    return [noise[0], np.zeros_like(noise[0]), noise[1]]


def _frames(pictures: Sequence[np.ndarray]) -> List[Frame]:
    _expect(len(pictures) >= 2, 'two pictures at least to check with')
    return [Frame(i, i / _FPS, np.array(picture)) for i, picture in enumerate(pictures)]


def _boxes(width: int, height: int) -> Detections:
    """Three people: in the middle, at the left edge, in the lower right corner."""
    shares = np.array([[0.3, 0.2, 0.6, 0.9], [0, 0.1, 0.2, 0.8], [0.8, 0.5, 1, 1]])
    boxes = (shares * [width, height, width, height]).astype(np.float32)
    return Detections(boxes, np.array([0.9, 0.8, 0.7], np.float32))


def _figure(skeleton: Skeleton) -> np.ndarray:
    """``(K, 2)`` px: a figure 100 px wide and 200 px high, its joints anywhere in it."""
    return np.random.default_rng(1).uniform((100, 80), (200, 280), (skeleton.num_keypoints, 2))


def _walk(skeleton: Skeleton) -> List[People]:
    """60 frames: two people who walk at 2 px a frame, and five empty frames."""
    rng, figure = np.random.default_rng(2), _figure(skeleton)
    frames = []
    for i in range(60):
        if 30 <= i < 35:
            frames.append(People.empty(skeleton.num_keypoints))
            continue
        corners = np.array([[20 + 2 * i, 60], [380 + 2 * i, 70]])
        poses = figure - figure.min(axis=0) + corners[:, None] + rng.normal(0, 0.5, (2, *figure.shape))
        boxes = np.concatenate([poses.min(axis=1) - 5, poses.max(axis=1) + 5], axis=1)
        levels = np.array([0.9, 0.8])
        order = rng.permutation(2)  # people come in any order
        frames.append(
            People(
                np.clip(boxes, 0, [_WIDTH, _HEIGHT] * 2).astype(np.float32)[order],
                levels.astype(np.float32)[order],
                poses.astype(np.float32)[order],
                np.repeat(levels[:, None], skeleton.num_keypoints, axis=1).astype(np.float32)[order],
            )
        )
    return frames
