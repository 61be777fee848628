"""Annotations in COCO's layout beside pose files of the chain: whose pose is whose, and what is missing."""

import json

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.training.sources.coco_video import load_coco_videos

NAMES = ['nose', 'left_hip', 'right_hip', 'left_knee']
FIGURE = np.array([[50.0, 0], [40, 60], [60, 60], [40, 100]])


def person(points, track, filled=False, scores=0.8):
    points = np.asarray(points).tolist()
    row = dict(track_id=track, filled=filled, bbox=[0, 0, 9, 9], bbox_score=1, keypoints=[[0, 0]] * 4)
    return {**row, 'keypoints_raw': points, 'keypoint_scores': [scores] * 4}


def write(folder, frames, people, names=NAMES, numbered=False):
    """``frames``: instances of each; ``people``: (frame, keypoints (4, 3) in the order of ``names``)."""
    folder.mkdir(exist_ok=True)
    meta = dict(keypoint_id2name={str(k): name for k, name in enumerate(NAMES)})
    meta['video'] = dict(name='a', width=640, height=480, fps='10')
    content = [dict(frame_id=i, time=i / 10, instances=instances) for i, instances in enumerate(frames)]
    (folder / 'a_poses.json').write_text(json.dumps(dict(meta_info=meta, instance_info=content)))
    images = [
        dict(id=100 + i, file_name=f'a_frame_{i:06d}.png') if numbered else dict(id=100 + i, frame_id=i)
        for i in range(len(frames))
    ]
    rows = [dict(image_id=100 + i, keypoints=np.ravel(points).tolist(), iscrowd=0) for i, points in people]
    truth = dict(images=images, annotations=rows, categories=[dict(id=1, name='person', keypoints=names)])
    (folder / 'truth').mkdir(exist_ok=True)
    (folder / 'truth' / 'a.json').write_text(json.dumps(truth))
    return folder / 'truth', folder


def annotated(points, visible=2):
    return np.concatenate([points, np.full((4, 1), visible)], axis=1)


@pytest.mark.parametrize('numbered', [False, True])
def test_each_pose_gets_the_person_it_is_nearest_to(tmp_path, numbered):
    frames = [[person(FIGURE + [302, 0], 7), person(FIGURE + [0, 3], 4)] for _ in range(5)]
    people = [(i, annotated(FIGURE + [x, 0])) for i in range(5) for x in (0, 300)]
    first, second = load_coco_videos(*write(tmp_path, frames, people, numbered=numbered))
    assert (first.name, first.group, first.fps) == ('a/7/0', 'a', 10)
    np.testing.assert_allclose(first.estimate - first.truth, np.broadcast_to([2, 0], (5, 4, 2)), atol=1e-4)
    np.testing.assert_allclose(second.estimate - second.truth, np.broadcast_to([0, 3], (5, 4, 2)), atol=1e-4)
    assert first.weight.all() and first.image_size.tolist() == [640, 480] and first.scores == pytest.approx(0.8)


def test_joints_meet_by_name_and_what_is_not_annotated_has_no_weight(tmp_path):
    names = ['left_knee', 'tail', 'nose', 'left_hip']  # another order, one that poses lack, and no right hip
    points = annotated(FIGURE[[3, 1, 0, 1]])
    points[3, 2] = 0  # this left hip was not seen
    (sequence,) = load_coco_videos(*write(tmp_path, [[person(FIGURE, 1)]] * 4, [(2, points)], names))
    assert sequence.weight.tolist() == [[0, 0, 0, 0]] * 2 + [[1, 0, 0, 1]] + [[0, 0, 0, 0]]
    np.testing.assert_allclose(sequence.truth[2][[0, 3]], FIGURE[[0, 3]])


def test_strangers_are_not_taken_for_anybody(tmp_path):
    frames = [[person(FIGURE + [90, 0], 1), person(FIGURE + [10, 0], 2)]] * 3
    stranger, near = load_coco_videos(*write(tmp_path, frames, [(i, annotated(FIGURE)) for i in range(3)]))
    assert not stranger.weight.any() and near.weight.all()


def test_gaps_are_bridged_as_in_the_chain(tmp_path):
    moving = [[person(FIGURE + [10 * i, 0], 1)] for i in range(12)]
    moving[3] = [person(FIGURE + 999, 1, filled=True)]  # the refiner had put somebody here
    moving[6:11] = [[]] * 5  # longer than 0.3 s
    people = [(i, annotated(FIGURE + [10 * i, 0])) for i in range(12)]
    first, second = load_coco_videos(*write(tmp_path, moving, people))
    assert len(first) == 6 and len(second) == 1
    np.testing.assert_allclose(first.estimate[3], FIGURE + [30, 0], atol=1e-4)
    assert first.scores[3].tolist() == [0] * 4 and first.weight[3].tolist() == [0] * 4


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(categories=[]), "no annotations in COCO's keypoint layout"),
        (dict(categories=[dict(keypoints=['tail'])]), 'annotates tail'),
        (dict(images=[dict(id=100, file_name='first.png')]), 'image 100 has no frame_id'),
        (dict(annotations=[dict(image_id=9, keypoints=[0] * 12)]), "no annotations in COCO's keypoint layout"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path, change, message):
    truth, poses = write(tmp_path, [[person(FIGURE, 1)]], [])
    path = truth / 'a.json'
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(InputError, match=message):
        load_coco_videos(truth, poses)
    with pytest.raises(InputError, match='no such file, and no folder'):
        load_coco_videos(tmp_path / 'nowhere', poses)
