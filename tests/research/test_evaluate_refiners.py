import json

import numpy as np
import pytest

from tools.research import evaluate_refiners


def write_subjects(folder, subjects, noise=6):
    """A figure that drifts before a camera 5 m away, seen with ``noise`` px of white noise."""
    rng = np.random.default_rng(0)
    body = rng.integers(-6000, 6000, (1, 17, 3))
    world = body + np.arange(60)[:, None, None] * np.array([20, 10, 0])
    camera = dict(R=np.eye(3).tolist(), centre_mm=[0, 0, -5000], f=[1000, 1000], c=[500, 500], k=[0, 0, 0], p=[0, 0])
    joints = evaluate_refiners.h36m.MPII_FROM_H36M
    for subject in subjects:
        points = world[:, joints] / 10
        seen = 1000 * points[..., :2] / (points[..., 2:] + 5000) + 500 + rng.normal(0, noise, (60, 16, 2))
        arrays = {'Walking/gt3d': world, 'Walking/sh2d/1': np.rint(seen).astype(int)}
        np.savez(
            folder / f'{subject}.npz',
            **{key: np.diff(value, axis=0, prepend=0).astype(np.int16) for key, value in arrays.items()},
        )
    (folder / 'cameras.json').write_text(json.dumps({f'{subject}/1': camera for subject in subjects}))


def test_subjects_to_choose_by_are_not_tuned_on(tmp_path, capsys):
    write_subjects(tmp_path, ['S1', 'S5', 'S6', 'S7'])
    out = tmp_path / 'table.json'
    missing = evaluate_refiners.main(['--data', str(tmp_path), '--subjects', 'S7', '--out', str(out)])
    assert missing == 2 and 'S8.npz' in capsys.readouterr().err  # it would have been tuned on
    assert evaluate_refiners.main(['--data', str(tmp_path), '--subjects', 'S7,S8']) == 2
    write_subjects(tmp_path, ['S1', 'S5', 'S6', 'S7', 'S8'])
    assert evaluate_refiners.main(['--data', str(tmp_path), '--subjects', 'S7', '--out', str(out)]) == 0
    rows = json.loads(out.read_text())['plain']
    assert rows['input']['error'] == pytest.approx(6 * np.sqrt(np.pi / 2), rel=0.05)
    # the figure's motion is straight: velocity, acceleration and jerk of the noise are what is left
    noise = 6 * np.sqrt(np.pi / 2) * np.sqrt([2, 6, 20])
    assert [rows['input'][key] for key in ('mpjve', 'accel', 'jerk')] == pytest.approx(noise, rel=0.06)
    gaussian = next(row for name, row in rows.items() if name.startswith('Gaussian'))
    assert gaussian['error'] < 0.5 * rows['input']['error']
    assert '1 sequences, 60 frames' in capsys.readouterr().out


def test_an_unknown_subject_is_named(tmp_path, capsys):
    assert evaluate_refiners.main(['--data', str(tmp_path), '--subjects', 'S7,S12']) == 2
    assert '--subjects S7,S12: allowed are S1' in capsys.readouterr().err
