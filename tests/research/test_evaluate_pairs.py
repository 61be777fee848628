"""Refiners on pairs: numbers of noise that was put in, and filters tuned elsewhere."""

import numpy as np
import pytest

from pipeline.training.motion import PoseSequence
from pipeline.training.sources.pairs import save_pairs
from tools.research import evaluate_pairs


def write(path, seed, joints=17):
    rng = np.random.default_rng(seed)
    truth = np.tile(rng.uniform(0, 300, (1, joints, 2)), (120, 1, 1)).astype(np.float32)
    estimate = truth + rng.normal(0, 2, truth.shape).astype(np.float32)
    estimate[:, 3] += 500  # of a joint that is not annotated
    weight = np.ones(truth.shape[:2], np.float32)
    weight[:, 3] = 0
    save_pairs(path, [PoseSequence('a', truth, weight, 30.0, estimate, 'a', np.full(truth.shape[:2], 0.9, np.float32))])
    return str(path)


def test_rows_of_noise_and_of_tuned_filters(tmp_path, capsys):
    test, train = write(tmp_path / 'test.npz', 0), write(tmp_path / 'train.npz', 1)
    assert evaluate_pairs.main([test, '--tune', train, '--refiner', 'gaussian:sigma=1']) == 0
    lines = [line.split('|')[1:-1] for line in capsys.readouterr().out.splitlines() if line.startswith('|')]
    rows = {name.strip(): [float(cell) for cell in cells] for name, *cells in lines[2:]}
    noise = 2 * np.sqrt(np.pi / 2)
    assert rows['none'] == pytest.approx(noise * np.sqrt([1, 2, 6, 20]), rel=0.05)
    assert rows['gaussian:sigma=1'][0] < 0.7 * noise
    # nothing moves: the widest filters are the best ones
    assert rows['Gaussian (sigma 8.0)'][0] < 0.3 * noise and rows['Butterworth (cutoff 2.0)'][0] < 0.5 * noise


def test_what_does_not_fit_is_one_line(tmp_path, capsys):
    assert evaluate_pairs.main([write(tmp_path / 'a.npz', 0, joints=5)]) == 2
    assert "needed are COCO's 17 joints" in capsys.readouterr().err
    assert evaluate_pairs.main([str(tmp_path / 'none.npz')]) == 2
    assert 'no such pair file' in capsys.readouterr().err
