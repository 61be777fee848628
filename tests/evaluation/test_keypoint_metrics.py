import numpy as np
import pytest

from pipeline.evaluation.keypoint_metrics import (
    acceleration_errors,
    align_similarity,
    box_size,
    jerk,
    joint_errors,
    pck_hits,
    procrustes_errors,
    velocity_errors,
)


def test_errors_by_hand():
    truth = np.zeros((1, 2, 2))
    prediction = np.array([[[3.0, 4.0], [0.0, 1.0]]])
    assert joint_errors(prediction, truth).tolist() == [[5.0, 1.0]]
    assert pck_hits(prediction, truth, np.array([50.0]), 0.1).tolist() == [[True, True]]
    assert pck_hits(prediction, truth, np.array([49.0]), 0.1).tolist() == [[False, True]]
    assert box_size(np.array([[0, 0, 10, 30.0]])).tolist() == [30.0]


def test_velocity_acceleration_and_jerk_by_hand():
    time = np.arange(5.0)
    falling = np.stack([0 * time, time**2], -1)[:, None]  # acceleration 2, jerk 0
    still = np.zeros_like(falling)
    assert acceleration_errors(falling, still) == pytest.approx(np.full((3, 1), 2.0))
    assert velocity_errors(falling, still) == pytest.approx(np.array([[1.0], [3], [5], [7]]))
    assert velocity_errors(falling, falling + [5, 5]) == pytest.approx(np.zeros((4, 1)))  # an offset is no velocity
    assert jerk(falling) == pytest.approx(np.zeros((2, 1)))
    zigzag = np.array([0.0, 1, 0, 1])[:, None, None]
    assert jerk(zigzag) == pytest.approx(np.array([[4.0]]))


def test_alignment_undoes_similarity_but_no_reflection():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(3, 8, 3))
    rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    rotation *= np.sign(np.linalg.det(rotation))
    moved = 2.5 * truth @ rotation + [1.0, -2, 3]
    assert align_similarity(moved, truth) == pytest.approx(truth)
    assert procrustes_errors(moved * [-1, 1, 1], truth).mean() > 0.1


def test_published_numbers(fixtures):
    z = np.load(fixtures('hanet_metrics', 'unit_metrics.npz'))
    height, width, _ = z['pck_imgshape_hwc'][0]
    scale = np.array([width, height], np.float32)
    for threshold in (0.05, 0.1, 0.2):
        hits = pck_hits(z['pck_pred'] * scale, z['pck_gt'] * scale, box_size(z['pck_bbox']), threshold)
        assert hits.mean(0) == pytest.approx(z[f'pck_{threshold}'], abs=1e-6)
    assert joint_errors(z['j3_pred'], z['j3_gt']).mean(1) == pytest.approx(z['mpjpe_per_frame'], abs=1e-5)
    assert procrustes_errors(z['j3_pred'], z['j3_gt']).mean(1) == pytest.approx(z['pampjpe_per_frame'], abs=1e-5)
    assert acceleration_errors(z['j3_pred'], z['j3_gt']).mean(1) == pytest.approx(z['accel_per_frame'], abs=1e-5)
    assert align_similarity(z['j3_pred'], z['j3_gt']) == pytest.approx(z['procrustes_aligned'], abs=1e-5)
    assert procrustes_errors(z['j3_pred_reflected'], z['j3_gt']).mean(1) == pytest.approx(
        z['pampjpe_reflected'], abs=1e-5
    )
