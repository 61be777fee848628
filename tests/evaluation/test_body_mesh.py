import sys
import types

import numpy as np
import pytest
import torch

from pipeline.errors import InputError
from pipeline.evaluation.body_mesh import BodyMeshMetric, BodyModel
from pipeline.evaluation.rotations import axis_angle_to_6d


class StickBody:
    """Stands in for ``smplx.SMPL``: a chain of 24 joints, 0.1 m apart along y, that only the pelvis turns."""

    def __init__(self, path, gender, **arguments):
        self.path = path

    def __call__(self, betas, global_orient, body_pose, transl):
        from scipy.spatial.transform import Rotation

        assert body_pose.shape[1:] == (69,)
        turn = torch.from_numpy(Rotation.from_rotvec(global_orient.numpy()).as_matrix()).float()
        chain = torch.zeros(24, 3)
        chain[:, 1] = torch.arange(24) * 0.1
        joints = torch.einsum('sij,kj->ski', turn, chain) * (1 + betas[:, :1, None])
        return types.SimpleNamespace(joints=torch.cat([joints, joints[:, :3]], 1), vertices=joints)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'smplx', types.SimpleNamespace(SMPL=StickBody))
    (tmp_path / 'smpl').mkdir()
    (tmp_path / 'smpl' / 'SMPL_NEUTRAL.pkl').write_bytes(b'')
    return tmp_path


def windows(degrees, shape=0.0):
    """Two windows of 5 frames; the estimate's pelvis is turned by ``degrees``, the output's by a half of it."""

    def turned(angle):
        pose = np.zeros((3, 24, 3))
        pose[:, 0, 2] = np.radians(angle)
        return axis_angle_to_6d(pose)

    shapes = np.zeros((3, 10))
    shapes[:, 0] = shape
    for start in (0, 2):
        yield dict(
            target=turned(0),
            input_keypoints=turned(degrees),
            pred_keypoints=turned(degrees / 2),
            sequence=0,
            start=start,
            length=5,
            fps=30.0,
            estimated_shape=shapes,
            true_shape=np.zeros((3, 10)),
        )


def table(metric, entries):
    metric.process(None, list(entries))
    return metric.compute_metrics(metric.results)


def test_rotation_error_needs_no_body():
    numbers = table(BodyMeshMetric(), windows(24.0))
    assert numbers == pytest.approx({'input/rotation': 1.0, 'output/rotation': 0.5}, rel=1e-5)  # 1 joint of 24


@pytest.mark.parametrize('protocol', ['published', 'corrected'])
def test_joints_of_the_posed_body(folder, protocol):
    numbers = table(BodyMeshMetric(['mpjpe', 'pa-mpjpe', 'accel'], str(folder), protocol=protocol), windows(60.0))
    # joint k is k * 100 mm away from the pelvis, a turn by 60 degrees moves it as far
    assert numbers['input/mpjpe'] == pytest.approx(1150, rel=1e-4)
    assert numbers['output/mpjpe'] == pytest.approx(2 * np.sin(np.radians(15)) * 1150, rel=1e-4)
    assert numbers['input/accel'] == pytest.approx(0, abs=1e-3)
    longer = table(BodyMeshMetric(['mpjpe'], str(folder), protocol=protocol), windows(0.0, shape=0.1))
    assert longer['input/mpjpe'] == pytest.approx(115, rel=1e-4)


def test_regressed_joints(folder):
    regressor = np.zeros((3, 24))
    regressor[[0, 1, 2], [0, 10, 20]] = 1
    np.save(folder / 'regressor.npy', regressor)
    body = BodyModel(folder, str(folder / 'regressor.npy'), joints=[2, 0])
    joints = body.joints(np.tile(axis_angle_to_6d(np.zeros(3)), (7, 24, 1)), batch_size=3)
    assert joints[:, :, 1] == pytest.approx(np.tile([2.0, 0.0], (7, 1)))


def test_errors(folder, tmp_path, monkeypatch):
    with pytest.raises(InputError, match='needs body_model'):
        BodyMeshMetric(['mpjpe'])
    with pytest.raises(InputError, match='no such joint regressor'):
        BodyModel(folder, 'none.npy')
    with pytest.raises(InputError, match='accepting its licence'):
        BodyModel(tmp_path / 'elsewhere')
    monkeypatch.setitem(sys.modules, 'smplx', None)
    with pytest.raises(InputError, match='pip install smplx'):
        BodyModel(folder)
