"""The whole path of an estimator of several frames: files, training with the ordinary Runner, the video chain.

The data are real crops (a clip, labelled by an estimator); the networks are small, and learn them by heart.
"""

import json

import cv2
import numpy as np
import pytest

pytest.importorskip('mmpose')
from mmengine.config import Config  # noqa: E402

from pipeline.detection import PersonDetector  # noqa: E402
from pipeline.estimation import PoseEstimator  # noqa: E402
from pipeline.posetrack.frames.annotations import load_images  # noqa: E402
from pipeline.posetrack.sequence import JOINTS18  # noqa: E402
from pipeline.types import Detections, Frame  # noqa: E402
from tools import test as test_tool  # noqa: E402
from tools import train  # noqa: E402

LABELLED = (1, 2)  # frames of the clip; those around them are neighbours only, as in PoseTrack


@pytest.fixture(scope='module')
def clip(shared):
    """Four frames of two people who walk, 0.4 s apart, at a third of their size."""
    reader = cv2.VideoCapture(str(shared('video', 'two_people_1080p.mp4')))
    images = [reader.read()[1] for _ in range(37)][::12]
    images = [cv2.resize(image, None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA) for image in images]
    return [Frame(i, i * 0.4, np.ascontiguousarray(image[..., ::-1])) for i, image in enumerate(images)]


@pytest.fixture(scope='module')
def root(shared, clip, tmp_path_factory):
    """The clip as a PoseTrack folder, its middle labelled by a real estimator."""
    root = tmp_path_factory.mktemp('posetrack')
    weights = shared('weights')
    detector = PersonDetector.from_config(
        weights / 'rtmdet_nano_person.py', weights / 'rtmdet_nano_person.pth', score_thr=0.5
    )
    estimator = PoseEstimator.from_config(weights / 'ultralight_simplepose.py', weights / 'ultralight_simplepose.pth')
    people = estimator.estimate([[frame] for frame in clip], detector.detect(clip))
    images, annotations = [], []
    for frame, found in zip(clip, people):
        name = f'images/train/000001_mpii/{frame.index:06d}.jpg'
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / name), frame.image[..., ::-1])
        labelled = frame.index in LABELLED
        images.append(dict(id=frame.index, file_name=name, is_labeled=labelled))
        if not labelled:
            continue
        for (x1, y1, x2, y2), pose in zip(found.bboxes.tolist(), found.keypoints.tolist()):
            joints = dict(zip(estimator.skeleton.names, pose))
            joints['head_bottom'] = np.mean([joints['left_shoulder'], joints['right_shoulder']], axis=0)
            joints['head_top'] = 2 * np.array(joints['nose']) - joints['head_bottom']
            rows = [[*joints[name], 1] if not name.endswith('_ear') else [0, 0, 0] for name in JOINTS18]
            head = [x1, y1, 0.15 * (y2 - y1), 0.15 * (y2 - y1)]  # only its size counts
            annotations.append(
                dict(
                    image_id=frame.index,
                    id=len(annotations),
                    category_id=1,
                    bbox=[x1, y1, x2 - x1, y2 - y1],
                    bbox_head=head,
                    keypoints=np.ravel(rows).tolist(),
                )
            )
    (root / 'annotations').mkdir()
    (root / 'annotations' / 'train.json').write_text(json.dumps(dict(images=images, annotations=annotations)))
    return root


CHANGES = {  # for few steps: a high learning rate, no parts that need a pre-trained network
    # DCPose's own initialisation, N(0, 0.001), leaves batch norms whose statistics need hundreds of steps
    'dcpose': {
        'model.freeze_rough': False,
        'model.head.init_cfg': [],
        'model.head.dilations': (3, 6),
        'model.head.feature_channels': 16,
        'optim_wrapper.optimizer.lr': 5e-3,
    },
    'dsta': {'model.head.drop_path': 0.0, 'optim_wrapper.optimizer.lr': 1e-3},
}
STEPS = {'dcpose': 45, 'dsta': 70}


def training_config(config: Config, root, steps: int) -> Config:
    """Everybody in one batch, without augmentation, ``steps`` times; validated on itself in the end."""
    for loader in (config.train_dataloader, config.val_dataloader):
        loader.dataset.pipeline = [step for step in loader.dataset.pipeline if not step.type.startswith('Random')]
        loader.update(batch_size=8, num_workers=0, persistent_workers=False)
        loader.dataset.update(data_root=str(root), ann_file='annotations/train.json')
    config.update(
        load_from=None,
        train_cfg=dict(by_epoch=True, max_epochs=steps, val_interval=steps),
        log_processor=dict(window_size=1),
        param_scheduler=[
            dict(type='LinearLR', start_factor=0.04, end=6, by_epoch=False),
            dict(type='CosineAnnealingLR', begin=6, end=steps, by_epoch=False),
        ],
    )
    config.val_evaluator.ann_file = str(root / 'annotations' / 'train.json')
    config.update(test_dataloader=config.val_dataloader, test_evaluator=config.val_evaluator)
    config.default_hooks.checkpoint = dict(type='CheckpointHook', interval=steps)
    config.default_hooks.logger.interval = 1
    config.env_cfg = dict()  # it sets threads and start methods of the whole process
    return config


@pytest.mark.parametrize('model', STEPS)
def test_training_learns_real_crops_by_heart(model, small_config, small_networks, root, clip, tmp_path):
    name, size, changes = small_networks[model]
    config = training_config(small_config(name, size, {**changes, **CHANGES[model]}), root, STEPS[model])
    config.dump(tmp_path / 'small.py')
    assert train.main([str(tmp_path / 'small.py'), '--work-dir', str(tmp_path / 'work'), '--seed', '0']) == 0
    losses, precision = curve(tmp_path / 'work')
    assert len(losses) == STEPS[model]

    # the weights do in the chain what they did in training
    checkpoint = tmp_path / 'work' / f'epoch_{STEPS[model]}.pth'
    options = ['--work-dir', str(tmp_path / 'test'), '--out', str(tmp_path / 'scores.json')]
    options += ['--show-dir', str(tmp_path / 'shown')]
    assert test_tool.main([str(tmp_path / 'small.py'), str(checkpoint), *options]) == 0
    assert json.loads((tmp_path / 'scores.json').read_text())['posetrack/AP'] == pytest.approx(precision, abs=0.1)
    assert len(list((tmp_path / 'shown').iterdir())) == 4  # two people in two labelled frames
    estimator = PoseEstimator.from_config(tmp_path / 'small.py', checkpoint)
    images = load_images(root / 'annotations' / 'train.json')
    labelled = [images[index].people for index in LABELLED]
    windows = [clip[index - 1 : index + 2] for index in LABELLED]
    boxes = [Detections(np.stack([p.bbox for p in people]), np.ones(len(people), np.float32)) for people in labelled]
    errors = []
    for people, found in zip(labelled, estimator.estimate(windows, boxes)):
        for person, pose in zip(people, found.keypoints):
            height = person.bbox[3] - person.bbox[1]
            errors += (np.linalg.norm(pose - person.keypoints, axis=1)[person.visible > 0] / height).tolist()
    print(model, 'loss', np.round(losses[::10], 4), losses[-1], 'AP', precision, 'median error', np.median(errors))
    assert losses[-1] < losses[0] - 0.9 * abs(losses[0])
    assert np.median(errors) < 0.1  # of the person's height; 0.3 before the training
    assert precision > 25  # 0 before the training


def curve(work_dir):
    """Loss of every step, and the AP of the validation."""
    (log,) = work_dir.glob('*/vis_data/scalars.json')
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    return [row['loss'] for row in rows if 'loss' in row], rows[-1]['posetrack/AP']
