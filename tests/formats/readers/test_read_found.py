"""What other tools write: told by its content, and the same poses read from all of it."""

import json
import shutil
from fractions import Fraction

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.formats.found_poses import Given
from pipeline.formats.optional import missing
from pipeline.formats.readers import read_found
from pipeline.kinematics.metres import MetreOptions
from tests.formats.exported import COCO, FIRST, SCORES, SEEN, THERE, export

KNOWN = Given(size=(640, 480))
# layouts that we write and read, with their names; which joints have a score of their own
LAYOUTS = {
    'json': 'poses of this program',
    'csv': 'CSV',
    'parquet': 'CSV',
    'coco': 'COCO',
    'openpose': 'OpenPose',
    'posetrack': 'PoseTrack18',
    'dlc': 'DeepLabCut',
    'slp': 'SLEAP',
    'movement': 'movement',
    'nwb': 'NWB',
    'labelstudio': 'Label Studio',
}
NEEDS = {
    'parquet': ('pyarrow',),
    'slp': ('sleap_io',),
    'movement': ('xarray', 'h5netcdf', 'h5py'),
    'nwb': ('pynwb', 'ndx_pose', 'h5py'),
}


@pytest.mark.parametrize('name', LAYOUTS)
def test_what_is_written_is_read_again(tmp_path, name):
    if missing(NEEDS.get(name, ())):
        pytest.skip(f'{missing(NEEDS[name])} not installed')
    path = next(file for file in export(tmp_path, name) if not file.name.endswith('.run.json'))
    anonymous = tmp_path / 'anonymous'  # the name tells nothing
    shutil.move(path, anonymous)
    found = read_found(anonymous, KNOWN)
    assert found.layout == LAYOUTS[name] and found.tracked
    first = 0 if name in ('movement', 'nwb') else FIRST  # whose time is in seconds, and frames in order
    for t in range(6):
        people = found.people[first + t]
        assert people.track_ids.tolist() == (1 + np.flatnonzero(THERE[t])).tolist()
        for row, person in enumerate(np.flatnonzero(THERE[t])):
            for k, joint in enumerate(COCO.names):
                if joint not in found.skeleton.names:
                    continue
                there = found.skeleton.index(joint)
                if np.isnan(SEEN[t, person, k, 0]):
                    assert people.keypoint_scores[row, there] == 0
                    continue
                np.testing.assert_allclose(people.keypoints[row, there], SEEN[t, person, k], atol=0.01)
                wanted = 1 if name == 'labelstudio' else SCORES[t, person, k]
                assert people.keypoint_scores[row, there] == pytest.approx(wanted, abs=1e-3)


def test_trc_is_turned_over(tmp_path):
    export(tmp_path, 'trc')
    found = read_found(tmp_path / 'clip_id2.trc', KNOWN)
    assert found.fps == 25 and [len(found.people[t]) for t in (4, 5, 6, 7)] == [1, 1, 0, 1]
    assert found.times[4] == pytest.approx(1 / 25)
    np.testing.assert_allclose(found.people[4].keypoints[0], SEEN[1, 1], atol=0.01)
    with pytest.raises(InputError, match='y is measured from the lower edge: give --size WIDTHxHEIGHT'):
        read_found(tmp_path / 'clip_id2.trc')


def test_a_picture_every_40_seconds_keeps_its_rate(tmp_path):
    export(tmp_path, 'trc')
    path = tmp_path / 'clip_id2.trc'
    lines = path.read_text().split('\n')
    lines[2] = lines[2].replace('25.000000', '0.025000', 1)
    path.write_text('\n'.join(lines))
    assert read_found(path, KNOWN).fps == Fraction(1, 40)


def test_c3d_is_turned_over(tmp_path):
    pytest.importorskip('ezc3d', reason='ezc3d is not installed')
    export(tmp_path, 'c3d')
    found = read_found(shutil.move(tmp_path / 'clip_id2.c3d', tmp_path / 'anonymous'), KNOWN)
    assert found.fps == 25 and found.layout == 'C3D' and [len(found.people[t]) for t in (4, 5, 6, 7)] == [1, 1, 0, 1]
    np.testing.assert_allclose(found.people[4].keypoints[0], SEEN[1, 1], atol=0.01)
    assert found.people[5].keypoint_scores[0, 0] == 0


@pytest.mark.parametrize('name', ('trc', 'c3d'))
def test_markers_in_metres_are_refused(tmp_path, name):
    if missing(('ezc3d',)):
        pytest.skip('ezc3d is not installed')
    export(tmp_path, name, metres=MetreOptions(scale=100))
    with pytest.raises(InputError, match='markers in m: must be px'):
        read_found(tmp_path / f'clip_id1.{name}', KNOWN)


def test_of_our_own_files_the_poses_before_the_refiner_are_taken(tmp_path):
    from dataclasses import replace

    from tests.formats.exported import results

    frames = [replace(r, people=replace(r.people, keypoints=r.people.keypoints + 7)) for r in results()]
    frames[2].people.filled[1] = True
    for name in ('json', 'csv'):
        path = export(tmp_path, name, frames=frames)[0]
        found = read_found(path)
        np.testing.assert_allclose(found.people[FIRST].keypoints[0, 0], SEEN[0, 0, 0], atol=0.01)
        assert found.people[FIRST + 2].filled.tolist() == [False, True]  # whom the refiner will fill in again
        assert not found.people[FIRST].filled.any()


@pytest.mark.parametrize('layout', ('mmpose', 'bare'))
def test_mmpose_inferencer(tmp_path, layout):
    person = dict(keypoints=[[k, 2 * k + 0.5] for k in range(17)], keypoint_scores=[0.5] * 17, bbox=[[1, 2, 3, 4]])
    frames = [dict(frame_id=i, instances=[dict(person, bbox_score=0.75)] if i else []) for i in range(3)]
    path = tmp_path / 'results'
    path.write_text(json.dumps(frames if layout == 'bare' else dict(meta_info={}, instance_info=frames)))
    found = read_found(path)
    assert (found.layout, found.skeleton.name, found.tracked) == ('MMPose', 'coco', False)
    assert [len(people) for people in found.people.values()] == [0, 1, 1]
    assert found.people[2].keypoints[0, 3].tolist() == [3, 6.5] and found.people[2].bboxes[0].tolist() == [1, 2, 3, 4]
    # MMPose's demo scripts count from 1
    path.write_text(json.dumps([dict(frame, frame_id=frame['frame_id'] + 1) for frame in frames]))
    assert sorted(read_found(path).people) == [0, 1, 2]


def test_openpose_18_joints_and_shares(tmp_path):
    for index in (0, 1):
        values = [[0.1 * index + 0.25, 0.5, 0.9]] * 18
        values[4] = [0, 0, 0]
        people = [dict(person_id=[-1], pose_keypoints_2d=np.ravel(values).tolist())]
        (tmp_path / f'a_{index:012d}_keypoints.json').write_text(json.dumps(dict(version=1.1, people=people)))
    found = read_found(tmp_path, KNOWN)
    assert found.skeleton.names[:5] == ('nose', 'neck', 'right_shoulder', 'right_elbow', 'right_wrist')
    assert not found.tracked and found.people[0].keypoint_scores[0, 4] == 0
    np.testing.assert_allclose(found.people[1].keypoints[0, 0], [0.35 * 640 - 0.5, 0.5 * 480 - 0.5])
    with pytest.raises(InputError, match='shares of the picture: give --size'):
        read_found(tmp_path)


def test_alphapose(tmp_path):
    def entry(image, idx, x):
        triples = np.c_[np.full(26, x), np.arange(26), np.full(26, 0.5)]
        return dict(
            image_id=image, category_id=1, keypoints=triples.ravel().tolist(), score=2.7, box=[1, 2, 30, 40], idx=idx
        )

    path = tmp_path / 'alphapose-results.json'
    path.write_text(json.dumps([entry('0.jpg', 3, 5), entry('10.jpg', [3.0], 7), entry('2.jpg', 1, 6)]))
    found = read_found(path)
    assert found.skeleton.name == 'halpe26' and sorted(found.people) == [0, 2, 10] and found.tracked
    assert found.people[10].track_ids.tolist() == [3] and found.people[10].keypoints[0, 25].tolist() == [7, 25]
    assert found.people[0].bboxes[0].tolist() == [1, 2, 31, 42]
    assert found.people[0].bbox_scores[0] == 0.5  # AlphaPose's own is no probability


@pytest.mark.parametrize('as_text', (True, False))
def test_ultralytics_results(tmp_path, as_text):
    points = dict(x=[float(k) for k in range(17)], y=[100.0] * 17, visible=[0.8] * 17)
    points['x'][5], points['y'][5] = 0.0, 0.0
    box = dict(x1=1.0, y1=2.0, x2=50.0, y2=120.0)
    person = {'name': 'person', 'class': 0, 'confidence': 0.9, 'box': box, 'keypoints': points, 'track_id': 4}
    frames = [[], [person]]
    path = tmp_path / 'x'
    path.write_text(json.dumps([json.dumps(frame) for frame in frames] if as_text else frames))
    found = read_found(path)
    assert found.layout == 'Ultralytics' and [len(p) for p in found.people.values()] == [0, 1] and found.tracked
    people = found.people[1]
    assert people.keypoints[0, 7].tolist() == [7, 100] and people.keypoint_scores[0, 5] == 0
    assert people.bboxes[0].tolist() == [1, 2, 50, 120] and people.bbox_scores[0] == np.float32(0.9)


def test_ultralytics_labels(tmp_path):
    row = [0, 0.5, 0.5, 0.2, 0.4, *np.ravel([[0.1, 0.25, 0.9]] * 17), 0.7, 3]
    for frame in (1, 3):
        (tmp_path / f'my_video_{frame}.txt').write_text(' '.join(map(str, row)) + '\n')
    found = read_found(tmp_path, KNOWN)
    assert sorted(found.people) == [0, 2] and found.tracked and found.people[2].track_ids.tolist() == [3]
    np.testing.assert_allclose(found.people[0].keypoints[0, 3], [63.5, 119.5])
    np.testing.assert_allclose(found.people[0].bboxes[0], [255.5, 143.5, 383.5, 335.5])


def test_mediapipe_landmarks_of_our_fixture(fixtures):
    path = fixtures('mediapipe_landmarks.json')
    found = read_found(path)
    first = json.loads(path.read_text())['frames'][0]
    people = found.people[first['frame']]
    assert found.layout == 'MediaPipe' and found.skeleton.name == 'blazepose33'
    # there (0, 0) is the corner of the picture, here the centre of its first pixel
    np.testing.assert_allclose(people.keypoints[0], np.array(first['landmarks']) - 0.5, atol=1e-3)


def test_mediapipe_shares_with_visibility(tmp_path):
    marks = [dict(x=0.5, y=k / 33, z=0, visibility=0.25) for k in range(33)]
    path = tmp_path / 'a'
    path.write_text(json.dumps([dict(timestamp_ms=40 * i, pose_landmarks=[marks] if i else []) for i in range(2)]))
    found = read_found(path, KNOWN)
    assert found.times == {0: 0.0, 1: 0.04} and len(found.people[0]) == 0
    np.testing.assert_allclose(found.people[1].keypoints[0, 11], [319.5, 11 / 33 * 480 - 0.5], atol=1e-3)
    assert found.people[1].keypoint_scores[0, 11] == 0.25


@pytest.mark.parametrize('style', ('named', 'numbered', 'long'))
def test_mediapipe_tables(tmp_path, style):
    from pipeline.skeletons import load_skeleton

    names = load_skeleton('blazepose33').names
    if style == 'named':
        head = ['frame', *(f'{name.upper()}_{axis}' for name in names for axis in ('x', 'y', 'z', 'visibility'))]
        rows = [[t, *(v for k in range(33) for v in (0.5, k / 100, 0, 0.75))] for t in (0, 1)]
    elif style == 'numbered':
        head = ['class', *(f'{axis}{k}' for k in range(1, 34) for axis in 'xyzv')]
        rows = [['squat', *(v for k in range(33) for v in (0.5, k / 100, 0, 0.75))] for t in (0, 1)]
    else:
        head = ['frame', 'landmark', 'x', 'y', 'z', 'visibility']
        rows = [[t, k, 0.5, k / 100, 0, 0.75] for t in (0, 1) for k in range(33)]
    path = tmp_path / 'table'
    path.write_text('\n'.join(','.join(map(str, row)) for row in (head, *rows)))
    found = read_found(path, KNOWN)
    assert found.layout == 'MediaPipe' and found.skeleton.name == 'blazepose33' and sorted(found.people) == [0, 1]
    people = found.people[1]
    np.testing.assert_allclose(people.keypoints[0, 28], [319.5, 0.28 * 480 - 0.5], atol=1e-3)
    assert (people.keypoint_scores == 0.75).all()


@pytest.mark.parametrize('name', ('one.csv', 'two.csv', 'one_table.h5', 'two_fixed.h5'))
def test_deeplabcut_as_pandas_writes_it(fixtures, name):
    if name.endswith('h5'):
        pytest.importorskip('h5py', reason='h5py is not installed')
    found = read_found(fixtures('deeplabcut', name))
    assert found.skeleton.names == ('nose', 'left_shoulder', 'right_hip') and found.tracked
    assert sorted(found.people) == [0, 1, 2, 3]
    first = found.people[0]
    if name.startswith('one'):
        np.testing.assert_allclose(first.keypoints[0], [[25.8, 71.1], [174.6, 28.2], [143.7, 48.0]], atol=1e-3)
        np.testing.assert_allclose(first.keypoint_scores[0], [0.801, 0.433, 0.735], atol=1e-6)
    else:
        assert first.track_ids.tolist() == [1, 2]
        np.testing.assert_allclose(first.keypoints[1], [[227.7, 263.4], [255.0, 118.2], [43.8, 209.4]], atol=1e-3)
    assert found.people[1].keypoint_scores[0, 0] == 0  # empty in the file


def test_a_pickle_in_hdf5_runs_nothing(tmp_path, fixtures):
    h5py = pytest.importorskip('h5py', reason='h5py is not installed')
    path = tmp_path / 'a.h5'
    shutil.copy(fixtures('deeplabcut', 'one_table.h5'), path)
    with h5py.File(path, 'r+') as file:
        evil = b"cos\nsystem\n(S'touch %s'\ntR." % bytes(tmp_path / 'ran')
        file['df_with_missing/table'].attrs['values_block_0_kind'] = np.bytes_(evil)
    with pytest.raises(InputError, match=r'a\.h5: cannot be read as poses .*os\.system is no name of a column'):
        read_found(path)
    assert not (tmp_path / 'ran').exists()


def test_sleap_analysis(tmp_path):
    sleap_io = pytest.importorskip('sleap_io', reason='sleap-io is not installed')
    export(tmp_path, 'slp')
    labels = sleap_io.load_slp(str(tmp_path / 'clip_poses.slp'), open_videos=False)
    sleap_io.save_analysis_h5(labels, str(tmp_path / 'analysis'))
    found = read_found(tmp_path / 'analysis')
    assert found.layout == 'SLEAP analysis' and found.tracked
    np.testing.assert_allclose(found.people[FIRST + 1].keypoints[1], SEEN[1, 1], atol=0.01)
    assert found.people[FIRST + 1].keypoint_scores[1, 5] == pytest.approx(SCORES[1, 1, 5], abs=1e-4)
    assert [len(found.people[FIRST + t]) for t in range(6)] == THERE.sum(1).tolist()


def test_coco_annotations_name_their_joints(tmp_path):
    names = ['LShoulder', 'shoulder_right', 'tail']
    document = dict(
        images=[dict(id=70 + k, file_name=f'img_{k:04d}.png', width=64, height=48) for k in range(3)],
        categories=[dict(id=1, keypoints=names)],
        annotations=[dict(id=1, image_id=71, category_id=1, keypoints=[1, 2, 2, 3, 4, 1, 0, 0, 0], bbox=[1, 2, 3, 4])],
    )
    path = tmp_path / 'a'
    path.write_text(json.dumps(document))
    found = read_found(path)
    assert found.skeleton.names == ('left_shoulder', 'right_shoulder', 'tail') and found.size == (64, 48)
    assert [len(found.people[k]) for k in range(3)] == [0, 1, 0]
    assert found.people[1].keypoint_scores.tolist() == [[1, 1, 0]] and found.people[1].bboxes[0].tolist() == [
        1,
        2,
        4,
        6,
    ]


@pytest.mark.parametrize(
    'content',
    (
        b'',
        b'hello',
        b'{"a": 1}',
        b'[1, 2]',
        b'a,b,c,d\n1,2,3,4\n',
        b'\x00\x01',
        b'\x89HDF\r\n\x1a\n',
        b'PK\x03\x04',
        b'PAR1',
    ),
)
def test_what_is_not_known_is_one_line(tmp_path, content):
    path = tmp_path / 'a'
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_found(path)
    assert str(path) in str(caught.value) and '\n' not in str(caught.value)
    if content in (b'hello', b'{"a": 1}', b'[1, 2]', b''):
        assert 'DeepLabCut' in str(caught.value) and 'AlphaPose' in str(caught.value)


@pytest.mark.parametrize(
    'document',
    (
        [dict(image_id=1, keypoints=['a'])],
        [dict(image_id='1.jpg', keypoints=[1] * 51, idx='x')],
        dict(people=[dict(pose_keypoints_2d=[1, 2])]),
        [[dict(keypoints=dict(x=[1], y=[1]))]],
        [dict(image_id=-5, category_id=1, keypoints=[1] * 51)],
        [dict(image_id=1, category_id=1, keypoints=[0] * 51)],
    ),
)
def test_damaged_files_are_one_line(tmp_path, document):
    path = tmp_path / 'a'
    path.write_text(json.dumps(document))
    with pytest.raises(InputError) as caught:
        read_found(path)
    assert str(caught.value).startswith(str(path)) and '\n' not in str(caught.value)


def test_damaged_tables_are_one_line(tmp_path):
    path = tmp_path / 'a.csv'
    for content in ('scorer,a,a\nbodyparts,nose,nose\n', 'frame,joint,x,y\n0,no\rse,1,2\n', 'scorer\r,a\r,a'):
        path.write_text(content, newline='')
        with pytest.raises(InputError) as caught:
            read_found(path)
        assert str(caught.value).startswith(str(path)) and '\n' not in str(caught.value)


def test_joints_that_are_in_no_picture_are_refused(tmp_path):
    path = tmp_path / 'a.csv'
    path.write_text('frame,joint,x,y,score\n0,nose,1e300,5,1\n0,left_eye,1,2,1\n0,right_eye,1,2,1\n')
    with pytest.raises(InputError, match='frame 0: nose is at 1e.300, 5: must be within 1e.06 px'):
        read_found(path)
    path.write_text(path.read_text().replace('5,1', '5,0'))  # one that was not found may lie anywhere
    poses = read_found(path).people[0]
    assert poses.keypoint_scores[0].tolist() == [0, 1, 1] and poses.keypoints[0, 0].tolist() == [1, 2]
