"""HOTA and IDF1 of small cases, computed by hand."""

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.posetrack import PoseFrame, PosePerson, PoseSequence, pair_folders, pair_frames, score_sequences
from pipeline.posetrack.assignment import match_sequence
from pipeline.posetrack.identity import IdentityScores, load_metrics

# head box 60 by 80 px, so the size of a head is 60 px
FAR = 2000


def person(x, track, joints=range(15)):
    result = PosePerson(track_id=track, head_box=np.array([0.0, 0, 60, 80]))
    for joint in joints:
        result.points[joint] = x + 10 * joint, 100
    return result


def sequence(*frames):
    return PoseSequence('a', [PoseFrame.from_people(f'{i:06d}.jpg', people) for i, people in enumerate(frames)], 'a')


def score(truth, *predictions):
    return score_sequences([pair_frames(truth, prediction) for prediction in predictions], tracking=True)


ALONE = sequence(*[[person(0, 1)] for _ in range(4)])


def test_an_id_that_changes_halfway():
    scores = score(ALONE, sequence(*[[person(0, 7 if i < 2 else 8)] for i in range(4)]))
    # each joint is found; of its track's 4 frames, each predicted track covers 2: 2 / (4 + 2 - 2)
    assert scores['DetA']['Mean'] == pytest.approx(100) and scores['AssA']['Mean'] == pytest.approx(50)
    assert scores['HOTA']['Mean'] == pytest.approx(100 * np.sqrt(0.5))
    # the better of the two ids: 2 right, 2 missed, 2 false
    assert scores['IDF1']['Mean'] == pytest.approx(100 * 2 / (2 + 1 + 1))


@pytest.mark.parametrize('offset, thresholds, idf1', [(19.2, 13, 100), (29.9, 10, 100), (35, 8, 0), (61, 0, 0)])
def test_similarity_is_the_distance_in_heads(offset, thresholds, idf1):
    # 19.2 px are 0.32 heads: alike up to 0.68, which 13 of the 19 thresholds 0.05, 0.10 ... 0.95 allow
    scores = score(ALONE, sequence(*[[person(offset, 7)] for _ in range(4)]))
    assert scores['HOTA']['Mean'] == pytest.approx(100 * thresholds / 19)
    assert scores['IDF1']['Mean'] == idf1


def test_somebody_who_is_not_there():
    scores = score(ALONE, sequence(*[[person(0, 7), *([person(FAR, 8)] if i < 2 else [])] for i in range(4)]))
    assert scores['DetA']['Mean'] == pytest.approx(100 * 4 / 6) and scores['AssA']['Mean'] == pytest.approx(100)
    assert scores['HOTA']['Mean'] == pytest.approx(100 * np.sqrt(4 / 6))
    assert scores['IDF1']['Mean'] == pytest.approx(100 * 4 / (4 + 2 / 2))


def test_sequences_and_joints_are_joined():
    halfway = sequence(*[[person(0, 7 if i < 2 else 8)] for i in range(4)])
    scores = score(ALONE, halfway, sequence(*[[person(0, 3)] for _ in range(4)]))
    assert scores['AssA']['Mean'] == pytest.approx(75)  # 4 joints found with 50, 4 with 100
    assert scores['HOTA']['Mean'] == pytest.approx(100 * np.sqrt(0.75))
    assert scores['IDF1']['Mean'] == pytest.approx(100 * 6 / 8)
    # ankles of both sides, the last with another id from the third frame on; everything else is not annotated
    truth = sequence(*[[person(0, 1, (0, 5))] for _ in range(4)])
    found = sequence(*[[person(0, 7, (0,)), person(0, 8, (5,))] for _ in range(4)])
    assert score(truth, found)['HOTA'] == {
        **dict.fromkeys(('Head', 'Sho', 'Elb', 'Wri', 'Hip', 'Knee')),
        'Ank': pytest.approx(100),
        'Mean': pytest.approx(100),
    }


def test_pooled_over_joints_a_rare_joint_counts_less():
    truth = sequence([person(0, 1, (0, 5))], [person(0, 1, (0,))], [person(0, 1, (0,))])
    found = sequence([person(0, 7, (0,))], [person(0, 7, (0,))], [person(0, 7, (0,))])
    scores = IdentityScores(load_metrics())
    scores.add(match_sequence(*pair_frames(truth, found)))
    per_joint = scores.per_joint()['HOTA']
    assert per_joint[[0, 5]] == pytest.approx([100, 0]) and np.isnan(per_joint[1])
    assert scores.pooled()['DetA'] == pytest.approx(100 * 3 / 4)


@pytest.mark.parametrize('layout', [17, 18])
def test_truth_against_itself_scores_100(fixtures, layout):
    folder = fixtures('poseval') / f'pt{layout}/gt'
    scores = score_sequences(pair_folders(folder, folder), True)
    for name in ('HOTA', 'DetA', 'AssA', 'IDF1'):
        assert list(scores[name].values()) == pytest.approx([100.0] * 8), name


def test_nobody_predicted_and_ids_missing():
    assert score(ALONE, sequence([], [], [], []))['HOTA']['Mean'] == 0
    scores = IdentityScores(load_metrics())
    with pytest.raises(InputError, match='b.json: a person of image 000000.jpg has no track id'):
        scores.add(match_sequence(*pair_frames(ALONE, sequence(*[[person(0, -1)]] * 4))), 'b.json')
    scores.add([])  # a sequence in which nobody is annotated
    assert np.isnan(scores.per_joint()['IDF1']).all()
