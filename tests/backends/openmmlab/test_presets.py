"""The presets of published models: their configs build and fit the weights' joints, their weights are in the table."""

import numpy as np
import pytest
import torch

from pipeline.assets import asset
from pipeline.detection import PersonDetector
from pipeline.estimation import PoseEstimator
from pipeline.presets import load_preset
from pipeline.types import Detections, Frame

NAMES = ['hrnet-w32', 'hrnet-w48', 'simplebaseline-r50', 'rtmpose-m']
PEOPLE = Detections(np.array([[10, 5, 60, 110], [70, 20, 110, 100]], np.float32), np.array([0.9, 0.8], np.float32))


@pytest.fixture
def frame():
    return Frame(0, 0.0, np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8))


@pytest.mark.parametrize('name', NAMES)
def test_weights_are_in_the_table_of_assets(name):
    preset = load_preset(name)
    for link in ('detector', 'estimator'):
        entry = asset(preset[link]['checkpoint'].removeprefix('asset:'))
        assert entry.url.startswith('https://download.openmmlab.com/') and entry.url.endswith(entry.file)
        assert len(entry.sha256_prefix) == 8 and entry.sha256_prefix in entry.file


@pytest.mark.parametrize('name', NAMES)
def test_estimator_builds_and_runs_with_coco_joints(name, frame):
    options = dict(load_preset(name)['estimator'], checkpoint=None, speed=dict(trace=False))
    estimator = PoseEstimator.from_config(**options)
    posed = estimator.estimate([[frame]], [PEOPLE])[0]
    assert estimator.skeleton.name == 'coco' and posed.keypoints.shape == (2, 17, 2)
    assert np.isfinite(posed.keypoints).all() and (posed.keypoint_scores <= 1).all()
    # random weights point anywhere in the enlarged box, but not elsewhere
    assert (np.abs(posed.keypoints[0] - [35, 57.5]) < 1.25 * 105).all()


@pytest.mark.parametrize('config', sorted({load_preset(name)['detector']['config'] for name in NAMES}))
def test_detector_builds_and_runs(config, frame):
    torch.manual_seed(0)
    detector = PersonDetector.from_config(config, score_thr=0.0)
    assert detector.person == 0 and detector.takes_rgb
    found = detector.detect([frame])[0]
    assert 0 < len(found) <= 100


def test_nano_detector_is_the_published_network(shared):
    """Published weights of RTMDet-nano fit the config, name by name."""
    checkpoint = shared('weights', 'rtmdet_nano_person.pth')
    detector = PersonDetector.from_config('configs/detectors/rtmdet-nano-person_640.py', checkpoint, score_thr=0.3)
    import decord

    image = decord.VideoReader(str(shared('video', 'two_people_1080p.mp4')))[0].asnumpy()
    ours = detector.detect([Frame(0, 0.0, image)])[0]
    expected = PersonDetector.from_config(shared('weights', 'rtmdet_nano_person_640.py'), checkpoint, score_thr=0.3)
    theirs = expected.detect([Frame(0, 0.0, image)])[0]
    assert len(ours) == 2
    np.testing.assert_allclose(ours.bboxes, theirs.bboxes, atol=1e-2)


def test_speed_and_thresholds_can_be_written_in_a_preset(tmp_path):
    text = (
        'detector = dict(config="configs/detectors/rtmdet-nano-person_640.py", nms_iou=None, speed=dict(fuse=False))\n'
    )
    (tmp_path / 'own.py').write_text(text + 'estimator = dict(config="x.py")\n')
    options = load_preset(tmp_path / 'own.py')['detector']
    detector = PersonDetector.from_config(**options)
    assert detector.nms_iou is None
    assert any(isinstance(m, torch.nn.modules.batchnorm._BatchNorm) for m in detector.model.modules())
