"""COCO results, read by pycocotools."""

import json
from dataclasses import replace

import numpy as np
from pycocotools.coco import COCO as CocoTools

from tests.formats.exported import BOX, POINTS, SCORES, VIDEO, export, results


def test_pycocotools_reads_the_same_poses(tmp_path, capsys):
    path, record = export(tmp_path, 'coco')
    truth = CocoTools()
    truth.dataset = dict(images=[dict(id=i) for i in range(3, 9)], annotations=[], categories=[dict(id=1)])
    truth.createIndex()
    found = truth.loadRes(str(path))
    assert len(found.anns) == 9
    entries = found.loadAnns(found.getAnnIds(imgIds=[4]))
    assert [entry['track_id'] for entry in entries] == [1, 2] and entries[0]['category_id'] == 1
    for n, entry in enumerate(entries):
        triples = np.reshape(entry['keypoints'], (17, 3))
        wanted = np.where(SCORES[1, n, :, None] > 0, np.c_[POINTS[1, n], SCORES[1, n]], 0)
        np.testing.assert_allclose(triples, wanted, atol=1e-3)
        assert entry['score'] == 0.75
    assert json.loads(record.read_text())['preset'] == 'embedded'


def test_boxes_have_a_corner_and_a_size(tmp_path):
    path, _ = export(tmp_path, 'coco')
    assert json.loads(path.read_text())[0]['bbox'] == [BOX[0], BOX[1], BOX[2] - BOX[0], BOX[3] - BOX[1]]


def test_the_images_of_a_batch_have_numbers_of_their_own(tmp_path):
    path, _ = export(tmp_path, 'coco', video=replace(VIDEO, number=41), frames=results()[:1])
    assert [entry['image_id'] for entry in json.loads(path.read_text())] == [41_000_003]
