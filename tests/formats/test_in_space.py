"""Files of 3D, read back with the libraries that others read them with."""

import json
import struct
from fractions import Fraction

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.formats import RunInfo, open_exporter, read_poses_json
from pipeline.formats.rig import NAMES, filled, rigged
from pipeline.formats.upright import room_of
from pipeline.skeletons import load_skeleton
from pipeline.types import Frame, FrameResult, People, VideoInfo
from tests.lift.toy import BODY
from tests.lift.toy import NAMES as COCO

VIDEO = VideoInfo('clip', 640, 480, Fraction(30), 40)
RUN = RunInfo(options=dict(three_d=True))
FLOOR = 1.3  # m below the camera
TILT = np.radians(20)  # the camera looks down
TURN = np.array([[1, 0, 0], [0, np.cos(TILT), -np.sin(TILT)], [0, np.sin(TILT), np.cos(TILT)]])


def walking(frames=40):
    """Camera coordinates ``(T, 17, 3)`` of somebody who walks about on a level floor and bends knees and elbows."""
    time = np.arange(frames) / 30
    poses = np.repeat(BODY[None], frames, axis=0)
    swing = np.sin(5 * time)
    for side, sign in (('left', 1), ('right', -1)):
        hip, knee, ankle, elbow, wrist = (
            COCO.index(f'{side}_{part}') for part in ('hip', 'knee', 'ankle', 'elbow', 'wrist')
        )
        half, bend = np.radians(12 + 8 * sign * swing), np.radians(40 + 15 * swing)
        for joint, above, angle, length in (
            (knee, hip, -half, 0.41),
            (ankle, knee, half, 0.41),
            (wrist, elbow, -bend, 0.25),
        ):
            poses[:, joint] = poses[:, above] + length * np.stack([0 * time, np.cos(angle), np.sin(angle)], axis=1)
    poses[..., 1] += FLOOR - 0.08 - poses[:, 15:, 1].max(1)[:, None]
    poses[..., [0, 2]] += np.stack([np.cos(2 * time), 5 + np.sin(2 * time)], axis=1)[:, None]
    return (poses @ TURN.T).astype(np.float32)


def written(form, path, present=lambda i: True, run=RUN):
    """The files of a run in which person 3 walks wherever ``present`` says."""
    with open_exporter(form, path, run, load_skeleton('coco'), VIDEO) as exporter:
        for i, joints in enumerate(walking()):
            people = People.empty(17)
            people.keypoints_3d = np.zeros((0, 17, 3), np.float32)
            if present(i):
                one = np.ones(1, np.float32)
                points = np.full((1, 17, 2), 100 + i, np.float32)
                people = People(np.ones((1, 4), np.float32), one, points, np.ones((1, 17), np.float32), np.array([3]))
                people.keypoints_3d = joints[None]
            exporter.write(FrameResult(Frame(i, i / 30, np.zeros((2, 2, 3), np.uint8)), people))
    return exporter.files


def in_room(present=lambda i: True):
    joints = walking()
    room = room_of([joints[[present(i) for i in range(len(joints))]]], COCO)
    return room, room.place(joints)


def test_the_floor_is_at_0_and_level_and_the_camera_looks_down_at_its_tilt():
    room, joints = in_room()
    assert room.tilt == pytest.approx(20, abs=3)
    lower = joints[:, 15:, 1].min(1)
    assert lower == pytest.approx(0.08, abs=0.05)
    assert np.linalg.det(room.rotation) == pytest.approx(1)
    camera = room.place(np.zeros(3))
    assert camera[1] == pytest.approx(FLOOR, abs=0.2) and camera[2] > 4


def test_json_and_csv_hold_the_joints(tmp_path):
    (path,) = written('json', tmp_path / 'clip.json')
    frames = read_poses_json(path).frames
    read = np.stack([frame.people.keypoints_3d[0] for frame in frames])
    assert read == pytest.approx(walking(), abs=1e-4)
    written('csv', tmp_path / 'clip.csv')
    header, first, *rest = (tmp_path / 'clip.csv').read_text().splitlines()
    assert header.endswith('filled,x_3d,y_3d,z_3d')
    assert [float(v) for v in first.split(',')[-3:]] == pytest.approx(walking()[0, 0].tolist(), abs=1e-4)
    written('csv', tmp_path / 'flat.csv', run=RunInfo())
    assert (tmp_path / 'flat.csv').read_text().splitlines()[0].endswith('filled')


def test_trc_holds_markers_in_metres_on_the_floor(tmp_path):
    paths = written('trc', tmp_path / 'clip.trc')
    lines = next(path for path in paths if path.suffix == '.trc').read_text().splitlines()
    assert lines[2].split('\t')[4] == 'm'
    values = np.array([[float(v) for v in line.split('\t')[2:-1]] for line in lines[6:]]).reshape(-1, 17, 3)
    assert values == pytest.approx(in_room()[1], abs=1e-4)


def test_c3d_holds_markers_in_metres(tmp_path):
    ezc3d = pytest.importorskip('ezc3d')
    written('c3d', tmp_path / 'clip.c3d')
    file = ezc3d.c3d(str(tmp_path / 'clip_id3.c3d'))
    assert file['parameters']['POINT']['UNITS']['value'] == ['m']
    assert file['data']['points'][:3].T == pytest.approx(in_room()[1], abs=1e-5)


def test_the_rig_has_the_joints_where_they_are_and_bones_that_do_not_change():
    _, joints = in_room()
    motion = rigged(joints, COCO)
    places = motion.places()
    for bone, joint in (('LeftLeg', 'left_knee'), ('RightFoot', 'right_ankle'), ('LeftHand', 'left_wrist')):
        off = np.linalg.norm(places[:, NAMES.index(bone)] - joints[:, COCO.index(joint)], axis=-1)
        assert off.max() < 0.01
    assert np.abs(np.diff(motion.turns, axis=0)).max() < 0.2  # nothing flips


def test_a_gap_is_bridged_and_marked():
    joints, there = filled(np.arange(12.0).reshape(2, 2, 3), np.array([4, 8]))
    assert joints.shape == (5, 2, 3) and joints[2] == pytest.approx(np.arange(6).reshape(2, 3) + 3.0)
    assert there.tolist() == [True, False, False, False, True]


def test_bvh_is_read_back_with_the_joints_where_they_were(tmp_path):
    bvhio = pytest.importorskip('bvhio')
    present = lambda i: not 10 <= i < 13  # noqa: E731
    paths = written('bvh', tmp_path / 'clip.bvh', present)
    assert {path.name for path in paths} == {'clip_id3.bvh', 'clip.bvh.run.json'}
    root = bvhio.readAsHierarchy(str(tmp_path / 'clip_id3.bvh'))
    _, joints = in_room(present)
    for frame in (0, 20, 39):
        root.loadPose(frame)
        places = {joint.Name: np.array(joint.PositionWorld) for joint, _, _ in root.layout()}
        for bone, joint in (('LeftLeg', 'left_knee'), ('RightForeArm', 'right_elbow'), ('Hips', 'left_hip')):
            wanted = joints[frame, COCO.index(joint)]
            if bone == 'Hips':
                wanted = (wanted + joints[frame, COCO.index('right_hip')]) / 2
            assert places[bone] == pytest.approx(wanted, abs=0.02)


def test_gltf_is_a_valid_animated_skin(tmp_path):
    lib = pytest.importorskip('pygltflib')
    present = lambda i: 5 <= i < 35 and i != 20  # noqa: E731
    written('gltf', tmp_path / 'clip.glb', present)
    file = lib.GLTF2().load(str(tmp_path / 'clip.glb'))
    assert len(file.skins) == 1 and len(file.skins[0].joints) == len(NAMES)

    def values(accessor):
        entry = file.accessors[accessor]
        view, size = file.bufferViews[entry.bufferView], dict(SCALAR=1, VEC3=3, VEC4=4, MAT4=16)[entry.type]
        kind = {lib.FLOAT: '<f4', lib.UNSIGNED_BYTE: 'u1', lib.UNSIGNED_SHORT: '<u2'}[entry.componentType]
        data = np.frombuffer(file.binary_blob(), kind, entry.count * size, view.byteOffset)
        return data.reshape(entry.count, size)

    part = file.meshes[0].primitives[0]
    points, faces = values(part.attributes.POSITION), values(part.indices).reshape(-1, 3)
    assert faces.max() < len(points)
    normals = values(part.attributes.NORMAL)
    # triangles face outwards, as their normals do
    across = np.cross(points[faces[:, 1]] - points[faces[:, 0]], points[faces[:, 2]] - points[faces[:, 0]])
    large = np.linalg.norm(across, axis=1) > 1e-7
    assert ((across * normals[faces[:, 0]]).sum(1)[large] > 0).all()
    channels = {
        (c.target.node, c.target.path): file.animations[0].samplers[c.sampler] for c in file.animations[0].channels
    }
    hips = channels[file.skins[0].joints[0], 'translation']
    assert values(hips.input)[[0, -1], 0] == pytest.approx([5 / 30, 34 / 30])
    _, joints = in_room(present)
    assert values(hips.output)[0] == pytest.approx(joints[5, 11:13].mean(0), abs=0.05)
    shown = channels[file.skins[0].joints[0], 'scale']
    assert shown.interpolation == 'STEP'
    assert values(shown.input)[:, 0] == pytest.approx([0, 5 / 30, 20 / 30, 21 / 30, 34 / 30 + 1e-3], abs=1e-5)
    assert values(shown.output)[:, 0].tolist() == [0, 1, 0, 1, 0]
    kind, version = struct.unpack('<4sI', (tmp_path / 'clip.glb').read_bytes()[:8])
    assert (kind, version) == (b'glTF', 2)


def test_nobody_makes_no_figure_but_the_record(tmp_path):
    assert [p.name for p in written('gltf', tmp_path / 'clip.glb', present=lambda i: False)] == ['clip.glb.run.json']
    json.loads((tmp_path / 'clip.glb.run.json').read_text())


def test_without_3d_it_is_refused_in_one_line(tmp_path):
    with pytest.raises(InputError, match='--bvh: has bones in space; only smooth-poses --3d finds them'):
        written('bvh', tmp_path / 'clip.bvh', run=RunInfo())
    assert not list(tmp_path.iterdir())
