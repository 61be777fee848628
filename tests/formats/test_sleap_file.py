"""SLEAP's files, read by sleap-io."""

import json

import numpy as np
import pytest

from tests.formats.exported import COCO, FIRST, SCORES, SEEN, THERE, export

sleap_io = pytest.importorskip('sleap_io', reason='sleap-io is not installed: pip install sleap-io')


def test_sleap_reads_the_same_instances(tmp_path):
    record, path = export(tmp_path, 'slp')
    assert path.name == 'clip_poses.slp' and json.loads(record.read_text())['preset'] == 'embedded'
    labels = sleap_io.load_slp(str(path), open_videos=False)
    assert labels.skeleton.node_names == list(COCO.names) and len(labels.skeleton.edges) == len(COCO.links)
    assert [track.name for track in labels.tracks] == ['id1', 'id2']
    assert labels.skeleton.symmetry_names[0] == ('left_eye', 'right_eye')
    assert sum(len(frame.instances) for frame in labels) == THERE.sum()
    for frame in labels:
        for instance in frame.instances:
            wanted = SEEN[frame.frame_idx - FIRST, int(instance.track.name[2:]) - 1]
            np.testing.assert_allclose(instance.numpy(), wanted, atol=1e-3)
    scores = labels[1].instances[1].numpy(scores=True)[:, 2]
    np.testing.assert_allclose(scores, SCORES[1, 1], atol=1e-4)
    assert labels[1].instances[1].score == pytest.approx(0.75)
    assert list(labels.video.shape[1:3]) == [480, 640] and labels.video.filename == 'clip.mp4'
