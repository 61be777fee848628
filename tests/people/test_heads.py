"""Heads are hidden where somebody was found, and around that, in every kind of picture."""

import numpy as np
import pytest

from pipeline.people import HeadLog, heads_of, hide_background, hide_heads
from pipeline.skeletons import load_skeleton
from pipeline.types import Frame, FrameResult, People
from pipeline.video import open_source
from tests.batch.toy_chain import write_video
from tests.tracking.test_tracker import crowd

COCO = load_skeleton('coco')
FPS = 20


def frame(position: int) -> Frame:
    return Frame(position, position / FPS, np.zeros((1, 1, 3), np.uint8))


def covered(circles, x, y) -> bool:
    return bool((np.hypot(circles[:, 0] - x, circles[:, 1] - y) <= circles[:, 2]).any())


def test_a_circle_holds_the_head_and_not_the_chest():
    x, y, radius = heads_of(crowd((300, 360), height=200), COCO)[0]
    assert abs(x - 300) < 2 and 260 < y < 268  # ears, eyes and nose lie at 260 to 264 px
    assert 20 < radius < 45
    unseen = crowd((300, 360), height=200)
    unseen.keypoint_scores[:, :5] = 0  # from behind
    x, y, radius = heads_of(unseen, COCO)[0]
    assert abs(x - 300) < 2 and 245 < y < 275 and radius > 30


def test_heads_are_bridged_and_carried():
    log, seen = HeadLog(), [*range(20, 40), *range(60, 80)]
    for position in seen:
        log.note(FrameResult(frame(position), crowd((100 + 4 * position, 360))), COCO)
    circles = log.circles(np.arange(140) / FPS)
    hidden = [position for position in range(140) if covered(circles[position], 100 + 4 * position, 262)]
    # a gap of a second, and most of a second before and after
    assert set(range(8, 92)) <= set(hidden)
    assert not len(circles[120]) and not hidden[-1] > 110


def test_people_whom_the_tracker_drops_are_hidden_too_and_two_heads_stay_two():
    log = HeadLog()
    for position in range(10):
        log.note(FrameResult(frame(position), crowd((200, 300), (600, 300), score=[0.9, 0.02])), COCO)
        log.note(FrameResult(frame(position), crowd((201, 300))), COCO)
    (circles,) = log.circles(np.array([5 / FPS]))
    assert len(circles) == 2 and covered(circles, 200, 202) and covered(circles, 600, 202)


def test_nobody_hides_nothing():
    log = HeadLog()
    log.note(FrameResult(frame(0), People.empty(17)), COCO)
    assert [len(circles) for circles in log.circles(np.arange(3) / FPS)] == [0, 0, 0]


@pytest.fixture(params=['rgb', 'planes'])
def noise(request, tmp_path):
    """A picture of noise in either form, and how to read its brightness ``(H, W)``."""
    if request.param == 'rgb':
        image = np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype=np.uint8)
        return image, lambda: image.mean(axis=2)
    with open_source(write_video(tmp_path / 'clip.mp4', 1, crf=1)) as source:
        planes = next(iter(source)).picture.copy()
    planes.y[:] = np.random.default_rng(0).integers(16, 235, planes.y.shape)
    return planes, lambda: planes.y.astype(float)


def test_what_is_in_a_circle_is_gone_and_the_rest_untouched(noise):
    canvas, brightness = noise
    before = brightness().copy()
    hide_heads(canvas, np.array([[40.0, 30.0, 20.0], [95.0, 63.0, 6.0], [-50.0, 0.0, 10.0]]))
    after = brightness()
    inside = np.hypot(np.arange(96)[None] - 40, np.arange(64)[:, None] - 30) < 19
    outside = np.hypot(np.arange(96)[None] - 40, np.arange(64)[:, None] - 30) > 22
    outside[50:, 80:] = False
    assert after[inside].std() < before[inside].std() / 4
    assert np.array_equal(after[outside], before[outside])
    # neighbouring pixels tell nothing of each other any more
    assert (
        np.abs(np.diff(after, axis=1))[inside[:, 1:]].max() < np.abs(np.diff(before, axis=1))[inside[:, 1:]].max() / 4
    )


@pytest.mark.parametrize('how', ['black', 'blur'])
def test_a_background_goes_and_people_stay(noise, how):
    canvas, brightness = noise
    before = brightness().copy()
    people = crowd((40, 34), height=56)
    hide_background(canvas, people, COCO, heads_of(people, COCO), how)
    after = brightness()
    assert np.abs(after[20:34, 39:42] - before[20:34, 39:42]).max() <= 1  # the chest
    far = after[:, 80:]
    assert far.std() < before[:, 80:].std() / 2 and (how == 'blur' or far.max() <= 16)
