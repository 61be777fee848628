import numpy as np
import pytest
import torch

from pipeline.errors import InputError
from pipeline.evaluation.refinement_metric import RefinementMetric
from pipeline.training.motion import PoseSequence
from pipeline.training.sequences.pair_sequences import PairSequences
from pipeline.training.sources.pairs import save_pairs


@pytest.fixture
def source(tmp_path):
    sequences = []
    for name, frames in (('long', 23), ('short', 5)):
        truth = np.cumsum(np.ones((frames, 2, 3), np.float32), axis=0) * [[[1], [2]]]
        sequences.append(
            PoseSequence(
                name,
                truth.astype(np.float32),
                np.ones((frames, 2), np.float32),
                25.0,
                truth.astype(np.float32) + np.float32([3, 0, 4]) * [[[0], [1]]],
            )
        )
    save_pairs(tmp_path / 'pairs.npz', sequences)
    return dict(type='pairs', path=str(tmp_path / 'pairs.npz'))


def test_windows_cover_every_frame_and_the_metric_puts_them_together(source):
    data = PairSequences(source, window=10, step=7)
    item = data[0]
    assert item['data_samples']['start'].tolist() == [0, 7, 13]
    assert item['inputs']['keypoints'].shape == (3, 10, 2, 3) and item['inputs']['fps'].tolist() == [25.0] * 3
    metric = RefinementMetric(['mpjpe', 'accel'])
    for index in range(len(data)):
        item = data[index]
        columns = {
            **item['data_samples'],
            'input_keypoints': item['inputs']['keypoints'],
            'pred_keypoints': item['data_samples']['target'] + torch.tensor([0.0, 1.0, 0.0]),
        }
        metric.process(None, [{k: v[i] for k, v in columns.items()} for i in range(len(columns['start']))])
    table = metric.compute_metrics(metric.results)
    assert table['input/mpjpe'] == pytest.approx(2.5)  # joint 0 is right, joint 1 is off by (3, 0, 4)
    assert table['output/mpjpe'] == pytest.approx(1.0)
    assert table['output/accel'] == pytest.approx(0, abs=1e-5)


def test_errors(source):
    with pytest.raises(IndexError):
        PairSequences(source, window=10, step=7)[2]
    with pytest.raises(InputError, match='step 0'):
        PairSequences(source, window=10, step=0)[0]
    with pytest.raises(InputError, match='step 11: 1 to 10 frames are needed'):
        PairSequences(source, window=10, step=11)[0]
    with pytest.raises(InputError, match='no such pair file'):
        PairSequences(dict(type='pairs', path='none.npz'), window=10, step=7)


def test_pck_without_boxes_says_so(source):
    item = PairSequences(source, window=5, step=5)[1]
    columns = {**item['data_samples'], 'pred_keypoints': item['inputs']['keypoints']}
    metric = RefinementMetric()
    metric.process(None, [{k: v[0] for k, v in dict(columns, input_keypoints=columns['pred_keypoints']).items()}])
    with pytest.raises(InputError, match="'pck': needs boxes"):
        metric.compute_metrics(metric.results)
