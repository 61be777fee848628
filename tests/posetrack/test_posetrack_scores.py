"""poseval's numbers, on its own output and where it fails."""

import json

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.posetrack import (
    JOINTS,
    PoseFrame,
    PosePerson,
    PoseSequence,
    format_table,
    pair_folders,
    pair_frames,
    score_sequences,
)

# our name, poseval's per joint (mean last), poseval's table
AP_KEYS = [('AP', 'ap', 'ap_table'), ('precision', 'pre', 'pre_table'), ('recall', 'rec', 'rec_table')]
MOT_KEYS = [('MOTA', 'trk_mota'), ('MOTP', 'trk_motp'), ('MOT_precision', 'trk_pre'), ('MOT_recall', 'trk_rec')]
COUNT_KEYS = [(name, f'num_{name}') for name in ('misses', 'switches', 'false_positives', 'objects', 'detections')]


def person(x, y, track=1, score=0.5, joints=range(15)):
    """A person whose joints stand in a row from (x, y), 10 px apart; its head box is 60 by 80 px."""
    result = PosePerson(track_id=track, head_box=np.array([0.0, 0, 60, 80]))
    for joint in joints:
        result.points[joint] = x + 10 * joint, y
        result.scores[joint] = score
    return result


def frame(*people, index=0, regions=()):
    return PoseFrame.from_people(f'images/val/a/{index:06d}.jpg', list(people), list(regions))


def sequence(*frames):
    return PoseSequence('a', list(frames), 'a.json')


def score(truth, prediction, tracking=True):
    return score_sequences([pair_frames(truth, prediction)], tracking)


@pytest.mark.parametrize('layout', [17, 18])
def test_equal_to_poseval(fixtures, layout):
    folder = fixtures('poseval')
    expected = json.loads((folder / 'results_dcpose_copy.json').read_text())[f'pt{layout}']
    pairs = pair_folders(folder / f'pt{layout}/gt', folder / f'pt{layout}/pred', layout)
    scores = score_sequences(pairs, tracking=True)
    joints = scores['joints']
    for ours, theirs, table in AP_KEYS:
        values = [*joints[ours].values(), scores[ours]['Mean']]
        np.testing.assert_allclose(values, expected[theirs], atol=1e-9)
        np.testing.assert_allclose(list(scores[ours].values()), expected[table], atol=1e-9)
    for ours, theirs in MOT_KEYS:
        values = [*joints[ours].values(), scores[ours]['Mean']]
        np.testing.assert_allclose(values, expected[theirs], atol=1e-9)
    totals = [scores[name]['Mean'] for name in ('MOTP', 'MOT_precision', 'MOT_recall')]
    np.testing.assert_allclose([*scores['MOTA'].values(), *totals], expected['mot_table'], atol=1e-9)
    for ours, theirs in COUNT_KEYS:
        assert list(joints[ours].values()) == expected['mot_counts'][theirs]
    assert list(joints['annotated'].values()) == expected['nGT_per_joint']
    assert list(joints['predicted'].values()) == expected['n_scored_per_joint']
    assert list(joints['found'].values()) == expected['n_true_per_joint']
    assert scores['frames'] == expected['n_frames_after_cleanup']
    assert scores['people'] == {'annotated': expected['n_gt_persons'], 'predicted': expected['n_pred_persons']}


@pytest.mark.parametrize('layout', [17, 18])
def test_truth_against_itself_scores_100(fixtures, layout):
    folder = fixtures('poseval') / f'pt{layout}/gt'
    scores = score_sequences(pair_folders(folder, folder), True)
    for name in ('AP', 'precision', 'recall', 'MOTA', 'MOTP', 'MOT_precision', 'MOT_recall'):
        assert set(scores[name].values()) == {100.0}, name


def test_one_sequence_alone(fixtures):
    folder = fixtures('poseval')
    name = '015868_mpii.json'
    whole = score_sequences(pair_folders(folder / 'pt17/gt' / name, folder / 'pt17/pred' / name), True)
    assert whole['sequences'] == 1 and whole['frames'] == 10 and 0 < whole['AP']['Mean'] < 100


def test_average_precision_by_hand():
    # one person found with score .9, a ghost with .8, a second person found with .7
    truth = sequence(frame(person(0, 0), person(0, 500, track=2)))
    prediction = sequence(frame(person(0, 0, score=0.9), person(900, 900, score=0.8), person(5, 500, score=0.7)))
    scores = score(truth, prediction, tracking=False)
    # recall 1/2 at precision 1, recall 1 at precision 2/3
    assert scores['AP']['Mean'] == pytest.approx(100 * (0.5 * 1 + 0.5 * 2 / 3))
    assert scores['precision']['Mean'] == pytest.approx(100 * 2 / 3) and scores['recall']['Mean'] == 100


def test_a_joint_counts_within_half_a_head():
    # head box 60 x 80: size 0.6 * 100 = 60 px, so 30 px are allowed
    for offset, expected in ((30.0, 100), (30.001, 0)):
        scores = score(sequence(frame(person(0, 0))), sequence(frame(person(0, offset))), tracking=False)
        assert scores['AP']['Mean'] == expected


def test_tracking_by_hand():
    # two people, four frames of which the last is left out; in the third they exchange ids
    truth = sequence(*[frame(person(0, 0, 1), person(0, 500, 2), index=i) for i in range(4)])
    frames = [frame(person(0, 0, 7), person(0, 500, 8), index=i) for i in range(2)]
    frames += [frame(person(0, 0, 8), person(0, 500, 7), index=i) for i in (2, 3)]
    frames[1] = frame(person(6, 0, 7), index=1)  # one missed, the other off by 6 px = 0.1
    scores = score(truth, sequence(*frames))
    nose = {name: values['nose'] for name, values in scores['joints'].items()}
    assert (nose['objects'], nose['detections'], nose['misses'], nose['false_positives'], nose['switches']) == (
        6,
        5,
        1,
        0,
        2,
    )
    assert scores['MOTA']['Mean'] == pytest.approx(100 * (1 - 3 / 6))
    assert scores['MOTP']['Mean'] == pytest.approx(100 * (1 - 0.1 / 5))


def test_empty_predictions_score_nothing():
    truth = sequence(*[frame(person(0, 0), index=i) for i in range(3)])
    scores = score(truth, sequence(*[frame(index=i) for i in range(3)]))
    assert scores['AP']['Mean'] == scores['recall']['Mean'] == 0
    # poseval enters a frame without predictions as a miss and a false positive
    assert scores['MOTA']['Mean'] == -100 and scores['MOTP']['Mean'] is None


def test_frames_can_count_as_they_are():
    from pipeline.posetrack.assignment import match_sequence
    from pipeline.posetrack.mot import count_sequence

    truth = sequence(*[frame(person(0, 0, 1), person(0, 500, 2), index=i) for i in range(3)])
    prediction = sequence(frame(person(0, 0, 7), index=0), frame(index=1), frame(person(0, 0, 7), index=2))
    matches = match_sequence(truth, prediction)
    as_poseval, as_they_are = count_sequence(matches), count_sequence(matches, as_poseval=False)
    assert (as_poseval.objects[0], as_poseval.misses[0], as_poseval.false_positives[0]) == (3, 2, 1)
    assert (as_they_are.objects[0], as_they_are.misses[0], as_they_are.false_positives[0]) == (6, 4, 0)
    assert as_they_are.fragments[0] == 1


def test_frames_without_truth_cost_nothing():
    truth = sequence(frame(person(0, 0), index=0), frame(index=1), frame(person(0, 0), index=2))
    prediction = sequence(frame(person(0, 0), index=0), frame(person(50, 50, 2), index=1), frame(person(0, 0), index=2))
    assert score(truth, prediction)['AP']['Mean'] == 100
    nothing = score(sequence(frame(), frame(index=1)), sequence(frame(), frame(person(0, 0), index=1)))
    assert nothing['AP']['Mean'] is None and nothing['frames'] == 0
    assert '-' in format_table({'AP': nothing['AP']})


def test_joints_that_are_never_annotated_are_left_out():
    legs = range(6)
    truth = sequence(*[frame(person(0, 0, joints=legs), index=i) for i in range(2)])
    scores = score(truth, sequence(*[frame(person(0, 0), index=i) for i in range(2)]))
    assert scores['AP']['Head'] is None and scores['AP']['Ank'] == scores['AP']['Mean'] == 100
    assert scores['joints']['AP']['nose'] is None and scores['MOTA']['Mean'] == 100


def test_points_inside_ignore_regions_do_not_count():
    square = np.array([[-50.0, 450], [400, 450], [400, 550], [-50, 550]])
    on_border = np.array([[-50.0, 0], [400, 0], [400, 50], [-50, 50]])
    truth = sequence(frame(person(0, 0), regions=[square, on_border]))
    prediction = sequence(frame(person(0, 0), person(0, 500, track=2, score=0.9)))
    scores = score(truth, prediction, tracking=False)
    assert scores['precision']['Mean'] == 100 and scores['joints']['annotated']['nose'] == 1


def test_frames_are_paired_by_image_name():
    truth = sequence(*[frame(person(100 * i, 0), index=i) for i in range(3)])
    prediction = sequence(*[frame(person(100 * i, 0), index=i) for i in (2, 0, 1)])
    assert score(truth, prediction)['AP']['Mean'] == 100
    with pytest.raises(InputError, match='000001.jpg'):
        score(truth, sequence(prediction.frames[0], prediction.frames[1]))


def test_the_head_box_is_needed_and_named():
    naked = person(0, 0)
    naked.head_box = np.full(4, np.nan)
    with pytest.raises(InputError, match='a.json: person 0 of image .*000000.jpg.*head box'):
        score(sequence(frame(naked)), sequence(frame(person(0, 0))))


def test_tracking_needs_ids():
    truth = sequence(*[frame(person(0, 0), index=i) for i in range(2)])
    prediction = sequence(*[frame(person(0, 0, track=-1), index=i) for i in range(2)])
    assert score(truth, prediction, tracking=False)['AP']['Mean'] == 100
    with pytest.raises(InputError, match='no track id'):
        score(truth, prediction)


def test_equal_to_motmetrics_on_random_tracks():
    motmetrics = pytest.importorskip('motmetrics')
    from pipeline.posetrack.mot import Accumulator

    rng = np.random.default_rng(4)
    for _ in range(15):
        ours, theirs = Accumulator(1), motmetrics.MOTAccumulator(auto_id=True)
        for _ in range(25):
            objects = rng.permutation(6)[: rng.integers(1, 6)]
            hypotheses = rng.permutation(7)[: rng.integers(1, 7)]
            distance = rng.random((len(objects), len(hypotheses))) * 0.5
            distance[rng.random(distance.shape) < 0.5] = np.nan
            here = (rng.random(len(objects)) < 0.8), (rng.random(len(hypotheses)) < 0.8)
            theirs.update(objects[here[0]], hypotheses[here[1]], distance[np.ix_(*here)])
            distance[~here[0]] = np.nan
            distance[:, ~here[1]] = np.nan
            ours.update(objects, hypotheses, here[0][None], here[1][None], distance[None])
        events = theirs.mot_events
        counted = events.Type.value_counts()
        counts = ours.counts
        for kind, value in (('MISS', counts.misses), ('FP', counts.false_positives), ('SWITCH', counts.switches)):
            assert counted.get(kind, 0) == value[0], kind
        kept = events[events.Type.isin(['MATCH', 'SWITCH'])]
        assert len(kept) == counts.detections[0]
        assert kept.D.sum() == pytest.approx(counts.distance[0], abs=1e-9)


def test_joint_names_are_poseval_s(fixtures):
    order = json.loads(fixtures('poseval', 'results_dcpose_copy.json').read_text())['joint_order']
    assert [{'neck': 'head_bottom'}.get(name, name) for name in order[:-1]] == list(JOINTS)
