import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.training.batches.pair_batches import PairWindowBatches
from pipeline.training.motion import PoseSequence, figure_size, split_holdout
from pipeline.training.sources.pairs import load_pairs, save_pairs


def sequence(name, frames, value=0.0):
    truth = np.tile(np.arange(frames, dtype=np.float32)[:, None, None], (1, 2, 2)) + value
    return PoseSequence(name, truth, np.ones((frames, 2), np.float32), 50.0, truth + 0.5, group=name)


@pytest.fixture
def source(tmp_path):
    save_pairs(tmp_path / 'pairs.npz', [sequence('a', 12), sequence('b', 6, 100), sequence('c', 4, 200)])
    return dict(type='pairs', path=str(tmp_path / 'pairs.npz'))


def test_pairs_survive_the_file(source):
    a, b, c = load_pairs(source['path'])
    assert (a.name, len(b), c.fps) == ('a', 6, 50.0)
    assert np.array_equal(a.estimate, sequence('a', 12).estimate)


def test_windows_stay_in_their_sequence_and_pairs_stay_together(source):
    data = PairWindowBatches(source, window=6, batch_size=64, num_batches=2, flip=[1, 0], reverse=True)
    batch = data[0]
    x, y = batch['inputs']['keypoints'], batch['data_samples']['target']
    assert x.shape == (64, 6, 2, 2)
    assert ((x - y).abs() == 0.5).all()
    steps = (y[:, 1:, 0, 1] - y[:, :-1, 0, 1]).numpy()
    assert (steps == steps[:, :1]).all() and set(np.unique(steps)) == {-1, 1}
    assert y[..., 1].max() < 200  # the third sequence is too short
    assert batch['inputs']['fps'].tolist() == [50.0] * 64


def test_batches_repeat_by_seed_and_epoch(source):
    data = PairWindowBatches(source, window=4, batch_size=8, num_batches=3)
    first = data[1]['data_samples']['target']
    assert first.equal(data[1]['data_samples']['target'])
    data.set_epoch(1)
    assert not first.equal(data[1]['data_samples']['target'])
    with pytest.raises(IndexError):
        data[3]


def test_holdout_and_errors(source, tmp_path):
    kept, held = split_holdout([sequence(name, 5) for name in 'abcdef'], 3)
    assert ([s.name for s in kept], [s.name for s in held]) == (['a', 'c', 'd', 'f'], ['b', 'e'])
    with pytest.raises(InputError, match='13 frames or more'):
        PairWindowBatches(source, window=13)
    with pytest.raises(InputError, match="source 'coco'"):
        PairWindowBatches(dict(type='coco'), window=13)
    with pytest.raises(InputError, match='no such pair file'):
        load_pairs(tmp_path / 'none.npz')


def test_figure_size_by_hand():
    pose = np.array([[0.0, 0], [3, 10], [100, 100]])
    assert figure_size(pose, np.array([1.0, 1, 0])) == 10
    assert figure_size(pose, np.zeros(3)) == 0


def test_variation_turns_pairs_together_and_scales_their_errors(source):
    def batch(**variation):
        data = PairWindowBatches(source, window=4, batch_size=200, num_batches=1, **variation)[0]
        return data['inputs']['keypoints'].numpy(), data['data_samples']['target'].numpy()

    x, y = batch(error_spread=0.3)
    factors = (x - y)[:, 0, 0, 0] / 0.5
    np.testing.assert_allclose(
        x - y, np.broadcast_to(factors[:, None, None, None] * 0.5, x.shape), rtol=1e-4, atol=1e-4
    )
    assert 0.2 < np.log(factors).std() < 0.4
    x, y = batch(tilt=10.0)  # lengths stay
    np.testing.assert_allclose(np.linalg.norm(x - y, axis=-1), np.sqrt(0.5), rtol=1e-3)
    angle = np.degrees(np.arctan2(*(x - y)[:, 0, 0, ::-1].T)) - 45
    assert 7 < angle.std() < 13
    x, y = batch(aspect=0.1)  # areas stay
    assert (x - y)[:, 0, 0].prod(axis=-1) == pytest.approx(0.25, rel=1e-2)
    assert 0.15 < np.log((x - y)[:, 0, 0, 0] / (x - y)[:, 0, 0, 1]).std() < 0.25


def test_other_proportions_keep_the_estimates_error(source):
    def batch(**variation):
        data = PairWindowBatches(source, window=4, batch_size=50, num_batches=1, flip=[0, 1], **variation)[0]
        return data['inputs']['keypoints'].numpy(), data['data_samples']['target'].numpy()

    x, y = batch(proportions=0.2, parents=[0, 0])
    np.testing.assert_allclose(np.abs(x - y), 0.5 * np.ones_like(x), atol=1e-3)
    # both joints of these sequences are at one place, so the bone has no length to change
    assert np.array_equal(y[:, :, 0], y[:, :, 1])
    with pytest.raises(InputError, match='parents'):
        batch(proportions=0.2)
    with pytest.raises(InputError, match='parents'):
        batch(proportions=0.2, parents=[0])


def full(name, frames=9):
    """A sequence with all that a pair file can hold; scores rise with time, the second joint is annotated in part."""
    one = sequence(name, frames)
    one.truth = one.truth.copy()
    one.weight[:4, 1], one.truth[:4, 1] = 0, np.nan
    one.scores = np.tile(np.linspace(0.1, 0.9, frames, dtype=np.float32)[:, None], (1, 2))
    one.bbox = np.tile(np.float32([0, 0, 40, 90]), (frames, 1))
    one.image_size = np.float32([640, 480])
    return one


def test_scores_boxes_and_picture_sizes_reach_training_and_test(tmp_path):
    from pipeline.training.sequences.pair_sequences import PairSequences

    save_pairs(tmp_path / 'full.npz', [full('a'), full('b')])
    source = dict(type='pairs', path=str(tmp_path / 'full.npz'))
    inputs = PairWindowBatches(source, window=4, batch_size=30, flip=[1, 0])[0]['inputs']
    assert inputs['image_size'].tolist() == [[640, 480]] * 30
    steps = np.diff(inputs['scores'].numpy(), axis=1)
    assert steps == pytest.approx(0.1, abs=1e-6) and 0.09 < inputs['scores'].min() < 0.5
    x = inputs['keypoints'][:, :, 0, 0]
    assert ((x < 10) | (x > 629)).all() and (x < 10).any() and (x > 629).any()  # mirrored inside the picture
    item = PairSequences(source, window=4, step=2)[0]
    assert item['inputs']['scores'].shape == (4, 4, 2) and item['inputs']['image_size'].tolist() == [[640, 480]] * 4
    assert item['data_samples']['bbox'][2].tolist() == [[0, 0, 40, 90]] * 4


def test_variation_leaves_what_is_not_annotated_alone(tmp_path):
    save_pairs(tmp_path / 'full.npz', [full('a')])
    source = dict(type='pairs', path=str(tmp_path / 'full.npz'))
    batch = PairWindowBatches(
        source, window=9, batch_size=3, error_spread=0.5, proportions=0.2, parents=[0, 0], flip=[0, 1]
    )[0]
    assert batch['inputs']['keypoints'].isfinite().all()


@pytest.mark.parametrize('field, shape', [('scores', (9, 3)), ('bbox', (8, 4)), ('image_size', (3,))])
def test_fields_of_another_shape_are_refused(tmp_path, field, shape):
    one = full('a')
    setattr(one, field, np.zeros(shape, np.float32))
    save_pairs(tmp_path / 'bad.npz', [one])
    with pytest.raises(InputError, match=f'a/{field} is '):
        load_pairs(tmp_path / 'bad.npz')
