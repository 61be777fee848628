"""Keypoint evaluation as xtcocotools does it, against hand-computed answers."""

import math

import numpy as np
import pytest
from xtcocotools.coco import COCO
from xtcocotools.cocoeval import COCOeval

SIDE = 100.0  # of every box
SIGMA = 0.1


def person(number, image=1, x=0.0, **joints):
    joints = joints or dict(keypoints=[x + 20.0, 20, 2, x + 80, 80, 2])
    return dict(
        id=number, image_id=image, category_id=1, bbox=[x, 0, SIDE, SIDE], area=SIDE**2, num_keypoints=2, **joints
    )


def shift_for(oks, area=SIDE**2):
    """How far all joints must be off for this OKS: OKS = exp(-d² / (2 area (2 sigma)²))."""
    return math.sqrt(-2 * math.log(oks) * area) * 2 * SIGMA


def result(truth, oks=1.0, area=SIDE**2, score=0.9, **scores):
    parts = {
        name: np.array(value).reshape(-1, 3) + [shift_for(oks, area), 0, 0]
        for name, value in truth.items()
        if name.endswith(('keypoints', 'kpts')) and isinstance(value, list)
    }
    return dict(
        image_id=truth['image_id'],
        category_id=1,
        score=score,
        **scores,
        **{name: value.ravel().tolist() for name, value in parts.items()},
    )


def stats(truths, results, kind='keypoints', sigmas=(SIGMA, SIGMA), use_area=True, images=None, **options):
    index = COCO()
    index.dataset = dict(
        images=images or [dict(id=i) for i in sorted({t['image_id'] for t in truths})],
        categories=[dict(id=1, name='person')],
        annotations=truths,
    )
    index.createIndex()
    evaluation = COCOeval(index, index.loadRes(results), kind, sigmas, use_area, **options)
    evaluation.params.useSegm = None
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return evaluation.stats


@pytest.mark.parametrize('oks, ap', [(1.0, 1.0), (0.72, 0.5), (0.51, 0.1), (0.49, 0.0)])
def test_ap_is_the_share_of_thresholds_that_the_oks_reaches(oks, ap):
    truth = person(1)
    found = stats([truth], [result(truth, oks)])
    assert found.shape == (10,) and found[0] == pytest.approx(ap)
    assert found[1] == pytest.approx(float(oks >= 0.5)) and found[5] == pytest.approx(ap)


def test_joint_sets_of_any_size_take_their_own_sigmas():
    truth = person(1, keypoints=[20.0, 20, 2, 50, 50, 2, 80, 80, 2])
    moved = result(truth)
    moved['keypoints'][0] += shift_for(0.2)  # one joint of three: OKS (0.2 + 1 + 1) / 3 = 0.733
    assert stats([truth], [moved], sigmas=[SIGMA] * 3)[0] == pytest.approx(0.5)
    # with twice the sigma, its share is 0.2^(1/4) = 0.669: OKS 0.89
    assert stats([truth], [moved], sigmas=[2 * SIGMA, SIGMA, SIGMA])[0] == pytest.approx(0.8)


def test_without_area_half_the_box_stands_for_it():
    truth = person(1)
    del truth['area']
    assert stats([truth], [result(truth, 0.72, area=0.53 * SIDE**2)], use_area=False)[0] == pytest.approx(0.5)


def test_annotation_number_0_counts():
    truth = person(0)
    assert stats([truth], [result(truth)])[0] == pytest.approx(1.0)


def test_results_without_a_joint_are_no_results():
    first, second = person(1), person(2, image=2)
    blind = result(second, score=0.99)
    blind['keypoints'][2::3] = [0, 0]
    assert stats([first, second], [result(first), blind])[0] == pytest.approx(51 / 101)  # one of two found, no error


def test_person_without_a_visible_joint_is_ignored():
    first, second = person(1), person(2, image=2, keypoints=[0.0, 0, 0, 0, 0, 0])
    assert stats([first, second], [result(first)])[0] == pytest.approx(1.0)


@pytest.mark.parametrize('part', ['foot', 'face', 'lefthand', 'righthand'])
def test_parts_of_the_whole_body_have_their_own_joints_and_scores(part):
    first, second = (
        person(i, image=i, keypoints=[20.0, 20, 2], **{f'{part}_kpts': [30.0, 30, 1, 60, 60, 1]}) for i in (1, 2)
    )
    wrong = dict(result(second, 1e-9, score=0.99), **{f'{part}_score': 0.1})
    right = dict(result(first, score=0.2), **{f'{part}_score': 0.9})
    # by the part's score the right one comes first: precision 1 up to recall 1/2
    assert stats([first, second], [wrong, right], f'keypoints_{part}')[0] == pytest.approx(51 / 101)


def test_whole_body_joins_its_parts():
    names = ('keypoints', 'foot_kpts', 'face_kpts', 'lefthand_kpts', 'righthand_kpts')
    truth = person(1, **{name: [float(10 * i), 10, 2] for i, name in enumerate(names)})
    moved = result(truth, wholebody_score=0.9)
    moved['face_kpts'][0] += shift_for(0.1)  # OKS (4 + 0.1) / 5 = 0.82
    assert stats([truth], [moved], 'keypoints_wholebody', [SIGMA] * 5)[0] == pytest.approx(0.7)
    assert stats([truth], [moved], 'keypoints_body', [SIGMA])[0] == pytest.approx(1.0)


def test_crowding_has_three_grades():
    truths = [person(i, image=i) for i in (1, 2, 3)]
    images = [dict(id=i, crowdIndex=crowding) for i, crowding in ((1, 0.1), (2, 0.2), (3, 0.9))]
    results = [result(truths[0]), result(truths[1], 0.72), result(truths[2], 0.4)]
    found = stats(truths, results, 'keypoints_crowd', images=images)
    assert found.shape == (9,) and found[6:].tolist() == pytest.approx([1.0, 0.5, 0.0])
    only_easy = stats(truths[:1], results[:1], 'keypoints_crowd', images=images[:1])
    assert only_easy[6:].tolist() == [1.0, -1.0, -1.0]


def test_nothing_found_is_a_result():
    assert stats([person(1)], [])[0] == 0.0


def test_unknown_evaluation_is_refused():
    with pytest.raises(NotImplementedError, match='keypoints_tail.*keypoints_crowd'):
        COCOeval(iouType='keypoints_tail')


def test_mmpose_metric_runs_on_it():
    """MMPose's CocoMetric on a joint set that is not COCO's."""
    from mmpose.datasets.datasets.utils import parse_pose_metainfo
    from mmpose.evaluation.metrics import CocoMetric

    metric = CocoMetric(use_area=False, iou_type='keypoints_crowd', nms_mode='none', score_mode='keypoint')
    metric.dataset_meta = dict(
        parse_pose_metainfo(dict(from_file='configs/_base_/datasets/crowdpose.py')), CLASSES=[dict(id=1, name='person')]
    )
    generator = np.random.default_rng(0)
    samples = []
    for i in range(3):
        joints = generator.uniform(10, 90, (1, 14, 2))
        annotation = dict(
            id=i,
            image_id=i,
            category_id=1,
            bbox=[0, 0, 100, 100],
            iscrowd=0,
            num_keypoints=14,
            keypoints=np.concatenate([joints[0], np.full((14, 1), 2)], 1).ravel().tolist(),
        )
        samples.append(
            dict(
                id=i,
                img_id=i,
                ori_shape=(100, 100),
                crowd_index=(0.1, 0.5, 0.9)[i],
                category_id=1,
                raw_ann_info=annotation,
                gt_instances=dict(bbox_scores=np.ones(1)),
                pred_instances=dict(keypoints=joints, keypoint_scores=np.ones((1, 14))),
            )
        )
    metric.process([], samples)
    found = metric.evaluate(size=3)
    assert found['coco/AP'] == pytest.approx(1.0) and found['coco/AP(H)'] == pytest.approx(1.0)
