"""Windows of Human3.6M for temporal lifters: errors stay what they were when others stand before the camera."""

import json

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.training.batches.hourglass_lifting_batches import HourglassLiftingBatches, turned_about
from pipeline.training.sources import h36m

JOINTS = list(h36m.MPII_FROM_H36M)
PARENTS = [0, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15]


@pytest.fixture
def folder(tmp_path):
    """60 frames of a person who passes a camera that looks along the world's y from 5 m, and an hourglass's guess."""
    rng = np.random.default_rng(0)
    body = rng.normal(0, 300, (17, 3))
    body[0] = 0
    world = body + np.linspace(-500, 500, 60)[:, None, None] * np.array([1, 0, 0]) + rng.normal(0, 20, (60, 17, 3))
    camera = dict(
        R=[[1, 0, 0], [0, 0, -1], [0, 1, 0]],
        centre_mm=[0, -5000, 0],
        f=[1000, 1000],
        c=[500, 500],
        k=[0, 0, 0],
        p=[0, 0],
    )
    x, y, z = np.moveaxis(world, -1, 0)
    pixels = np.stack([500 + 1000 * x / (y + 5000), 500 - 1000 * z / (y + 5000)], -1)[:, JOINTS]
    arrays = {'Walk/gt3d': np.rint(10 * world).astype(int), 'Walk/sh2d/1': np.rint(pixels + 30).astype(int)}
    np.savez(tmp_path / 'S1.npz', **{k: np.diff(v, axis=0, prepend=0).astype(np.int16) for k, v in arrays.items()})
    (tmp_path / 'cameras.json').write_text(json.dumps({'S1/1': camera}))
    return str(tmp_path)


def lengths(batch):
    target = batch['data_samples']['target'].numpy()
    return np.linalg.norm(target - target[:, :, PARENTS], axis=-1)[:, :, 1:]


def test_others_are_seen_with_the_errors_of_the_first(folder):
    options = dict(window=20, batch_size=6, num_batches=1, noise=0.0, seed=3)
    plain = HourglassLiftingBatches(folder, ['S1'], **options)
    others = HourglassLiftingBatches(folder, ['S1'], proportions=0.2, turn=0.5, **options)
    chosen = np.arange(1)
    frames = 2 * np.arange(20)[None]
    rays, target, place = plain.rays[frames], plain.targets[frames], plain.places[frames]
    assert plain.ups[0] == pytest.approx([0, -1, 0])  # the picture's y points down
    moved, other = others._as_others(rays, target, place, others.ups[chosen], np.random.default_rng(0))

    def off(rays, target):
        points = target[:, :, JOINTS] + place[:, :, None]
        return rays - points[..., :2] / points[..., 2:]

    assert off(rays, target) == pytest.approx(np.full((1, 20, 16, 2), 0.03), abs=2e-3)
    assert off(moved, other) == pytest.approx(off(rays, target), abs=1e-6)
    assert np.abs(other - target).max() > 0.1 and (other[:, :, 0] == 0).all()


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
    with pytest.raises(InputError, match='no recording of S1 has 62 frames'):
        HourglassLiftingBatches(folder, ['S1'], window=31)
    with pytest.raises(InputError, match='S5.npz'):
        HourglassLiftingBatches(folder, ['S5'])
