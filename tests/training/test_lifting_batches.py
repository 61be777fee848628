import json

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.training.batches.lifting_batches import LiftingBatches
from pipeline.training.sources import h36m


@pytest.fixture
def folder(tmp_path):
    """One recording of a camera that is turned by a quarter about its axis."""
    rng = np.random.default_rng(0)
    arrays = {'Walking/gt3d': rng.integers(-5000, 5000, (9, 17, 3)), 'Walking/sh2d/1': rng.integers(0, 999, (9, 16, 2))}
    np.savez(tmp_path / 'S1.npz', **{k: np.diff(v, axis=0, prepend=0).astype(np.int16) for k, v in arrays.items()})
    turned = dict(
        R=[[0, -1, 0], [1, 0, 0], [0, 0, 1]],
        centre_mm=[0, 0, -5000],
        f=[1000, 1000],
        c=[500, 500],
        k=[0, 0, 0],
        p=[0, 0],
    )
    (tmp_path / 'cameras.json').write_text(json.dumps({'S1/1': turned}))
    return tmp_path


def test_poses_are_the_camera_s_and_relative_to_the_pelvis(folder):
    recording = next(h36m.load_recordings(folder, ['S1']))
    poses = h36m.camera_poses(recording)
    world = recording.world - recording.world[:, :1]
    assert (poses[:, 0] == 0).all()
    assert poses == pytest.approx(np.stack([-world[..., 1], world[..., 0], world[..., 2]], -1), abs=1e-2)


def test_mirrored_frames_are_mirrored_in_both(folder, tmp_path):
    data = LiftingBatches(str(folder), ['S1'], batch_size=64, num_batches=2, every=4, cache=str(tmp_path / 'cache'))
    recording = next(h36m.load_recordings(folder, ['S1']))
    keypoints, target = recording.estimate[::4], h36m.camera_poses(recording)[::4]
    mirrored = 0
    batch = data[1]
    for x, y in zip(batch['inputs']['keypoints'].numpy(), batch['data_samples']['target'].numpy()):
        straight = [i for i in range(3) if np.array_equal(x, keypoints[i])]
        if straight:
            assert np.array_equal(y, target[straight[0]])
            continue
        mirrored += 1
        back = x[list(h36m.MPII_FLIP)] * [-1, 1] + [1000, 0]
        i = next(i for i in range(3) if np.allclose(back, keypoints[i]))
        # a right wrist seen on the right becomes a left wrist on the left
        assert np.allclose(
            y[h36m.H36M_NAMES.index('left_wrist')], target[i, h36m.H36M_NAMES.index('right_wrist')] * [-1, 1, 1]
        )
    assert 16 < mirrored < 48


def test_names_and_flips_agree():
    for names, flip in ((h36m.H36M_NAMES, h36m.H36M_FLIP), (h36m.MPII_NAMES, h36m.MPII_FLIP)):
        swapped = [n.replace('left', '*').replace('right', 'left').replace('*', 'right') for n in names]
        assert [names[i] for i in flip] == swapped


def test_errors(folder):
    with pytest.raises(InputError, match='S5.npz'):
        LiftingBatches(str(folder), ['S5'])
    with pytest.raises(IndexError):
        LiftingBatches(str(folder), ['S1'], num_batches=2)[2]
