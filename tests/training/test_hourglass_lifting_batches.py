"""Windows of Human3.6M for temporal lifters: errors stay what they were when others stand before the camera."""

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.training.batches.hourglass_lifting_batches import HourglassLiftingBatches
from pipeline.training.batches.hourglass_windows import turned_about
from tests.training.studio import studio

PARENTS = [0, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15]


@pytest.fixture
def folder(tmp_path):
    return studio(tmp_path)


def lengths(batch):
    target = batch['data_samples']['target'].numpy()
    return np.linalg.norm(target - target[:, :, PARENTS], axis=-1)[:, :, 1:]


def test_others_are_seen_with_the_errors_of_the_first(folder):
    options = dict(window=20, batch_size=6, num_batches=1, noise=0.0, seed=3)
    batches = HourglassLiftingBatches(folder, ['S1'], proportions=0.2, stature=0.1, turn=0.5, **options)
    seen = batches.recorded(6, np.random.default_rng(0))
    assert seen.ups[0] == pytest.approx([0, -1, 0])  # the picture's y points down
    assert seen.rays - seen.images == pytest.approx(np.full((6, 20, 16, 2), 0.03), abs=2e-3)
    others = batches.as_others(seen, np.random.default_rng(0))
    assert others.rays - others.images == pytest.approx(seen.rays - seen.images, abs=1e-6)
    assert np.abs(others.poses - seen.poses).max() > 0.1 and (others.poses[:, :, 0] == 0).all()
    # the lowest joint of everybody is as far below the camera as before; y points down
    floor, below = ((w.poses[..., 1] + w.places[:, :, None, 1]).max(-1) for w in (seen, others))
    assert below == pytest.approx(floor, abs=1e-5)


def test_who_is_taller_is_so_all_over(folder):
    batches = HourglassLiftingBatches(folder, ['S1'], window=20, batch_size=6, num_batches=1, stature=0.2)
    seen = batches.recorded(6, np.random.default_rng(0))
    taller = np.linalg.norm(batches.as_others(seen, np.random.default_rng(0)).poses[:, :, 1:], axis=-1)
    factor = taller / np.linalg.norm(seen.poses[:, :, 1:], axis=-1)
    assert np.ptp(factor, axis=(1, 2)) == pytest.approx(0, abs=1e-4) and np.std(factor[:, 0, 0]) > 0.05


def test_bodies_change_for_a_window_and_turning_keeps_them(folder):
    def drawn(**options):
        return HourglassLiftingBatches(folder, ['S1'], window=20, batch_size=6, num_batches=1, seed=3, **options)[0]

    plain, turned, others = drawn(), drawn(turn=0.5), drawn(proportions=0.2)
    assert plain['inputs']['rays'].shape == (6, 20, 16, 2) and (plain['inputs']['scores'] == 1).all()
    # the same windows, as the seed is the same: turned ones keep every length and height
    assert np.sort(lengths(turned).ravel()) == pytest.approx(np.sort(lengths(plain).ravel()), abs=1e-4)
    heights = [np.sort(b['data_samples']['target'].numpy()[..., 1].ravel()) for b in (plain, turned)]
    assert heights[0] == pytest.approx(heights[1], abs=1e-4)
    assert np.abs(np.sort(lengths(others).ravel()) - np.sort(lengths(plain).ravel())).max() > 0.02


def test_turning_is_about_the_axis():
    points = np.array([[[[1.0, 2.0, 0.0]]]])
    turned = turned_about(points, np.array([[0.0, 1.0, 0.0]]), np.array([np.pi / 2]))
    assert turned[0, 0, 0] == pytest.approx([0, 2, -1])


def test_errors(folder):
    with pytest.raises(InputError, match='no recording of S1 has 61 frames'):
        HourglassLiftingBatches(folder, ['S1'], window=31)
    with pytest.raises(InputError, match='S5.npz'):
        HourglassLiftingBatches(folder, ['S5'])
