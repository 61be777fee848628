import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.training.sequences.npz_layouts import read_sequences, write_safe
from pipeline.training.sequences.npz_pose_dataset import NpzPoseDataset
from tools.convert_dataset import convert_folder


@pytest.fixture
def folder(fixtures):
    return fixtures('hanet_metrics', 'jhmdb_synth')


@pytest.fixture
def pickled(shared):
    """The same sequences in the published layout, which is pickled."""
    return shared('fixtures', 'hanet_metrics', 'jhmdb_synth')


def build(folder, **changes):
    return NpzPoseDataset(str(folder), 'jhmdb', 'simplebaseline', 11, **{'allow_pickle': True, **changes})


def test_every_published_item(fixtures, folder):
    expected = np.load(fixtures('hanet_metrics', 'jhmdb_dataset_samples.npz'))
    train, test = build(folder), build(folder, split='test', step=5)
    assert len(train) == expected['train_len'] and len(test) == expected['test_len']
    assert train.first.tolist() == expected['train_data_start_num'].tolist()
    for i in range(len(train)):
        item = train[i]
        for name, values in (('pred', item['inputs']['keypoints']), ('gt', item['data_samples']['target'])):
            relative = (values / item['inputs']['image_size']).numpy().reshape(11, 30)
            assert np.array_equal(relative, expected[f'train{i:02d}_{name}'])
    for i in range(len(test)):
        item = test[i]
        scale = item['inputs']['image_size'][0]
        for name, values in (('pred', item['inputs']['keypoints']), ('gt', item['data_samples']['target'])):
            assert np.array_equal((values / scale).flatten(2).numpy(), expected[f'test{i}_{name}'])
        assert np.array_equal(item['data_samples']['bbox'].numpy().astype(np.int32), expected[f'test{i}_bbox'])


def test_covering_windows_leave_no_frame_out(folder):
    test = build(folder, split='test', step=5, cover=True)
    for i in range(len(test)):
        samples = test[i]['data_samples']
        length = int(samples['length'][0])
        assert length <= 11 or int(samples['start'][-1]) + 11 == length


def test_pickle_is_refused_unless_asked_for(pickled):
    with pytest.raises(InputError, match='can run code'):
        build(pickled, allow_pickle=False)


def test_safe_copies_hold_the_same(pickled, tmp_path):
    assert convert_folder(pickled, tmp_path / 'safe') == 4
    published, safe = build(pickled), build(tmp_path / 'safe', allow_pickle=False)
    assert len(published) == len(safe)
    for i in (0, 20, 62):
        assert np.array_equal(published[i]['inputs']['keypoints'], safe[i]['inputs']['keypoints'])
        assert np.array_equal(published[i]['inputs']['image_size'], safe[i]['inputs']['image_size'])


def test_bad_files(tmp_path):
    with pytest.raises(InputError, match='no such file'):
        read_sequences(tmp_path / 'missing.npz')
    (tmp_path / 'broken.npz').write_bytes(b'nothing')
    with pytest.raises(InputError, match='broken.npz'):
        read_sequences(tmp_path / 'broken.npz')
    with pytest.raises(InputError, match='no npz files'):
        convert_folder(tmp_path / 'empty', tmp_path / 'out')


def test_estimates_must_fit_their_truth(tmp_path):
    truth = {'joints_3d': [np.zeros((12, 6))]}
    write_safe(tmp_path / 'gt' / 'x_gt_train.npz', truth)
    write_safe(tmp_path / 'det' / 'y' / 'x_y_train.npz', {'joints_3d': [np.zeros((13, 6))]})
    with pytest.raises(InputError, match='sequence 0'):
        NpzPoseDataset(str(tmp_path), 'x', 'y', 5, dims=3)
