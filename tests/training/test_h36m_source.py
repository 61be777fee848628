import json

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.training.sources import h36m


def straight_camera(**changes):
    """At the origin, looking along z, f = 1000, centre (500, 400)."""
    values = dict(R=np.eye(3), centre_mm=[0, 0, 0], f=[1000, 1000], c=[500, 400], k=[0, 0, 0], p=[0, 0])
    return h36m.Camera.from_dict({**values, **changes})


def test_projection_by_hand():
    point = np.array([100.0, 200, 2000])
    assert straight_camera().project(point) == pytest.approx([550, 500])
    # r² = 0.05² + 0.1² = 0.0125, radial factor 1 + 0.4 * 0.0125 = 1.005
    assert straight_camera(k=[0.4, 0, 0]).project(point) == pytest.approx([550.25, 500.5])
    # tangential: (u, v) (p1 v + p2 u) + r² (p2, p1) with p1 = 0.1: (0.05, 0.1) * 0.01 + (0, 0.00125)
    assert straight_camera(p=[0.1, 0]).project(point) == pytest.approx([550.5, 502.25])


def test_world_to_camera():
    turned = straight_camera(R=[[0, -1, 0], [1, 0, 0], [0, 0, 1]], centre_mm=[10, 0, 0])
    assert turned.to_camera(np.array([11.0, 2, 3])) == pytest.approx([-2, 1, 3])


def write_subject(folder, frames=4):
    truth = np.arange(frames * 51, dtype=np.int32).reshape(frames, 17, 3) + [0, 0, 30000]
    estimate = np.arange(frames * 32, dtype=np.int32).reshape(frames, 16, 2)
    first = {
        name: np.diff(a, axis=0, prepend=0).astype(np.int16)
        for name, a in (
            ('Walking/gt3d', truth),
            ('Walking/sh2d/1', estimate),
            ('Eating/gt3d', truth),
            ('Eating/sh2d/1', estimate[:-1]),
        )
    }
    np.savez(folder / 'S1.npz', **first)
    camera = dict(R=np.eye(3).tolist(), centre_mm=[0, 0, 0], f=[1000, 1000], c=[500, 400], k=[0, 0, 0], p=[0, 0])
    (folder / 'cameras.json').write_text(json.dumps({'S1/1': camera}))
    return truth, estimate


def test_differences_are_summed_and_odd_lengths_left_out(tmp_path):
    truth, estimate = write_subject(tmp_path)
    recordings = list(h36m.load_recordings(tmp_path, ['S1']))
    assert [r.name for r in recordings] == ['S1/Walking/1']
    assert recordings[0].world == pytest.approx(truth / 10)
    assert recordings[0].estimate == pytest.approx(estimate)
    assert list(h36m.load_recordings(tmp_path, ['S1'], exclude=['S1/Walking'])) == []
    sequence = h36m.load_h36m_2d(tmp_path, ['S1'])[0]
    x, y, z = truth[2, 3]  # the right ankle, first in MPII's order
    assert sequence.truth[2, 0] == pytest.approx([500 + 1000 * x / z, 400 + 1000 * y / z], rel=1e-5)


def test_missing_files(tmp_path):
    with pytest.raises(InputError, match='cameras.json'):
        h36m.load_cameras(tmp_path)
    write_subject(tmp_path)
    with pytest.raises(InputError, match='S5.npz'):
        list(h36m.load_recordings(tmp_path, ['S5']))


def test_measured_error_of_a_real_recording(shared):
    folder = shared('data', 'h36m')
    recording = next(h36m.load_recordings(folder, ['S11']))
    truth = recording.camera.project(recording.world[:, h36m.MPII_FROM_H36M])
    errors = np.linalg.norm(recording.estimate - truth, axis=-1)[:, list(h36m.MPII_LIMBS)]
    assert 4 < np.median(errors) < 12
    assert set(h36m.MPII_FLIP) == set(range(16))
