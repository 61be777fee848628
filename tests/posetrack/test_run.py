"""The chain over a made-up PoseTrack folder, with a stand-in for its networks."""

import json
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.posetrack import JOINTS, JOINTS18, PoseFrame, PosePerson, PoseSequence, save_sequence
from pipeline.posetrack import run as run_posetrack
from pipeline.posetrack.release import open_release
from pipeline.posetrack.run import AnnotatedBoxes, RunOptions, predict_sequence, run_split, score_run
from pipeline.skeletons import load_skeleton
from pipeline.types import FrameResult, People

FRAMES = 4
COLUMNS = [JOINTS18.index(joint) for joint in JOINTS]


def truth_points(name, index):
    """Two people, 15 joints each, that move to the right."""
    rng = np.random.default_rng(int(name[:6]))
    return rng.uniform(0, 100, (2, 15, 2)) + [[[20.0, 20]], [[160, 40]]] + [2 * index, 0]


@pytest.fixture
def root(tmp_path):
    """Two sequences with images; the last frame of each is not annotated."""
    for name in ('000001_mpii_test', '000002_mpii_test'):
        frames = []
        for index in range(FRAMES):
            image = f'images/val/{name}/{index:06d}.jpg'
            (tmp_path / image).parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(tmp_path / image), np.full((200, 320, 3), 10 * index, np.uint8))
            people = [
                PosePerson(points=points, visible=np.ones(15, bool), track_id=i, head_box=np.array([0.0, 0, 30, 40]))
                for i, points in enumerate(truth_points(name, index))
            ]
            frames.append(PoseFrame.from_people(image, people if index < FRAMES - 1 else []))
        save_sequence(PoseSequence(name, frames), tmp_path / 'annotations' / 'val' / f'{name}.json', 18)
    return tmp_path


class Chain:
    """Poses are 20 px off before the refiner (out of reach) and exact after it; one person is unsure."""

    skeleton = load_skeleton('posetrack18')
    runs = []

    def results(self, source):
        self.runs.append(source.info.name)
        for frame in source:
            points = np.zeros((2, 17, 2), np.float32)
            points[:, COLUMNS] = truth_points(source.info.name, frame.index)
            scores = np.tile(np.array([[0.9], [0.4]], np.float32), (1, 17))
            people = People(
                np.zeros((2, 4), np.float32),
                np.full(2, 0.5, np.float32),
                points,
                scores,
                np.array([3, 7]),
                keypoints_raw=points + 20,
            )
            people.filled = np.array([False, frame.index == 1])
            yield FrameResult(frame, people)


@pytest.fixture
def chain(monkeypatch):
    monkeypatch.setattr('pipeline.pipeline.VideoPipeline.from_preset', classmethod(lambda *a, **k: Chain()))
    Chain.runs = []
    return Chain


OPTIONS = RunOptions('made-up', track_score=0.3)


def test_files_scores_and_resuming(root, tmp_path, chain):
    release, out = open_release(root), tmp_path / 'out'
    assert list(run_split(release, 'val', OPTIONS, out)) == ['000001_mpii_test', '000002_mpii_test']
    scores = score_run(release, 'val', out)
    assert scores['refined']['AP']['Mean'] == 100 and scores['raw']['AP']['Mean'] == 0
    assert scores['refined']['frames'] == 2 * (FRAMES - 1)
    # one of six people was filled in by the refiner, so the raw files lack her
    assert scores['refined']['people']['predicted'] == 12 and scores['raw']['people']['predicted'] == 10
    # 0.4 * 0.5 is below 0.3: of two people one is tracked, the other missed; switches do not occur
    assert scores['refined']['MOT_recall']['Mean'] == 50 and scores['refined']['MOTA']['Mean'] == 50
    list(run_split(release, 'val', OPTIONS, out))
    assert chain.runs == ['000001_mpii_test', '000002_mpii_test']
    (out / 'refined/tracks/000002_mpii_test.json').unlink()
    assert list(run_split(release, 'val', OPTIONS, out)) == ['000002_mpii_test']
    with pytest.raises(InputError, match='holds a run with fps 25, not 30'):
        list(run_split(release, 'val', RunOptions('made-up', fps=30), out))


def test_files_are_in_the_official_layout(root, tmp_path, chain):
    list(run_split(open_release(root), 'val', OPTIONS, tmp_path / 'out'))
    document = json.loads((tmp_path / 'out/refined/poses/000001_mpii_test.json').read_text())
    assert [image['id'] for image in document['images']] == [10000010000 + i for i in range(FRAMES)]
    assert document['images'][2]['file_name'] == 'images/val/000001_mpii_test/000002.jpg'
    assert {person['track_id'] for person in document['annotations']} == {3, 7}
    assert document['annotations'][0]['scores'][0] == pytest.approx(0.45)
    assert document['annotations'][0]['keypoints'][9:15] == [0] * 6  # no ears


def test_a_missing_image_is_named(root, tmp_path, chain):
    (root / 'images/val/000002_mpii_test/000001.jpg').unlink()
    done = run_split(open_release(root), 'val', OPTIONS, tmp_path / 'out')
    assert next(done) == '000001_mpii_test'
    with pytest.raises(InputError, match='000002_mpii_test/000001.jpg: no such image'):
        next(done)


def test_annotated_boxes(root, chain):
    path = open_release(root).splits['val'][0]
    truth = run_posetrack.load_sequence(path)
    found = AnnotatedBoxes(truth).detect([SimpleNamespace(index=1), SimpleNamespace(index=3)])
    points = truth.frames[1].points
    np.testing.assert_allclose(found[0].bboxes, np.concatenate([points.min(1), points.max(1)], axis=1), rtol=1e-6)
    assert list(found[0].scores) == [1, 1] and len(found[1]) == 0
    pipeline = Chain()
    predict_sequence(pipeline, truth, root, RunOptions('made-up', boxes='annotated'))
    assert isinstance(pipeline.detector, AnnotatedBoxes) and pipeline.detect_every == 1
