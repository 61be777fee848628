"""PoseTrack with neighbours: reading, finding frames, one geometry for all of them."""

import json

import cv2
import numpy as np
import pytest
import torch

from pipeline.errors import InputError

pytest.importorskip('mmpose')
from mmengine.registry import DefaultScope  # noqa: E402
from mmpose.registry import DATASETS, TRANSFORMS  # noqa: E402
from mmpose.structures.bbox import get_warp_matrix  # noqa: E402

import pipeline.networks.estimators.dcpose  # noqa: E402, F401, registers
from pipeline.posetrack.frames import LoadNeighbours  # noqa: E402
from pipeline.posetrack.frames.annotations import load_images  # noqa: E402
from pipeline.posetrack.sequence import JOINTS18  # noqa: E402

SIZE = (160, 120)
CODEC = dict(type='QuarterShiftHeatmap', input_size=(48, 64), heatmap_size=(12, 16), sigma=1)
LOAD = [dict(type='LoadImage'), dict(type='LoadNeighbours')]
CROP = [dict(type='GetBBoxCenterScale', padding=1.25), dict(type='TopdownAffine', input_size=(48, 64))]


@pytest.fixture(autouse=True)
def mmpose_scope():
    with DefaultScope.overwrite_default_scope('mmpose'):
        yield


def picture(number: int, sequence: int = 0) -> np.ndarray:
    """A frame that says which one it is: one colour, and a gradient to see flips and crops by."""
    image = np.full((SIZE[1], SIZE[0], 3), 20 * number + 10, np.uint8)
    image[..., 1] = np.linspace(0, 255, SIZE[0])[None]
    image[..., 2] = 100 * sequence
    return image


def keypoints(x: float, y: float) -> list:
    rows = [[x + 2 * k, y + 3 * k, 1] for k in range(17)]
    rows[3] = rows[4] = [0, 0, 0]  # the ears
    return [value for row in rows for value in row]


@pytest.fixture
def root(tmp_path):
    """Two sequences: frames 0 to 3, labelled at 0 and 2; frames 1 to 3 (as in PoseTrack17), labelled at 3."""
    names = list(JOINTS18)
    for sequence, (folder, numbers, labelled) in enumerate(
        [('000001_bonn', range(4), (0, 2)), ('000002_mpii', range(1, 4), (3,))]
    ):
        images, annotations = [], []
        for number in numbers:
            name = f'images/train/{folder}/{number:06d}.png'
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(tmp_path / name), picture(number, sequence))
            identity = 10**10 + sequence * 10**4 + number
            images.append(
                dict(
                    file_name=name, id=identity, vid_id=folder[:6], nframes=len(numbers), is_labeled=number in labelled
                )
            )
            if number in labelled:
                annotations.append(
                    dict(
                        image_id=identity,
                        id=100 * identity,
                        category_id=1,
                        track_id=0,
                        bbox=[40, 20, 60, 80],
                        keypoints=keypoints(45.0, 30.0),
                    )
                )
        file = tmp_path / 'annotations' / 'train' / f'{folder}.json'
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(
            json.dumps(
                dict(images=images, annotations=annotations, categories=[dict(name='person', id=1, keypoints=names)])
            )
        )
    return tmp_path


def dataset(root, pipeline=(), **kwargs):
    return DATASETS.build(
        dict(
            type='PoseTrackFrames', data_root=str(root), ann_file='annotations/train', pipeline=list(pipeline), **kwargs
        )
    )


def edit(root, change, sequence='000001_bonn'):
    file = root / 'annotations' / 'train' / f'{sequence}.json'
    document = json.loads(file.read_text())
    change(document)
    file.write_text(json.dumps(document))
    return file


def test_items_are_the_labelled_people(root):
    items = dataset(root)
    assert len(items) == 3
    first, _, last = (items[i] for i in range(3))
    assert first['frame_range'] == (0, 3) and last['frame_range'] == (1, 3)
    assert last['img_path'].endswith('images/train/000002_mpii/000003.png')
    np.testing.assert_array_equal(first['bbox'], [[40, 20, 100, 100]])
    assert first['keypoints'].shape == (1, 17, 2)
    np.testing.assert_array_equal(first['keypoints'][0, 5], [55, 45])
    assert first['keypoints_visible'][0].tolist() == [1, 1, 1, 0, 0] + [1] * 12
    assert first['num_keypoints'] == 15
    assert [items[i]['id'] for i in range(3)] == [0, 1, 2]
    assert first['flip_indices'][5] == 6 and first['upper_body_ids'] == list(range(11))


def test_neighbours_are_clamped_to_the_sequence(root):
    items = dataset(root, LOAD)
    shown = [[int(image[0, 0, 0] - 10) // 20 for image in items[i]['img']] for i in range(3)]
    assert shown == [[0, 0, 1], [1, 2, 3], [2, 3, 3]]
    assert [items[i]['frame_margins'] for i in range(3)] == [(1, 1)] * 3
    assert items[2]['img'][0][0, 0, 2] == 100  # of its own sequence

    far = LoadNeighbours(frame_offsets=(-2, 0, 1)).transform(dict(dataset(root, LOAD[:1])[1]))
    assert int(far['img'][0][0, 0, 0]) == 10 and far['frame_margins'] == (2, 1)


def test_neighbours_from_a_stream():
    frames = [picture(i) for i in range(3)]
    results = LoadNeighbours().transform(dict(img=frames[1], img_path=None, neighbours=[frames[0], frames[2]]))
    assert all(ours is frame for ours, frame in zip(results['img'], frames))  # nothing is copied
    assert results['frame_margins'] == (1, 1) and 'neighbours' not in results
    with pytest.raises(InputError, match='1 neighbours'):
        LoadNeighbours().transform(dict(img=frames[1], img_path=None, neighbours=frames[:1]))
    with pytest.raises(InputError, match='is 160x120, but a frame next to it is 80x120'):
        LoadNeighbours().transform(dict(img=frames[1], img_path='a.png', neighbours=[frames[0], frames[2][:, :80]]))


def test_a_missing_neighbour_is_named(root):
    (root / 'images/train/000001_bonn/000001.png').unlink()
    with pytest.raises(InputError, match='000001_bonn/000001.png: cannot be read'):
        dataset(root, LOAD)[0]


def test_augmentation_is_the_same_for_all_frames(root):
    augment = [
        dict(type='GetBBoxCenterScale', padding=1.25),
        dict(type='RandomFlip', prob=1.0),
        dict(type='RandomScaleRotation', rotation_prob=1.0),
        dict(type='TopdownAffine', input_size=(48, 64)),
        dict(type='HideJointsOutside'),
        dict(type='GenerateTarget', encoder=CODEC),
        dict(type='PackPoseInputs'),
    ]
    np.random.seed(1)
    packed = dataset(root, LOAD + augment)[1]
    frames = packed['inputs']
    assert frames.shape == (3, 3, 64, 48) and frames.dtype == torch.uint8
    # green shows the geometry alone: equal in all frames, and growing to the left after the flip
    assert torch.equal(frames[0, 1], frames[1, 1]) and torch.equal(frames[1, 1], frames[2, 1])
    assert not torch.equal(frames[0, 0], frames[1, 0])
    assert packed['data_samples'].gt_fields.heatmaps.shape == (17, 16, 12)


def test_keypoints_follow_the_crop(root):
    results = dataset(root, LOAD + CROP)[1]
    matrix = get_warp_matrix(results['input_center'], results['input_scale'], 0, (48, 64))
    expected = results['keypoints'][0] @ matrix[:, :2].T + matrix[:, 2]
    np.testing.assert_allclose(results['transformed_keypoints'][0], expected, atol=1e-4)
    # the box is 60 wide, 80 high: already 3:4, then a quarter larger
    np.testing.assert_allclose(results['input_scale'], [75, 100])


def test_joints_outside_the_crop_are_hidden():
    points = np.array([[[0, 0], [47, 63], [47.01, 5], [5, -0.01], [5, 5]]], float)
    visible = np.array([[1, 1, 1, 1, 0]], np.float32)
    hide = TRANSFORMS.build(dict(type='HideJointsOutside'))
    results = hide(dict(transformed_keypoints=points, keypoints_visible=visible, input_size=(48, 64)))
    assert results['keypoints_visible'].tolist() == [[1, 1, 0, 0, 0]]


def test_scale_and_rotation_are_clipped_normals():
    transform = TRANSFORMS.build(dict(type='RandomScaleRotation'))
    np.random.seed(0)
    count = 20000
    results = transform(dict(bbox_scale=np.ones((count, 2))))
    scale, rotation = results['bbox_scale'], results['bbox_rotation']
    assert (scale[:, 0] == scale[:, 1]).all()
    assert scale.min() == 0.65 and scale.max() == 1.35
    assert np.mean(scale[:, 0] == 1.35) == pytest.approx(0.1587, abs=0.01)  # beyond one sigma
    assert np.abs(rotation).max() == 90
    assert np.mean(rotation == 0) == pytest.approx(0.4, abs=0.012)
    turned = rotation[rotation != 0]
    assert np.mean(turned == 90) == pytest.approx(0.0228, abs=0.005)  # beyond two sigma
    assert np.median(np.abs(turned)) == pytest.approx(0.6745 * 45, rel=0.03)


def test_detected_boxes(root):
    boxes = [
        dict(image_id=10**10 + 1, category_id=1, bbox=[10, 20, 30, 40], score=0.9),
        dict(image_id=10**10 + 1, category_id=1, bbox=[0, 0, 3, 4], score=0.1),
        dict(image_id=10**10 + 2, category_id=3, bbox=[0, 0, 3, 4], score=0.9),
    ]
    (root / 'boxes.json').write_text(json.dumps(boxes))
    items = dataset(root, bbox_file=str(root / 'boxes.json'), test_mode=True, filter_cfg=dict(bbox_score_thr=0.2))
    assert len(items) == 1  # one is no person, one is under the threshold
    np.testing.assert_array_equal(items[0]['bbox'], [[10, 20, 40, 60]])
    assert items[0]['bbox_score'] == np.float32(0.9) and items[0]['img_id'] == 10**10 + 1
    boxes[0]['image_id'] = 7
    (root / 'boxes.json').write_text(json.dumps(boxes))
    with pytest.raises(InputError, match=r'boxes.json: \[0\].image_id is 7: no image'):
        dataset(root, bbox_file=str(root / 'boxes.json'), test_mode=True)


def test_joints_are_found_by_name_and_boxes_by_joints(root):
    def shuffle(document):
        names = document['categories'][0]['keypoints']
        document['categories'][0]['keypoints'] = names[::-1]
        del document['annotations'][0]['bbox']

    file = edit(root, shuffle)
    person = load_images(file)[0].people[0]
    np.testing.assert_array_equal(person.keypoints[11], [55, 45])  # the file's sixth is now the left hip
    np.testing.assert_array_equal(person.bbox, [45, 30, 77, 78])


@pytest.mark.parametrize(
    'change, message',
    [
        (lambda d: d['images'][1].update(id=d['images'][0]['id']), r'images\[1\].id is .*another image'),
        (lambda d: d['annotations'][0].update(image_id=5), r'annotations\[0\].image_id is 5: no image'),
        (lambda d: d['annotations'][0].update(keypoints=[1, 2, 3]), r'annotations\[0\].keypoints .*51 are needed'),
        (lambda d: d['annotations'][0].update(bbox=[1, 2, 'x', 3]), r"bbox\[2\] is 'x': not a finite number"),
        (lambda d: d['categories'][0]['keypoints'].__setitem__(0, 'tail'), r"keypoints\[0\] is 'tail': not a joint"),
        (lambda d: d['images'][2].update(file_name='images/a/last.png'), r'images/a/last.png: .*named by its number'),
        (lambda d: d.pop('images'), 'images is missing'),
        (lambda d: d.update(annolist=[]), 'layout of PoseTrack17'),
    ],
)
def test_malformed_files_are_named_with_the_place(root, change, message):
    file = edit(root, change)
    with pytest.raises(InputError, match=message):
        load_images(file)


def test_nobody_annotated(root):
    for sequence in ('000001_bonn', '000002_mpii'):
        edit(root, lambda document: document.update(annotations=[]), sequence)
    with pytest.raises(InputError, match='nobody is annotated'):
        dataset(root)


def test_real_annotations(shared):
    images = load_images(shared('data', 'posetrack_bonn', 'train'))
    people = [person for image in images for person in image.people]
    assert len(images) == 1526 and len(people) == 6383  # 11 more have no visible joint
    for person in people:
        seen = person.keypoints[person.visible > 0]
        assert np.isfinite(seen).all()
        assert (person.bbox[2:] > person.bbox[:2]).all()
