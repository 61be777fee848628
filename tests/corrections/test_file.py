"""The file of corrections: read as written, refused in one line."""

import json

import pytest

from pipeline.corrections import (
    Athlete,
    Delete,
    Joint,
    Merge,
    Split,
    SwapIds,
    SwapSides,
    corrections_beside,
    read_corrections,
    write_corrections,
)
from pipeline.errors import InputError

ALL = [
    SwapIds((1, 2), 120),
    SwapSides(3, None, 40),
    Merge(4, 1),
    Split(1, 7, 9),
    Delete(2, 3, 5),
    Athlete(1),
    Joint(1, 57, 'left_knee', 512.5, 300.0),
]


@pytest.fixture
def poses(tmp_path):
    path = tmp_path / 'clip_poses.json'
    path.write_text('[]')
    return path


def test_every_kind_is_read_as_it_was_written(poses):
    path = corrections_beside(poses)
    assert path == poses.with_name('clip_corrections.json')
    write_corrections(path, ALL, poses)
    assert read_corrections(path, poses) == ALL
    assert {'do': 'swap_ids', 'ids': [1, 2], 'from': 120} in json.loads(path.read_text())['corrections']


def test_an_empty_list_is_a_file_too(poses):
    write_corrections(corrections_beside(poses), [], poses)
    assert read_corrections(corrections_beside(poses), poses) == []


def test_a_file_that_exists_stays_without_force(poses):
    path = corrections_beside(poses)
    write_corrections(path, ALL, poses)
    with pytest.raises(InputError, match='exists already'):
        write_corrections(path, [], poses)
    write_corrections(path, [], poses, force=True)
    assert read_corrections(path) == []


def test_corrections_of_other_poses_are_refused(poses):
    path = corrections_beside(poses)
    write_corrections(path, ALL, poses)
    poses.write_text('[1]')
    with pytest.raises(InputError, match=r'clip_corrections.json: was made for other poses than .*remove "sha256"'):
        read_corrections(path, poses)
    assert read_corrections(path) == ALL


@pytest.mark.parametrize(
    'entry, message',
    [
        ('swap', r"corrections\[0\]: 'swap': must be an object"),
        ({}, 'do None: must be one of swap_ids, swap_sides, merge, split, delete, athlete, joint'),
        ({'do': 'explode'}, "do 'explode': must be one of"),
        ({'do': 'delete'}, 'id None: must be the id of a person, from 1 up'),
        ({'do': 'delete', 'id': True}, 'id True: must be'),
        ({'do': 'delete', 'id': 1, 'until': 3}, "'until' is not part of delete: it has id, from, to"),
        ({'do': 'delete', 'id': 1, 'from': 9, 'to': 3}, 'to 3: must not be before from 9'),
        ({'do': 'delete', 'id': 1, 'from': -1}, 'from -1: must be the number of a frame from 0 up, or null'),
        ({'do': 'swap_ids', 'ids': [1, 1]}, r'ids \[1, 1\]: must be the ids of two people'),
        ({'do': 'merge', 'id': 1, 'into': 1}, 'into 1: must be another person'),
        ({'do': 'joint', 'id': 1, 'frame': 1, 'joint': 'nose', 'x': float('nan'), 'y': 0}, 'x None: must be px'),
        ({'do': 'joint', 'id': 1, 'frame': 1, 'joint': 'nose', 'x': 1e9, 'y': 0}, 'x 1000000000.0: must be px'),
        ({'do': 'joint', 'id': 1, 'frame': 1, 'joint': 'nose', 'x': 0, 'y': -(10**400)}, 'y -1000.*: must be px'),
        ({'do': 'split', 'id': 1, 'frame': 2.5, 'new': 3}, 'frame 2.5: must be the number of a frame'),
    ],
)
def test_a_wrong_entry_is_named_with_what_is_allowed(tmp_path, entry, message):
    path = tmp_path / 'clip_corrections.json'
    path.write_text(json.dumps({'version': 1, 'corrections': [entry]}))
    with pytest.raises(InputError, match=message) as caught:
        read_corrections(path)
    assert str(caught.value).startswith(f'{path}: corrections[0]: ') and '\n' not in str(caught.value)


@pytest.mark.parametrize(
    'content, message',
    [
        ('[]', 'is no file of corrections'),
        ('{"version": 2, "corrections": []}', 'version 2: must be 1'),
        ('{"version": 1', 'not valid JSON'),
    ],
)
def test_another_file_is_no_file_of_corrections(tmp_path, content, message):
    path = tmp_path / 'clip_corrections.json'
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_corrections(path)
