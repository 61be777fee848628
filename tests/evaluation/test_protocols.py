import json

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.evaluation.protocols import Evaluated, check_metrics, evaluate, pck_table
from pipeline.evaluation.stitching import stitch
from pipeline.training.sequences.npz_pose_dataset import NpzPoseDataset


def sequence(errors, boxes=None, weight=None):
    """A sequence of two joints with these errors along x."""
    errors = np.asarray(errors, float)
    truth = np.zeros((*errors.shape, 2))
    prediction = truth.copy()
    prediction[..., 0] = errors
    boxes = np.tile([0, 0, 10, 100.0], (len(errors), 1)) if boxes is None else boxes
    return Evaluated(prediction, truth, boxes, weight, fps=10.0)


def test_protocols_weigh_sequences_and_frames():
    short, long = sequence([[0, 0]]), sequence([[99, 0]] * 3)
    # joint 0 is right in 1 of 1 and 0 of 3 frames
    assert pck_table([short, long], 0.1, 'published').tolist() == [0.5, 1]
    assert pck_table([short, long], 0.1, 'corrected').tolist() == [0.25, 1]


def test_published_boxes_are_cut_to_integers():
    box = np.array([[0.9, 0, 0, 100.9]])
    errors = [[10.05, 10.05]]
    assert pck_table([sequence(errors, box)], 0.1, 'published').tolist() == [0, 0]
    assert pck_table([sequence(errors, box)], 0.1, 'corrected').tolist() == [1, 1]


def test_unknown_joints_count_in_the_published_protocol_only():
    weight = np.array([[1.0, 0], [1, 0], [1, 0]])
    one = sequence([[1, 50], [1, 50], [1, 50]], weight=weight)
    assert evaluate([one], ['mpjpe'], 'corrected') == {'mpjpe': 1.0}
    assert evaluate([one], ['mpjpe'], 'published') == {'mpjpe': 25.5}


def test_acceleration_per_second():
    jump = sequence([[0, 0], [1, 0], [0, 0]])
    table = evaluate([jump], ['accel'], 'corrected')
    assert table == {'accel': 1.0, 'accel_s2': 100.0}


def stitched(item, name, group, window, scale, root=False):
    values = item[group][name].numpy() / scale
    if root:
        values = values - values[:, :, :1]
    starts = item['data_samples']['start'].numpy()
    return stitch(values, starts, starts[-1] + window)


@pytest.mark.parametrize(
    'kind, entry', [('toy', 'eval2d_toy'), ('hash', 'eval2d_hash_C32_post_jointembed_x0.02_boolmask')]
)
def test_published_evaluation_2d(fixtures, kind, entry):
    folder = fixtures('hanet_metrics')
    expected = json.loads((folder / 'metrics_results.json').read_text())[entry]
    fixture = np.load(folder / 'eval2d_per_sequence.npz')
    data = NpzPoseDataset(str(folder / 'jhmdb_synth'), 'jhmdb', 'simplebaseline', 11, split='test', step=5)
    outputs, inputs = [], []
    for i in range(len(data)):
        item = data[i]
        scale = item['inputs']['image_size'][0].numpy()
        size = scale.astype(np.float32)
        truth = stitched(item, 'target', 'data_samples', 11, scale) * size
        boxes = stitched(item, 'bbox', 'data_samples', 11, 1.0)
        final = fixture[f'{kind}_seq{i}_final'].reshape(-1, 15, 2) * size
        outputs.append(Evaluated(final, truth, boxes))
        inputs.append(Evaluated(stitched(item, 'keypoints', 'inputs', 11, scale) * size, truth, boxes))
        for threshold in (0.05, 0.1, 0.2):
            assert pck_table(outputs[-1:], threshold, 'published') == pytest.approx(
                fixture[f'{kind}_seq{i}_pck_{threshold}'], abs=1e-5
            )
    for name, sequences in (('input', inputs), ('output', outputs)):
        table = evaluate(sequences, ['pck'], 'published')
        for threshold, digits in ((0.05, '005'), (0.1, '01'), (0.2, '02')):
            assert table[f'pck@{threshold}'] == pytest.approx(expected[f'{name}_pck_{digits}'], abs=1e-6)


def test_published_evaluation_3d(fixtures):
    folder = fixtures('hanet_metrics')
    expected = json.loads((folder / 'metrics_results.json').read_text())['eval3d_toy']
    data = NpzPoseDataset(str(folder / 'h36m_synth'), 'h36m', 'fcn', 101, dims=3, split='test', step=5)
    sequences = [
        Evaluated(
            stitched(data[i], 'keypoints', 'inputs', 101, 1.0, root=True),
            stitched(data[i], 'target', 'data_samples', 101, 1.0, root=True),
        )
        for i in range(len(data))
    ]
    table = evaluate(sequences, ['mpjpe', 'pa-mpjpe', 'accel'], 'published', unit=1000.0)
    assert table == pytest.approx(
        {'mpjpe': expected['input_mpjpe'], 'pa-mpjpe': expected['input_pampjpe'], 'accel': expected['input_accel']},
        rel=1e-5,
    )


def walk(frames=6, joints=8, dims=3):
    """A moving body, and an estimate that is off by about a tenth of its size."""
    rng = np.random.default_rng(1)
    truth = rng.normal(size=(1, joints, dims)) + 0.1 * np.arange(frames)[:, None, None]
    return truth, truth + 0.1 * rng.normal(size=truth.shape)


ALL = ['mpjpe', 'pa-mpjpe', 'mpjve', 'accel', 'jerk']


def test_motion_by_hand():
    # joint 0 stands still and is off by 3 in every other frame, by 1 in the last; joint 1 is never annotated
    truth = np.zeros((5, 2, 2))
    prediction = truth.copy()
    prediction[:, 0, 0] = [0, 3, 0, 3, 1]
    weight = np.array([[1.0, 0]] * 5)
    table = evaluate([Evaluated(prediction, truth, weight=weight, fps=10.0)], ['mpjve', 'accel', 'jerk'], 'corrected')
    assert table == pytest.approx(
        {
            'mpjve': (3 + 3 + 3 + 2) / 4,
            'accel': (6 + 6 + 5) / 3,
            'accel_s2': 100 * (6 + 6 + 5) / 3,
            'jerk': (12 + 11) / 2,
        }
    )


def test_unknown_numbers_are_named():
    assert check_metrics(['mpjve', 'jitter']) == ('mpjve', 'jerk')  # its former name
    with pytest.raises(InputError, match="report 'speed': allowed are pck, mpjpe"):
        check_metrics(['speed'])


@pytest.mark.parametrize('stored', [1e4, np.nan, 0.0])
def test_what_is_not_annotated_moves_no_number(stored):
    truth, estimate = walk()
    weight = np.ones(truth.shape[:2])
    weight[:, 3] = 0
    kept = [k for k in range(8) if k != 3]
    alone = evaluate([Evaluated(estimate[:, kept], truth[:, kept], fps=25.0)], ALL, 'corrected')
    truth[:, 3], estimate[:, 3] = stored, estimate[:, 3] + 50 * np.arange(6)[:, None] ** 3
    assert evaluate([Evaluated(estimate, truth, weight=weight, fps=25.0)], ALL, 'corrected') == pytest.approx(alone)


def test_a_missed_joint_is_filled_in_and_counts():
    truth, estimate = walk()
    wrong = estimate.copy()
    wrong[2, 1], estimate[2, 1] = (estimate[1, 1] + estimate[3, 1]) / 2, np.nan
    tables = [evaluate([Evaluated(poses, truth)], ALL, 'corrected') for poses in (estimate, wrong)]
    assert tables[0] == pytest.approx(tables[1])
    estimate[:, 4] = np.nan  # in no frame at all: the middle of the others
    assert evaluate([Evaluated(estimate, truth)], ['mpjpe'], 'corrected')['mpjpe'] > tables[0]['mpjpe']


def test_one_coordinate_that_is_no_number_costs_its_frame_in_the_published_protocol():
    truth, estimate = walk()
    estimate[2, 1, 0] = np.nan
    left = [0, 1, 3, 4, 5]
    expected = evaluate([Evaluated(estimate[left], truth[left])], ['pa-mpjpe'], 'published')
    assert evaluate([Evaluated(estimate, truth)], ['pa-mpjpe'], 'published') == pytest.approx(expected)


@pytest.mark.parametrize('protocol', ['published', 'corrected'])
@pytest.mark.parametrize('frames', [1, 2])
def test_short_sequences_have_no_acceleration_and_warn_of_nothing(protocol, frames):
    truth, estimate = walk(frames)
    table = evaluate([Evaluated(estimate, truth, fps=25.0)], ALL, protocol)
    assert table['mpjpe'] > 0 and np.isnan([table['accel'], table['accel_s2'], table['jerk']]).all()
    longer = Evaluated(*walk(9)[::-1], fps=25.0)  # beside others they do not count
    both, alone = (evaluate(s, ['accel'], protocol) for s in ([Evaluated(estimate, truth, fps=25.0), longer], [longer]))
    assert both == pytest.approx(alone)
