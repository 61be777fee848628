"""What 2D refiners learn from on Human3.6M: the hourglass's errors, on what was recorded and on other motion."""

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.training.batches.hourglass_pair_batches import HourglassPairBatches, as_h36m
from pipeline.training.sources import cmu, h36m
from tests.training.studio import OFF, studio
from tests.training.test_cmu_source import standing


@pytest.fixture
def folder(tmp_path):
    return studio(tmp_path)


@pytest.fixture
def motion(tmp_path):
    """Two seconds of somebody who goes 2 m sideways on bent knees."""
    walking = standing(120)
    for side in ('left', 'right'):  # with bent knees, towards where the toes are
        walking[0, cmu.NAMES.index(f'{side}_knee'), 2] += 1000
    walking[1:, :, 0] = 10000 * 2 // 119
    np.savez(tmp_path / 'mocap.npz', names=np.array(cmu.NAMES), **{'walk/joints': walking, 'walk/fps': 60.0})
    return str(tmp_path)


def drawn(folder, **options):
    batch = HourglassPairBatches(folder, ['S1'], window=24, batch_size=8, num_batches=1, seed=1, **options)[0]
    target = batch['data_samples']['target'].numpy()
    return batch['inputs']['keypoints'].numpy() - target, target, batch['data_samples']['target_weight'].numpy()


def test_the_hourglass_is_off_by_as_much_as_it_was(folder):
    off, target, weight = drawn(folder, proportions=0.1, stature=0.05, turn=0.5)
    assert off.shape == (8, 24, 16, 2) and (weight == 1).all()
    # to the right, or to the left in mirrored windows
    assert np.abs(off) == pytest.approx(np.full(off.shape, 1000 * OFF), abs=2)
    assert {1, -1} == set(np.sign(off[:, 0, 0, 0]))


def test_other_motion_has_errors_of_the_figures_size(folder, motion):
    off, target, weight = drawn(folder, motion=motion, share=0.5)
    assert (weight[:4] == 1).all()
    assert (weight[4:, :, 6:10] == 0).all() and weight[4:].sum() == 4 * 24 * 12  # pelvis, thorax, neck, head

    def size(windows):
        return np.sqrt(np.square(windows - windows.mean(2, keepdims=True)).sum(-1).mean((1, 2)))

    share = np.abs(off).mean((1, 2, 3)) / size(target)
    assert share[4:] == pytest.approx(np.full(4, share[:4].mean()), rel=0.1)
    # it moves as it was captured: ahead by 40 frames of 119 in 24 of 50 a second, at somewhat other speeds
    assert (np.ptp(target[4:].mean(2), axis=1).max(-1) > 10).all()
    assert np.abs(np.diff(target[4:], 2, axis=1)).max() < 2 < np.abs(np.diff(target[:4], 2, axis=1)).max()


def test_people_stand_on_the_floor_upright_and_bend_their_knees_to_the_front(folder, motion):
    batches = HourglassPairBatches(folder, ['S1'], window=24, batch_size=8, num_batches=1, motion=motion)
    rng = np.random.default_rng(0)
    hosts = batches.recorded(64, rng)
    moved = batches._moved_otherwise(8, rng)
    floor = (hosts.poses[..., 1] + hosts.places[:, :, None, 1]).max()  # y points down
    feet = (moved.poses[..., 1] + moved.places[:, :, None, 1]).max((1, 2))
    assert (np.abs(feet - floor) < 0.15).all()  # windows differ by the noise of the one who was recorded
    assert (moved.poses[:, :, h36m.H36M_NAMES.index('head'), 1] < -0.2).all()
    # no mirror image: knees bend towards where left is to the left of
    joint = {name: moved.poses[:, :, k].astype(float) for k, name in enumerate(h36m.H36M_NAMES)}
    ahead = np.cross(joint['left_hip'] - joint['right_hip'], moved.ups[:, None])
    for side in ('left', 'right'):
        knee = joint[f'{side}_knee'] - (joint[f'{side}_hip'] + joint[f'{side}_foot']) / 2
        bent = (knee * ahead).sum(-1) / np.linalg.norm(ahead, axis=-1)
        assert (bent > 0.02).all()  # m


def test_bones_keep_their_directions_and_get_the_lengths_of_somebody_else():
    captured = np.cumsum(standing(), axis=0)[None] / 1e4
    joints = np.stack([captured[..., 0], -captured[..., 2], captured[..., 1]], axis=-1)
    lengths = np.linspace(0.1, 0.5, 17)[None]
    body = dict(zip(h36m.H36M_NAMES, np.moveaxis(as_h36m(joints, lengths)[0, 0], 0, 0)))
    shank = body['left_foot'] - body['left_knee']
    assert shank == pytest.approx([0, 0, -lengths[0, h36m.H36M_NAMES.index('left_foot')]], abs=1e-6)
    hips = body['left_hip'] - body['right_hip']
    assert hips[0] > 0 and hips[1:] == pytest.approx([0, 0], abs=1e-6)
    assert body['head'][2] > body['thorax'][2] > body['pelvis'][2]


def test_motion_that_is_not_there(folder, tmp_path):
    with pytest.raises(InputError, match='mocap.npz: not found'):
        drawn(folder, motion=str(tmp_path / 'nowhere'))
