"""Label Studio's tasks, read by sleap-io."""

import json

import numpy as np
import pytest

from tests.formats.exported import COCO, FIRST, SEEN, THERE, export


def test_a_task_by_hand(tmp_path):
    path, _ = export(tmp_path, 'labelstudio')
    tasks = json.loads(path.read_text())
    assert [task['meta']['video']['frame_idx'] for task in tasks] == list(range(FIRST, FIRST + 6))
    shapes = tasks[1]['annotations'][0]['result']
    person = next(shape for shape in shapes if shape['type'] == 'rectanglelabels')
    assert person['value']['x'] == pytest.approx(10 / 6.4, abs=1e-5) and person['meta']['text'] == ['id1']
    assert person['value']['height'] == pytest.approx(200.25 / 4.8, abs=1e-5)
    names = [shape['value']['keypointlabels'][0] for shape in shapes if shape.get('type') == 'keypointlabels'][:16]
    assert names == [name for name in COCO.names if name != 'left_wrist']  # which was not seen
    assert len({shape['id'] for shape in shapes if 'id' in shape}) == 2 + 16 + 17


def test_sleap_io_reads_the_same_points(tmp_path):
    sleap_io = pytest.importorskip('sleap_io', reason='sleap-io is not installed: pip install sleap-io')
    path, _ = export(tmp_path, 'labelstudio')
    labels = sleap_io.load_labelstudio(str(path), skeleton=list(COCO.names))
    assert sum(len(frame.instances) for frame in labels) == THERE.sum()
    for frame in labels:
        t = frame.frame_idx - FIRST
        for person, instance in zip(np.flatnonzero(THERE[t]), frame.instances):
            np.testing.assert_allclose(instance.numpy(), SEEN[t, person], atol=1e-3)
