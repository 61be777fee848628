"""PoseTrack18: joints by hand, and files as PoseTrack's tools read them."""

import json
from fractions import Fraction

import numpy as np
import pytest

from pipeline.batch import find_videos, run_batch
from pipeline.errors import InputError
from pipeline.formats import RunInfo, open_exporter
from pipeline.formats.posetrack_joints import NAMES, PoseTrackJoints
from pipeline.options import OutputOptions
from pipeline.skeletons import Skeleton
from pipeline.types import Frame, FrameResult, People, VideoInfo
from pipeline.writers import video_number
from tests.batch.toy_chain import InlinePool, ToySettings, write_video

COCO = (
    'nose',
    'left_eye',
    'right_eye',
    'left_ear',
    'right_ear',
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
)
VIDEO = VideoInfo('clip', 640, 480, Fraction(25))


def skeleton(names):
    return Skeleton(
        'test', tuple(names), (), tuple(range(len(names))), np.full(len(names), 0.05, np.float32), ('',) * len(names)
    )


def body():
    keypoints = np.stack([np.arange(17), 100 + np.arange(17)], axis=1).astype(np.float32)
    keypoints[[0, 5, 6]] = (50, 40), (40, 60), (64, 62)
    scores = np.linspace(0.1, 0.9, 17).astype(np.float32)
    scores[[0, 5, 6]] = 0.9, 0.6, 0.3
    return keypoints[None], scores[None]


def test_coco_joints_by_hand():
    keypoints, scores = body()
    points, confidence = PoseTrackJoints(skeleton(COCO)).convert(keypoints, scores)
    assert points.shape == (1, 17, 2)
    at = dict(zip(NAMES, points[0].tolist()))
    score = dict(zip(NAMES, confidence[0].tolist()))
    assert at['nose'] == [50, 40] and at['left_ankle'] == [15, 115] and at['right_ear'] == [4, 104]
    assert at['head_bottom'] == [52, 61]  # the middle of (40, 60) and (64, 62)
    assert at['head_top'] == [48, 19]  # twice (50, 40) less (52, 61)
    assert score['head_bottom'] == pytest.approx(0.45) and score['head_top'] == pytest.approx(0.6)
    assert score['right_knee'] == pytest.approx(scores[0, 14])


@pytest.mark.parametrize('gone', ['score', 'position'])
def test_what_depends_on_a_missing_joint_is_missing(gone):
    keypoints, scores = body()
    if gone == 'score':
        scores[0, 5] = 0
    else:
        keypoints[0, 5, 1] = np.nan
    points, confidence = PoseTrackJoints(skeleton(COCO)).convert(keypoints, scores)
    for name in ('left_shoulder', 'head_bottom', 'head_top'):
        assert points[0, NAMES.index(name)].tolist() == [0, 0] and confidence[0, NAMES.index(name)] == 0
    assert confidence[0, NAMES.index('right_shoulder')] > 0 and np.isfinite(points).all()


def test_joints_that_are_there_are_taken_over():
    names = list(reversed(NAMES))
    keypoints = np.random.default_rng(0).uniform(1, 99, (2, 17, 2)).astype(np.float32)
    points, _ = PoseTrackJoints(skeleton(names)).convert(keypoints, np.ones((2, 17), np.float32))
    np.testing.assert_allclose(points, keypoints[:, ::-1])


def test_skeletons_without_common_joints_are_refused(tmp_path):
    with pytest.raises(InputError, match="skeleton 'test' has no joint in common with PoseTrack18: wing"):
        open_exporter('posetrack', tmp_path / 'x.json', RunInfo(), skeleton(['wing']), VIDEO)
    assert list(tmp_path.iterdir()) == []


def write(path, frames):
    with open_exporter('posetrack', path, RunInfo(preset='embedded'), skeleton(COCO), VIDEO) as exporter:
        for index, people in frames:
            exporter.write(FrameResult(Frame(index, index / 25, None), people))
    return json.loads(path.read_text())


def people(*ids):
    keypoints, scores = body()
    count = len(ids)
    return People(
        np.tile(np.array([[10, 20, 40, 80]], np.float32), (count, 1)),
        np.full(count, 0.75, np.float32),
        np.tile(keypoints, (count, 1, 1)),
        np.tile(scores, (count, 1)),
        np.array(ids, np.int64),
    )


def test_the_document_by_hand(tmp_path):
    document = write(tmp_path / 'x.json', [(0, people(1, 2)), (1, People.empty(17)), (3, people(2))])
    assert [i['frame_id'] for i in document['images']] == [10000000000, 10000000001, 10000000003]
    assert document['images'][1] == {
        'id': 10000000001,
        'frame_id': 10000000001,
        'vid_id': 'clip',
        'file_name': 'clip/000001.jpg',
        'nframes': 3,
        'is_labeled': True,
        'width': 640,
        'height': 480,
    }
    assert [(a['id'], a['image_id'], a['track_id']) for a in document['annotations']] == [
        (1, 10000000000, 1),
        (2, 10000000000, 2),
        (3, 10000000003, 2),
    ]
    annotation = document['annotations'][0]
    assert annotation['bbox'] == [10, 20, 30, 60] and annotation['score'] == 0.75
    assert len(annotation['keypoints']) == 51 and annotation['keypoints'][:6] == [50, 40, 1, 52, 61, 1]
    assert len(annotation['scores']) == 17 and annotation['scores'][0] == 0.9
    assert document['categories'][0]['keypoints'] == list(NAMES)
    assert document['info']['preset'] == 'embedded'


def test_a_video_without_frames_or_people_is_a_document_too(tmp_path):
    assert write(tmp_path / 'x.json', [])['images'] == []
    document = write(tmp_path / 'y.json', [(0, People.empty(17))])
    assert document['annotations'] == [] and len(document['images']) == 1


def test_the_file_has_what_posetracks_own_have(tmp_path, fixtures):
    theirs = json.loads(fixtures('poseval', 'pt18', 'pred', '000342_mpii_test.json').read_text())
    ours = write(tmp_path / 'x.json', [(0, people(1))])
    assert set(theirs) <= set(ours)
    used = {'id', 'frame_id', 'file_name', 'nframes', 'vid_id', 'is_labeled'}
    assert used <= set(ours['images'][0]) and used <= set(theirs['images'][0])
    used = {'image_id', 'track_id', 'keypoints', 'scores'}
    assert used <= set(ours['annotations'][0]) and used <= set(theirs['annotations'][0])
    assert len(theirs['annotations'][0]['keypoints']) == len(ours['annotations'][0]['keypoints'])
    assert theirs['categories'][0]['keypoints'] == ours['categories'][0]['keypoints']


def test_the_evaluation_reads_it(tmp_path):
    from pipeline.posetrack import JOINTS, load_sequence

    write(tmp_path / 'x.json', [(0, people(1, 2)), (1, People.empty(17)), (2, people(2))])
    sequence = load_sequence(tmp_path / 'x.json')
    assert [len(frame) for frame in sequence.frames] == [2, 0, 1]
    assert sequence.frames[0].track_ids.tolist() == [1, 2] and sequence.frames[2].track_ids.tolist() == [2]
    np.testing.assert_allclose(sequence.frames[2].points[0, JOINTS.index('head_top')], [48, 19])
    assert sequence.frames[2].scores[0, JOINTS.index('nose')] == 0.9


def test_files_of_one_batch_can_be_put_together(tmp_path):
    """Image and annotation ids of two videos were the same, also of two with one name in two folders."""
    write_video(tmp_path / 'in' / 'cam1' / 'a.mp4', 6)
    write_video(tmp_path / 'in' / 'cam2' / 'a.mp4', 6, seed=1)
    settings = ToySettings(OutputOptions(tmp_path / 'out', formats=('json', 'posetrack')))
    assert len(run_batch(find_videos([str(tmp_path / 'in')]), settings, InlinePool).done) == 2
    documents = [json.loads(p.read_text()) for p in sorted((tmp_path / 'out').rglob('*_posetrack.json'))]
    for kind, key in (('images', 'id'), ('images', 'file_name'), ('annotations', 'id')):
        values = [item[key] for document in documents for item in document[kind]]
        assert len(values) == len(set(values)) >= 12, (kind, key)
    for document in documents:
        images = {image['id'] for image in document['images']}
        assert {annotation['image_id'] for annotation in document['annotations']} <= images
        assert max(images) < 2**53
    assert [d['images'][0]['vid_id'] for d in documents] == ['cam1_a', 'cam2_a']


def test_a_videos_number_is_the_same_in_every_run_and_its_own():
    numbers = [video_number(f'clip{i}') for i in range(5000)]
    assert len(set(numbers)) == 5000 and numbers[0] == video_number('clip0') == video_number('clip0')
    assert video_number('caf\udce9') > 0
