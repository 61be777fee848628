"""Motion that lifters learn from: bodies, cameras, and what an edge of the picture takes away."""

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.training.augmentation import bodies
from pipeline.training.batches.virtual_lifting_batches import VirtualLiftingBatches, in_part
from tests.lift.toy import BODY
from tests.training.test_cmu_source import cmu, standing


@pytest.fixture
def folder(tmp_path):
    still = standing(200)
    still[1:] = np.random.default_rng(0).integers(-9, 10, (199, 1, 3))  # wanders
    arrays = {'a/joints': still, 'a/fps': 60.0, 'b/joints': still[::-1].copy(), 'b/fps': 30.0}
    arrays['b/joints'][0] = standing(1)[0]
    np.savez(tmp_path / 'mocap.npz', names=np.array(cmu.NAMES), **arrays)
    return str(tmp_path)


def upright(windows=6, frames=5):
    """Standing bodies, z up, that face -y."""
    world = np.stack([BODY[:, 0], BODY[:, 2], -BODY[:, 1]], axis=-1)
    return np.broadcast_to(world, (windows, frames, 17, 3)).astype(np.float32)


def test_a_batch_has_shapes_and_a_root_at_zero_and_is_the_same_again(folder):
    data = VirtualLiftingBatches(folder, window=40, batch_size=8, num_batches=2, seed=3)
    batch, again = data[1], data[1]
    rays, scores = batch['inputs']['rays'], batch['inputs']['scores']
    target, weight = batch['data_samples']['target'], batch['data_samples']['target_weight']
    assert (
        rays.shape == (8, 40, 17, 2) and scores.shape == weight.shape == (8, 40, 17) and target.shape == (8, 40, 17, 3)
    )
    assert (rays == again['inputs']['rays']).all() and not (rays == data[0]['inputs']['rays']).all()
    assert target[:, :, 11:13].mean(2).abs().max() < 1e-5
    assert 0 <= scores.min() and scores.max() <= 1


def test_without_errors_rays_meet_the_targets(folder):
    data = VirtualLiftingBatches(
        folder, window=20, batch_size=16, num_batches=1, cut=0, lens=0, severity=(1e-9, 1e-9), seed=1
    )
    batch = data[0]
    rays, target = batch['inputs']['rays'].numpy(), batch['data_samples']['target'].numpy()
    from pipeline.lift.root import at_depth, place

    for ray, pose in zip(rays[:, :, 5:], target[:, :, 5:]):  # smoothing bends what is near to the edge of the head
        root = at_depth(pose, ray, np.ones(ray.shape[:2]), place(pose, ray, np.ones(ray.shape[:2]))[:, 2])
        seen = (pose + root[:, None])[..., :2] / (pose + root[:, None])[..., 2:]
        size = np.ptp(ray, axis=1).max()
        assert np.abs(seen - ray).max() < 0.04 * size


def test_an_offset_stays_for_a_whole_window_and_differs_between_joints(folder):
    same = dict(window=20, batch_size=64, num_batches=1, cut=0, lens=0, seed=1)
    plain, shifted = (VirtualLiftingBatches(folder, offset=o, **same)[0]['inputs']['rays'].numpy() for o in (0, 0.02))
    apart = shifted - plain
    size = np.ptp(plain, axis=2).max(-1)[:, :, None, None]
    assert np.abs(apart - apart[:, :1]).max() < 1e-5
    assert (apart / size).std() == pytest.approx(0.02, rel=0.3)
    assert np.abs(apart).min(axis=(2, 3)).max() < 0.1 * np.abs(apart).max()  # not the whole figure at once


def test_cameras_see_the_pose_as_it_is():
    pose, rays = bodies.seen_by_cameras(upright(200), np.random.default_rng(0))
    inside = np.linalg.norm(np.diff(pose[:, :, [13, 15]], axis=2), axis=-1)
    assert inside == pytest.approx(np.linalg.norm(BODY[13] - BODY[15]), abs=1e-4)
    # mostly upright in the picture: heads above feet; and never mirrored
    assert (rays[:, 0, 0, 1] < rays[:, 0, 15, 1]).mean() > 0.95
    volume = np.linalg.det(np.stack([pose[:, 0, k] - pose[:, 0, 0] for k in (5, 6, 13)], axis=1))
    true = np.linalg.det(np.stack([upright()[0, 0, k] - upright()[0, 0, 0] for k in (5, 6, 13)]))
    assert volume == pytest.approx(true, rel=1e-2)


def test_trunks_are_exchanged_and_legs_stay():
    poses = upright(8).copy()
    poses[::2] = bodies.turn_about_z(poses[::2], np.full((4, 1), 1.0))
    poses[3, :, 9, 2] += 0.5  # one lifts a hand
    mixed = bodies.exchange_trunks(poses, 1.0, np.random.default_rng(0))
    assert mixed[:, :, bodies.LOWER] == pytest.approx(poses[:, :, bodies.LOWER])
    lifted = mixed[:, 0, 9, 2] - poses[0, 0, 9, 2] > 0.4
    assert lifted.sum() == 1 and not lifted[3]
    across = mixed[:, 0, 5] - mixed[:, 0, 6]
    hips = mixed[:, 0, 11] - mixed[:, 0, 12]
    assert np.arctan2(across[:, 1], across[:, 0]) == pytest.approx(np.arctan2(hips[:, 1], hips[:, 0]), abs=1e-4)


def test_other_bodies_keep_mirror_bones_equal_and_tumbling_keeps_lengths():
    rng = np.random.default_rng(0)
    other = bodies.other_bodies(upright(), 0.2, rng)

    def length(a, b):
        return np.linalg.norm(other[:, 0, a] - other[:, 0, b], axis=-1)

    assert length(13, 15) == pytest.approx(length(14, 16), abs=1e-5) and np.ptp(length(13, 15)) > 0.05
    down = bodies.tumble(other, 1.0, rng)
    assert np.linalg.norm(down[:, 0, 13] - down[:, 0, 15], axis=-1) == pytest.approx(length(13, 15), abs=1e-4)
    assert (down[:, 0, 0, 2] - down[:, 0, 15, 2]).min() < 0.9


def test_unknown_motion_is_one_line(folder):
    with pytest.raises(InputError, match="motion 'cats': allowed are cmu, h36m"):
        VirtualLiftingBatches(folder, motion='cats')


def test_a_part_has_whole_blocks_and_the_parts_have_everything_once(tmp_path):
    takes = ('tango_02', 'tango_10', 'actor1_01', 'judo_03')
    arrays = {}
    for frames, name in enumerate(takes, 100):  # told apart by their length
        arrays.update({f'{name}/joints': standing(frames), f'{name}/fps': 60.0})
    np.savez(tmp_path / 'mocap.npz', names=np.array(cmu.NAMES), **arrays)
    cache = tmp_path / 'cache'
    whole, first, second = (
        VirtualLiftingBatches(str(tmp_path), window=10, batch_size=2, part=part, cache=cache)
        for part in ((0, 1), (0, 2), (1, 2))
    )
    assert first.lengths.tolist() == [102, 100, 101]  # actor1 and, two further, tango with both takes
    assert second.lengths.tolist() == [103]
    assert whole.lengths.tolist() == [102, 103, 100, 101]
    again = VirtualLiftingBatches(str(tmp_path), window=10, batch_size=2, part=(1, 2), cache=cache)
    assert again.lengths.tolist() == [103] and len(list(cache.iterdir())) == 3
    everything = VirtualLiftingBatches(str(tmp_path), window=10, batch_size=2)
    assert (everything[3]['inputs']['rays'] == whole[3]['inputs']['rays']).all()


def test_a_part_that_cannot_be_is_one_line(folder):
    for part in ((2, 2), (-1, 2), (0, 0)):
        with pytest.raises(InputError, match=r'part .*: \(i, n\) with i from 0 to n - 1'):
            VirtualLiftingBatches(folder, part=part)
    with pytest.raises(InputError, match=r'part \(2, 3\): there are 2 blocks of motion only'):
        in_part(['a', 'b', 'a'], (2, 3))
