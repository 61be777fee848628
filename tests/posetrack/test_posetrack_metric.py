"""The MMPose metric gives what the scoring gives."""

from types import SimpleNamespace

import numpy as np
import pytest
from mmpose.registry import METRICS

from pipeline.errors import InputError
from pipeline.posetrack import (
    JOINTS,
    JOINTS18,
    PoseFrame,
    PosePerson,
    PoseSequence,
    load_sequence,
    pair_frames,
    save_sequence,
    score_sequences,
)
from pipeline.posetrack.frames.dataset import PoseTrackFrames
from pipeline.posetrack.metric import PoseTrackMetric

META = dict(dataset_name='posetrack18', keypoint_id2name=dict(enumerate(JOINTS18)))


@pytest.fixture
def truth(tmp_path):
    """Two sequences of three frames with two people each, written as PoseTrack18 files."""
    rng = np.random.default_rng(0)
    (tmp_path / 'val').mkdir()
    for name in ('000001_mpii_test', '000002_mpii_test'):
        frames = []
        for index in range(3):
            people = [
                PosePerson(
                    points=rng.uniform(0, 500, (15, 2)),
                    visible=np.ones(15, bool),
                    track_id=i,
                    head_box=np.array([0.0, 0, 30, 40]),
                )
                for i in range(2)
            ]
            frames.append(PoseFrame.from_people(f'images/val/{name}/{index:06d}.jpg', people))
        save_sequence(PoseSequence(name, frames), tmp_path / 'val' / f'{name}.json', 18)
    return tmp_path / 'val'


def samples(folder, rng):
    """What an estimator might give for one item per person: near the truth, one in four off."""
    order = [JOINTS.index(name) if name in JOINTS else 0 for name in JOINTS18]
    result = []
    for path in sorted(folder.glob('*.json')):
        for frame in load_sequence(path).frames:
            for points in frame.points:
                noise = rng.normal(0, 5, (15, 2)) + 100 * (rng.random((15, 1)) < 0.25)
                result.append(
                    dict(
                        id=len(result),
                        img_path=f'/data/{frame.image}',
                        pred_instances=dict(
                            keypoints=(points + noise)[order][None], keypoint_scores=rng.random((1, 17))
                        ),
                        gt_instances=dict(bbox_scores=rng.random(1)),
                    )
                )
    return result


def evaluate(folder, data, **options):
    metric = METRICS.build(dict(type='PoseTrackMetric', ann_file=str(folder), **options))
    metric.dataset_meta = META
    for sample in data:
        metric.process(None, [sample])
    return metric.evaluate(len(data))


def test_equals_the_scores_of_the_files_it_writes(truth, tmp_path):
    data = samples(truth, np.random.default_rng(1))
    values = evaluate(truth, data + data[:3], out_dir=str(tmp_path / 'out'))  # repeated items do not count
    pairs = [
        pair_frames(load_sequence(path), load_sequence(tmp_path / 'out' / path.name))
        for path in sorted(truth.glob('*.json'))
    ]
    scores = score_sequences(pairs)
    assert scores['people'] == {'annotated': 12, 'predicted': 12}
    assert 50 < scores['AP']['Mean'] < 90
    assert values['posetrack/AP'] == pytest.approx(scores['AP']['Mean'], abs=1e-9)
    assert values['posetrack/Wri AP'] == pytest.approx(scores['AP']['Wri'], abs=1e-9)
    assert values['posetrack/recall'] == pytest.approx(scores['recall']['Mean'], abs=1e-9)


def test_box_scores_decide_the_order(truth):
    # the wrong poses have sure joints in doubtful boxes
    data = samples(truth, np.random.default_rng(1))
    for i, sample in enumerate(data):
        if i % 2:
            sample['pred_instances']['keypoints'] += 300
        sample['pred_instances']['keypoint_scores'] = np.full((1, 17), 0.9 if i % 2 else 0.5) + i / 1000
        sample['gt_instances']['bbox_scores'] = np.array([0.1 if i % 2 else 0.9])
    with_boxes, without = (
        evaluate(truth, data, score_mode=mode)['posetrack/AP'] for mode in ('bbox_keypoint', 'keypoint')
    )
    assert with_boxes > without + 5


def test_bad_use_is_named(truth):
    data = samples(truth, np.random.default_rng(1))
    data[0]['img_path'] = '/data/images/val/elsewhere/000000.jpg'
    with pytest.raises(InputError, match='elsewhere/000000.jpg'):
        evaluate(truth, data)
    with pytest.raises(InputError, match="score_mode 'best'"):
        PoseTrackMetric(str(truth), score_mode='best')
    metric = PoseTrackMetric(str(truth))
    metric.dataset_meta = dict(dataset_name='coco', keypoint_id2name={0: 'nose'})
    with pytest.raises(InputError, match="'coco' has no joint 'right_ankle'"):
        metric.compute_metrics([])


def test_the_table_names_its_boxes(truth, monkeypatch):
    lines = []
    monkeypatch.setattr('mmengine.logging.MMLogger.get_current_instance', lambda: SimpleNamespace(info=lines.append))
    metric = PoseTrackMetric(str(truth))
    metric.dataset_meta = PoseTrackFrames(ann_file=str(truth), test_mode=True).metainfo
    metric.compute_metrics([])
    assert 'PoseTrack, boxes annotated, in percent' in lines[0]
    metric.dataset_meta = PoseTrackFrames(
        ann_file=str(truth), bbox_file='x.json', test_mode=True, lazy_init=True
    ).metainfo
    metric.compute_metrics([])
    assert 'PoseTrack, boxes detected, in percent' in lines[1]
