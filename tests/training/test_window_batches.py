"""Batches of universal refiners, drawn from small invented versions of the three data sets."""

import json

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.training.batches.window_batches import UniversalWindowBatches
from pipeline.training.joint_sets import JOINT_SETS, LIMBS
from pipeline.training.motion import figure_size
from pipeline.training.sources import cmu, h36m, jhmdb, penn_action

FRAMES = 160
CAMERA = dict(
    R=[[1, 0, 0], [0, 0, -1], [0, 1, 0]],  # looks along y, z up
    centre_mm=[0, -5000, 1000],
    f=[1100, 1100],
    c=[500, 500],
    k=[0, 0, 0],
    p=[0, 0],
)
# metres to the left and up from the pelvis
BODY = dict(
    pelvis=(0, 0.9), hip=(0.12, 0.9), knee=(0.14, 0.5), foot=(0.14, 0.1), spine=(0, 1.1), thorax=(0, 1.35),
    neck_base=(0, 1.5), head=(0, 1.65), shoulder=(0.18, 1.4), elbow=(0.35, 1.2), wrist=(0.45, 1.0),
)  # fmt: skip
ALIASES = dict(ankle='foot', belly='spine', neck='thorax', face='head')


def walker(names) -> np.ndarray:
    """``(T, K, 3)`` mm, z up: somebody who walks along x, swaying and waving, and faces the camera at times."""
    moments = np.arange(FRAMES) / h36m.FPS
    points = np.zeros((FRAMES, len(names), 3))
    turn = 0.5 * np.sin(moments)
    for k, name in enumerate(names):
        side, _, part = name.rpartition('_') if name.startswith(('left', 'right')) else ('', '', name)
        out, up = BODY[ALIASES.get(part, part)]
        out *= -1 if side == 'right' else 1
        points[:, k] = 1000 * np.stack([out * np.cos(turn), out * np.sin(turn), np.full(FRAMES, up)], axis=1)
        points[:, k, 0] += 400 * moments + (60 * np.sin(5 * moments + out) if part in ('wrist', 'foot', 'ankle') else 0)
    return points


@pytest.fixture(scope='module')
def roots(tmp_path_factory):
    """Folders of the three sources as arguments; the hourglass is right to a px, Penn Action shows no wrists."""
    folder = tmp_path_factory.mktemp('motion')
    (folder / 'cameras.json').write_text(json.dumps({'S1/1': CAMERA}))
    world = np.rint(10 * walker(h36m.H36M_NAMES)).astype(np.int32)
    camera = h36m.Camera.from_dict(CAMERA)
    estimate = np.rint(camera.project(world[:, h36m.MPII_FROM_H36M] / 10)).astype(np.int32)
    arrays = {'Walking/gt3d': world, 'Walking/sh2d/1': estimate}
    np.savez(folder / 'S1.npz', **{key: np.diff(value, axis=0, prepend=0) for key, value in arrays.items()})
    for name, source in (('penn', penn_action), ('jhmdb', jhmdb)):
        (folder / name).mkdir()
        pixels = walker(source.NAMES)[..., [0, 2]] * [0.3, -0.3] + [0, 600]
        if source is penn_action:
            seen = np.tile([not joint.endswith('wrist') for joint in source.NAMES], (FRAMES, 1))
            np.savez(folder / name / 'train.npz', **{'0001/keypoints': np.rint(pixels), '0001/visible': seen})
        else:
            np.savez(folder / name / 'train.npz', **{'0001/keypoints': pixels / jhmdb.PIXELS_PER_UNIT})
    return dict(h36m_root=str(folder), penn_root=str(folder / 'penn'), jhmdb_root=str(folder / 'jhmdb'))


def batches(roots, **changes) -> UniversalWindowBatches:
    return UniversalWindowBatches(
        **{**roots, 'subjects': ['S1'], 'window': 9, 'batch_size': 16, 'num_batches': 3, **changes}
    )


def motion_capture(folder) -> dict:
    """A file of CMU's layout with one person who sways: only it is needed where it has the whole share."""
    rest = np.random.default_rng(3).uniform(-800, 800, (len(cmu.NAMES), 3))
    sway = 300 * np.sin(np.arange(240) / 40)[:, None, None] * np.linspace(0, 1, len(cmu.NAMES))[:, None]
    tenths = np.rint(10 * (rest + sway)).astype(np.int64)
    steps = np.diff(tenths, axis=0, prepend=0).astype(np.int16)
    np.savez(folder / 'mocap.npz', **{'names': np.array(cmu.NAMES), 'a/joints': steps, 'a/fps': np.float32(60)})
    return dict(cmu_root=str(folder), shares=(0, 0, 0, 0, 1))


def test_free_motion_needs_no_other_source_and_bodies_differ(tmp_path):
    batch = batches(motion_capture(tmp_path), clean_share=1.0)[0]
    target = batch['data_samples']['target'].numpy()
    np.testing.assert_allclose(batch['inputs']['keypoints'], target, atol=1e-3)
    names = JOINT_SETS['coco17'].names
    same = batches(motion_capture(tmp_path), clean_share=1.0, proportions=0.0)[0]['data_samples']['target'].numpy()
    thigh, shank = ([names.index(f'left_{part}') for part in pair] for pair in (('hip', 'knee'), ('knee', 'ankle')))

    def ratio(poses):
        first, second = (np.linalg.norm(poses[:, :, a] - poses[:, :, b], axis=-1) for a, b in (thigh, shank))
        return np.median(first / second, axis=1)

    assert np.abs(np.log(ratio(target) / ratio(same))).max() > 0.05  # another body, in the same motion and view


def test_windows_that_end_early_are_padded_as_short_tracks_are(roots):
    batch = batches(roots, shares=(0, 1, 0, 0), clean_share=1.0, short_share=1.0, window=12)[0]
    scores, weight = batch['inputs']['scores'].numpy(), batch['data_samples']['target_weight'].numpy()
    padded = (scores == 0).all(axis=2)
    lengths = (~padded).sum(axis=1)
    assert 3 <= lengths.min() and lengths.max() < 12 and len(set(lengths)) > 3
    for poses, length, weights in zip(batch['inputs']['keypoints'].numpy(), lengths, weight):
        assert (poses[length:] == poses[length - 1]).all() and not weights[length:].any() and weights[:length].any()


def limbs(joints='coco17'):
    return [JOINT_SETS[joints].names.index(name) for name in LIMBS]


@pytest.mark.parametrize('joints, count', [('coco17', 17), ('posetrack15', 15)])
def test_a_batch_has_whole_windows_of_the_joint_set(roots, joints, count):
    batch = batches(roots, joints=joints, fps_range=(20, 40))[0]
    inputs, samples = batch['inputs'], batch['data_samples']
    assert inputs['keypoints'].shape == samples['target'].shape == (16, 9, count, 2)
    assert inputs['scores'].shape == samples['target_weight'].shape == (16, 9, count)
    assert inputs['fps'].shape == (16,)
    for tensor in (*inputs.values(), *samples.values()):
        assert np.isfinite(tensor.numpy()).all() and str(tensor.dtype) == 'torch.float32'
    assert inputs['scores'].min() >= 0 and inputs['scores'].max() <= 1


def test_batches_repeat_by_seed_and_epoch(roots):
    data = batches(roots)
    first = data[1]['inputs']['keypoints']
    assert first.equal(data[1]['inputs']['keypoints']) and first.equal(batches(roots)[1]['inputs']['keypoints'])
    assert not first.equal(data[2]['inputs']['keypoints'])
    assert not first.equal(batches(roots, seed=1)[1]['inputs']['keypoints'])
    data.set_epoch(1)
    assert not first.equal(data[1]['inputs']['keypoints'])


@pytest.mark.parametrize('shares, blind', [((0, 0, 1, 1), 8), ((0, 0, 3, 1), 12), ((1, 1, 1, 1), 4), ((1, 1, 0, 2), 0)])
def test_each_source_has_its_share(roots, shares, blind):
    wrists = [JOINT_SETS['coco17'].names.index(f'{side}_wrist') for side in ('left', 'right')]
    weight = batches(roots, shares=shares)[0]['data_samples']['target_weight'][:, :, wrists]
    assert int((weight == 0).all(dim=(1, 2)).sum()) == blind  # only Penn Action does not show them


def test_clean_windows_are_the_truth_and_weigh_more(roots):
    batch = batches(roots, shares=(0, 1, 0, 0), clean_share=1.0, clean_weight=3.0)[0]
    np.testing.assert_allclose(batch['inputs']['keypoints'], batch['data_samples']['target'], atol=1e-3)
    assert (batch['data_samples']['target_weight'][:, :, limbs()] == 3).all()
    spoilt = batches(roots, shares=(0, 1, 0, 0), clean_share=0.0)[0]
    assert (spoilt['inputs']['keypoints'] - spoilt['data_samples']['target']).norm(dim=-1).mean() > 1
    assert (spoilt['data_samples']['target_weight'][:, :, limbs()] == 1).all()


def test_real_errors_are_the_hourglass_s_where_it_speaks(roots):
    batch = batches(roots, shares=(1, 0, 0, 0))[0]
    target = batch['data_samples']['target'].numpy()
    size = np.median(figure_size(target, np.ones(target.shape[:3])), axis=1)
    error = np.linalg.norm(batch['inputs']['keypoints'].numpy() - target, axis=-1) / size[:, None, None]
    assert error[:, :, limbs()].max() < 0.03  # what rounding to whole px leaves of a hourglass that is right
    assert error[:, :, :5].mean() > error[:, :, limbs()].mean()  # the face has modelled errors


def test_figures_are_between_50_and_1500_px_and_frame_rates_in_range(roots):
    batch = batches(roots, shares=(0, 1, 1, 0), fps_range=(12, 15), batch_size=64)[0]
    target = batch['data_samples']['target'].numpy()
    size = np.median(figure_size(target, np.ones(target.shape[:3])), axis=1)
    assert 40 < size.min() < 200 and 700 < size.max() < 1600
    assert batch['inputs']['fps'].min() >= 12 and batch['inputs']['fps'].max() <= 15


def test_prepared_arrays_come_from_the_cache(roots, tmp_path):
    first = batches(roots, cache=str(tmp_path))[0]['inputs']['keypoints']
    assert len(list(tmp_path.iterdir())) == 1
    assert first.equal(batches(roots, cache=str(tmp_path))[0]['inputs']['keypoints'])


@pytest.mark.parametrize(
    'changes, said',
    [
        (dict(joints='mpii16'), "joints 'mpii16': allowed are coco17"),
        (dict(shares=(1, 1, 1)), 'four or five numbers'),
        (dict(shares=(1, 1, -1, 1)), 'four or five numbers'),
        (dict(rates=dict(estimator='openpose')), 'error models are known of hourglass, fused'),
        (dict(rates=[dict(), dict(spiks=1)]), "rate 'spiks': allowed are jitter"),
        (dict(shares=(0, 0, 0, 0)), 'positive sum'),
        (dict(penn_root='nowhere'), 'nowhere/train.npz'),
        (dict(subjects=['S5']), 'S5.npz'),
    ],
)
def test_what_is_wrong_is_named(roots, changes, said):
    with pytest.raises(InputError, match=said):
        batches(roots, **changes)
