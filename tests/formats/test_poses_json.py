"""Reading pose files of others, and files that are broken."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.formats import read_poses_json

PERSON = {
    'keypoints': [[1, 2], [3, 4], [5, 6]],
    'keypoint_scores': [0.1, 0.2, 0.3],
    'bbox': [[0, 1, 8, 9]],
    'bbox_score': 0.5,
}


def file_of(tmp_path, content):
    path = tmp_path / 'poses.json'
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding='utf-8')
    return path


def test_files_of_mmposes_inferencer(tmp_path):
    poses = read_poses_json(
        file_of(tmp_path, [{'frame_id': 0, 'instances': []}, {'frame_id': 1, 'instances': [PERSON, PERSON]}])
    )
    assert poses.skeleton is None and poses.video is None and poses.run == {}
    assert poses.frames[0].people.keypoints.shape == (0, 3, 2)
    people = poses.frames[1].people
    assert people.bboxes.tolist() == [[0, 1, 8, 9]] * 2 and people.track_ids.tolist() == [-1, -1]
    assert people.keypoints is not None and (people.keypoints_raw == people.keypoints).all()
    assert np.isnan(poses.frames[1].time) and not people.filled.any()


def test_files_of_mmposes_demo(tmp_path):
    meta = {
        'dataset_name': 'coco',
        'keypoint_id2name': {'0': 'nose', '1': 'left_eye', '2': 'right_eye'},
        'skeleton_links': [[0, 1], [0, 2]],
        'flip_indices': [0, 2, 1],
    }
    poses = read_poses_json(
        file_of(
            tmp_path,
            {'meta_info': meta, 'instance_info': [{'frame_id': 1, 'instances': [{**PERSON, 'bbox': [0, 1, 8, 9]}]}]},
        )
    )
    assert poses.skeleton.sides == ('', 'left', 'right') and poses.skeleton.sigmas.tolist() == [pytest.approx(0.05)] * 3
    assert poses.frames[0].people.bboxes.tolist() == [[0, 1, 8, 9]]


def test_files_of_bottom_up_models_have_no_boxes(tmp_path):
    person = {key: PERSON[key] for key in ('keypoints', 'keypoint_scores')}
    people = read_poses_json(file_of(tmp_path, [{'frame_id': 0, 'instances': [person]}])).frames[0].people
    assert people.bboxes.tolist() == [[1, 2, 5, 6]] and np.isnan(people.bbox_scores[0])


def frame(**changes):
    return [{'frame_id': 0, 'instances': [{**PERSON, **changes}]}]


@pytest.mark.parametrize(
    'content, message',
    [
        ('', 'line 1, column 1: not valid JSON .Expecting value'),
        ('[{"frame_id": 0,\n "instances": [}]', r'line 2, column 16: not valid JSON .Expecting value'),
        ('[' * 100_000, 'not readable as JSON'),
        ('[{"frame_id": ' + '9' * 5000 + '}]', 'not readable as JSON|frame_id: an integer expected'),
        ('7', 'the file: an object or a list of frames expected, found 7'),
        ({'meta_info': 3}, 'meta_info: an object expected, found 3'),
        ({'meta_info': {}}, 'instance_info: a list of frames expected, found null'),
        ([{'frame_id': 0}, 5], r'\[0\].instances: a list expected, found null'),
        ([{'frame_id': 1.5, 'instances': []}], r'\[0\].frame_id: an integer expected, found 1.5'),
        (
            {'instance_info': [{'frame_id': 0, 'time': 'now', 'instances': []}]},
            r'instance_info\[0\].time: a number expected, found "now"',
        ),
        (frame(keypoints=[]), r'\[0\].instances\[0\].keypoints: a list of points expected'),
        (frame(keypoints=[[1, 2], [3], [5, 6]]), r'keypoints: 3 x 2 numbers expected, found \[\[1, 2\], \[3\]'),
        (frame(keypoints=[[1, 2], [3, '4'], [5, 6]]), 'keypoints: 3 x 2 numbers expected'),
        (frame(keypoint_scores=[1, True, 0]), 'keypoint_scores: 3 numbers expected'),
        (frame(bbox=[1, 2, 3]), 'bbox: 4 numbers expected'),
        (frame(track_id='a'), 'track_id: an integer expected, found "a"'),
        (frame(filled=1), 'filled: true or false expected, found 1'),
        ({'meta_info': {'keypoint_id2name': {'0': 'a', '2': 'b'}}}, 'keypoint_id2name: names for'),
        (
            {'meta_info': {'keypoint_id2name': {'0': 'a'}, 'skeleton_links': [[0, 1]]}},
            r'skeleton_links\[0\]: integers in 0..0 expected, found \[0, 1\]',
        ),
        (
            {'meta_info': {'video': {'name': 'x', 'width': 3, 'height': 4, 'fps': '30/0'}}, 'instance_info': []},
            'meta_info.video: name, width, height and fps are needed',
        ),
    ],
)
def test_broken_files_name_the_place(tmp_path, content, message):
    path = file_of(tmp_path, content)
    with pytest.raises(InputError, match=message) as error:
        read_poses_json(path)
    assert str(error.value).startswith(f'{path}: ') and '\n' not in str(error.value)
    assert len(str(error.value)) < 300


def test_files_that_are_not_there_or_not_text(tmp_path):
    with pytest.raises(InputError, match='cannot be read'):
        read_poses_json(tmp_path / 'none.json')
    path = tmp_path / 'clip.json'
    path.write_bytes(b'[\xff\xfe]')
    with pytest.raises(InputError, match='byte 1: not UTF-8'):
        read_poses_json(path)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    'meta_info',
                    'instance_info',
                    'frame_id',
                    'time',
                    'instances',
                    'keypoints',
                    'video',
                    'keypoint_scores',
                    'bbox',
                    'bbox_score',
                    'track_id',
                    'filled',
                    'keypoints_raw',
                    'run',
                    'keypoint_id2name',
                    'skeleton_links',
                    'flip_indices',
                    'sigmas',
                    '0',
                    '1',
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values)
def test_any_json_is_read_or_refused(tmp_path, document):
    try:
        read_poses_json(file_of(tmp_path, document))
    except InputError as error:
        assert '\n' not in str(error)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from([*PERSON, 'track_id', 'filled', 'keypoints_raw']), values))
def test_any_person_is_read_or_refused(tmp_path, changes):
    try:
        read_poses_json(file_of(tmp_path, frame(**changes)))
    except InputError as error:
        assert '\n' not in str(error)
