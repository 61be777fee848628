"""Who is chosen of a clip whose people are known."""

from fractions import Fraction

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.people import KeptPoses, check_choice, choose
from pipeline.types import Frame, FrameResult, People, VideoInfo

FPS = 10
# id: frames in which it is there, centre and size of its box in px, in pictures of 1000 x 500
CLIP = {
    1: (range(100), (500, 250), 100),  # in the middle all the time
    2: (range(20, 60), (900, 250), 200),  # larger, at the border, for a while
    4: (range(100), (60, 450), 60),  # small, in a corner
    7: (range(90, 100), (520, 240), 120),  # in the middle for a second
}


def clip(people=CLIP, frames=100):
    kept = KeptPoses(1000, 500)
    for i in range(frames):
        here = [(k, centre, size) for k, (span, centre, size) in people.items() if i in span]
        boxes = np.array([[x - s / 2, y - s / 2, x + s / 2, y + s / 2] for _, (x, y), s in here], np.float32)
        joints = np.array([[(x, y)] * 17 for _, (x, y), _ in here], np.float32).reshape(-1, 17, 2)
        scores = np.full((len(here), 17), 0.9, np.float32)
        rows = People(boxes.reshape(-1, 4), np.full(len(here), 0.9, np.float32), joints, scores)
        rows.track_ids = np.array([k for k, _, _ in here], np.int64)
        kept.add(FrameResult(Frame(i, i / FPS, np.zeros((500, 1000, 3), np.uint8)), rows))
    return kept


@pytest.mark.parametrize(
    'text, ids',
    [
        ('main', (1,)),  # 100 frames of 100 px x 1, against 40 of 200 px x 0.28
        ('1', (1,)),
        (2, (1, 2)),
        ('99', (1, 2, 4, 7)),
        ('largest', (2,)),
        ('longest', (1,)),
        ('ids=4,2', (2, 4)),
        ('ids=4,5', (4,)),
        ('900,250@3', (2,)),
        ('900,250@30f', (2,)),
        ('900,250@0:06.1', (2,)),  # gone for a tenth of a second
        ('511,245@9.5', (7,)),  # in both boxes, nearest to these joints
    ],
)
def test_who_is_chosen(text, ids):
    assert choose(clip(), text) == ids


def test_an_id_that_nobody_has_is_said_in_one_line_and_the_others_are_chosen(caplog):
    assert choose(clip(), 'ids=4,99,5,99') == (4,)
    (said,) = caplog.records
    assert said.getMessage() == '--people ids=4,99,5,99: nobody has id 5, 99; there are 1, 2, 4, 7'
    caplog.clear()
    assert choose(clip(), 'ids=4,1') == (1, 4) and not caplog.records


@pytest.mark.parametrize(
    'text, said',
    [
        ('ids=3,5', 'no such id; there are 1, 2, 4, 7'),
        ('900,250@8', 'nobody is there; at 8.00 s id 1 is at 500,250, id 4 is at 60,450'),
        ('900,250@11', 'the clip lies between 0.00 and 9.90 s'),
        ('900,250@100f', 'the clip lies between 0.00 and 9.90 s'),
    ],
)
def test_who_is_not_there_is_said_with_who_is(text, said):
    with pytest.raises(InputError) as told:
        choose(clip(), text)
    assert said in str(told.value) and '\n' not in str(told.value)


def test_nobody_is_chosen_of_a_clip_that_shows_nobody():
    assert choose(clip({}), 'main') == choose(clip({}), '1,2@3') == ()


def test_kept_poses_hold_no_pictures():
    kept = clip()
    assert len(kept) == 100 and [result.frame.index for result in kept] == list(range(100))
    assert all(result.frame.picture.size == 0 for result in kept)
    assert [len(track.frames) for track in kept.tracks()] == [100, 40, 100, 10]


@pytest.mark.parametrize(
    'text, said',
    [
        ('1000,5@1', 'the pictures have 1000 x 500 px'),
        ('5,500@1', '1000 x 500 px'),
        ('5,5@13', 'ends at about 10.00 s'),
    ],
)
def test_a_place_that_is_in_no_picture_is_refused_before_work(text, said):
    info = VideoInfo('clip', 1000, 500, Fraction(FPS), num_frames=100)
    with pytest.raises(InputError, match=said):
        check_choice(text, info)
    for fine in ('main', '2', 'ids=1', '999,499@10', '5,5@9000f'):
        check_choice(fine, info)
    check_choice('5,5@13', VideoInfo('stream', 1000, 500, Fraction(FPS)))
