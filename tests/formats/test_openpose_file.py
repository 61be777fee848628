"""OpenPose's folder of frames."""

import json
import os
import re

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.files import Claim
from pipeline.formats import RunInfo, open_exporter
from pipeline.formats.body25 import BODY25
from pipeline.skeletons import Skeleton
from pipeline.types import Frame, FrameResult, People
from tests.formats.exported import COCO, POINTS, SCORES, VIDEO, export, results


def frame(folder, index):
    return json.loads((folder / f'clip_{index:012d}_keypoints.json').read_text())


def test_every_frame_is_a_file_with_25_joints_a_person(tmp_path):
    folder, record = export(tmp_path, 'openpose')
    assert folder == tmp_path / 'clip_openpose' and record == tmp_path / 'clip_openpose.run.json'
    assert sorted(os.listdir(folder)) == [f'clip_{index:012d}_keypoints.json' for index in range(3, 9)]
    document = frame(folder, 4)
    assert document['version'] == 1.3 and [p['person_id'] for p in document['people']] == [[1], [2]]
    for n, person in enumerate(document['people']):
        triples = np.reshape(person['pose_keypoints_2d'], (25, 3))
        for name in set(BODY25) & set(COCO.names):
            k = COCO.index(name)
            wanted = [*POINTS[1, n, k], SCORES[1, n, k]] if SCORES[1, n, k] else [0, 0, 0]
            np.testing.assert_allclose(triples[BODY25.index(name)], wanted, atol=1e-3)
        hips = [COCO.index('left_hip'), COCO.index('right_hip')]
        middle = [*POINTS[1, n, hips].mean(0), SCORES[1, n, hips].mean()]
        np.testing.assert_allclose(triples[8], middle, atol=1e-3)
        assert not triples[19:].any()  # COCO has no feet
    assert json.loads(record.read_text())['preset'] == 'embedded'


def test_feet_are_taken_by_name(tmp_path):
    feet = Skeleton('feet', ('left_heel', 'right_foot_index', 'tail'), (), (0, 1, 2), np.ones(3, np.float32), ('',) * 3)
    points = np.array([[[1, 2], [3, 4], [5, 6]]], np.float32)
    people = People(np.zeros((1, 4), np.float32), np.ones(1, np.float32), points, np.ones((1, 3), np.float32))
    folder, _ = export(tmp_path, 'openpose', feet, frames=[FrameResult(Frame(0, 0.0, None), people)])
    triples = np.reshape(frame(folder, 0)['people'][0]['pose_keypoints_2d'], (25, 3))
    assert triples[21].tolist() == [1, 2, 1] and triples[22].tolist() == [3, 4, 1]
    assert np.count_nonzero(triples) == 6


def test_an_aborted_export_leaves_nothing(tmp_path):
    exporter = open_exporter('openpose', tmp_path / 'clip_openpose', RunInfo(), COCO, VIDEO)
    exporter.write(results()[0])
    exporter.abort()
    assert os.listdir(tmp_path) == []


def test_a_folder_is_replaced_only_by_force_and_only_if_it_is_ours(tmp_path):
    folder, record = export(tmp_path, 'openpose')
    with pytest.raises(InputError, match='clip_openpose: exists already'):
        export(tmp_path, 'openpose')
    export(tmp_path, 'openpose', force=True, frames=results()[:2])
    assert len(os.listdir(folder)) == 2  # nothing of the longer run before
    (folder / 'notes.txt').touch()
    with pytest.raises(InputError, match=r'holds notes\.txt'):
        export(tmp_path, 'openpose', force=True)
    assert sorted(os.listdir(tmp_path)) == ['clip_openpose', 'clip_openpose.run.json']


def test_a_run_replaces_what_an_earlier_one_of_its_name_has_left(tmp_path):
    with Claim(tmp_path, 'clip') as claim:
        export(tmp_path, 'openpose', force=claim)
        killed = open_exporter('openpose', tmp_path / 'clip_openpose', RunInfo(), COCO, VIDEO, claim)
        killed.write(results()[0])
    (passing,) = [name for name in os.listdir(tmp_path) if re.fullmatch(r'\.clip_openpose-.{8}\.part', name)]
    assert len(os.listdir(tmp_path / passing)) == 1
    with Claim(tmp_path, 'clip') as claim:
        assert passing not in os.listdir(tmp_path)
        folder, _ = export(tmp_path, 'openpose', force=claim, frames=results()[:1])
        claim.settle()
    assert sorted(os.listdir(tmp_path)) == ['clip_openpose', 'clip_openpose.run.json'] and len(os.listdir(folder)) == 1
    with Claim(tmp_path, 'clip') as claim, pytest.raises(InputError, match='exists already'):
        export(tmp_path, 'openpose', force=claim)
