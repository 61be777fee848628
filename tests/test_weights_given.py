"""A chain whose networks have no weights says so before it writes a file of nonsense."""

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from pipeline.errors import InputError
from pipeline.pipeline import VideoPipeline
from pipeline.registry import DETECTORS

SMALL = """
model = dict(
    type='TopdownPoseEstimator', data_preprocessor=dict(type='PoseDataPreprocessor'), test_cfg=dict(flip_test=False),
    backbone=dict(type='ResNet', depth=18, base_channels=8, stem_channels=8),
    head=dict(type='HeatmapHead', in_channels=64, out_channels=17, deconv_out_channels=(8,), deconv_kernel_sizes=(4,),
              loss=dict(type='KeypointMSELoss'),
              decoder=dict(type='MSRAHeatmap', input_size=(64, 64), heatmap_size=(4, 4), sigma=2)))
test_dataloader = dict(dataset=dict(type='CocoDataset', metainfo=dict(from_file='configs/_base_/datasets/coco.py'),
    pipeline=[dict(type='LoadImage'), dict(type='GetBBoxCenterScale'),
              dict(type='TopdownAffine', input_size=(64, 64)), dict(type='PackPoseInputs')]))
"""


class Nobody:
    def detect(self, frames):
        raise AssertionError('not asked in this test')


@pytest.fixture
def chain(tmp_path):
    (tmp_path / 'small.py').write_text(SMALL)
    DETECTORS.register_module(name='nobody', module=lambda device, speed: Nobody(), force=True)
    estimator = dict(config=str(tmp_path / 'small.py'))
    yield dict(detector=dict(type='nobody'), estimator=estimator, refiner='none')
    DETECTORS.module_dict.pop('nobody')


def test_random_weights_are_refused_unless_asked_for(chain):
    with pytest.raises(InputError, match=r'estimator .*small.py: no checkpoint.* --random-weights'):
        VideoPipeline.from_config(chain, 'cpu')
    assert VideoPipeline.from_config(dict(chain, random_weights=True), 'cpu').options['random_weights']


def test_the_command_says_it_in_one_line(chain, tmp_path, capsys):
    from pipeline.cli import demo

    config = chain['estimator']['config']
    (tmp_path / 'own.py').write_text(Config(chain).pretty_text)
    (tmp_path / 'frames').mkdir()
    cv2.imwrite(str(tmp_path / 'frames' / '0.png'), np.zeros((64, 64, 3), np.uint8))
    arguments = [str(tmp_path / 'frames'), '--preset', str(tmp_path / 'own.py'), '--estimator', config]
    assert demo.main([*arguments, '--device', 'cpu', '--out-dir', str(tmp_path / 'out')]) == 2
    assert '--random-weights' in capsys.readouterr().err and not list(tmp_path.glob('out/*'))
