"""Small versions of this project's PoseTrack configs, for tests on a CPU."""

import pytest
from mmengine.config import Config

import pipeline.training.losses  # noqa: F401, registers what configs of refiners name

STRIDE = 4  # px of the input per px of a heatmap


@pytest.fixture(scope='session')
def small_config(repository):
    """``small_config(name, size, changes)``: a config with an input of ``size`` (width, height) px."""

    def make(name: str, size: tuple, changes: dict) -> Config:
        config = Config.fromfile(repository / 'configs' / name)
        config.merge_from_dict(changes)
        for part in (config.model, config.train_dataloader, config.val_dataloader, config.test_dataloader):
            _set(part, dict(input_size=size, heatmap_size=tuple(side // STRIDE for side in size), sigma=1))
        return config

    return make


def small_hrnet(width: int) -> dict:
    """Changes to an HRNet's ``extra``: one module of one block per stage and branch."""
    widths = [width * 2**i for i in range(4)]
    stages = {f'stage{i}': dict(num_modules=1, num_blocks=(1,) * i, num_channels=widths[:i]) for i in (2, 3, 4)}
    return dict(stages, stage1=dict(num_blocks=(1,)))


@pytest.fixture(scope='session')
def small_networks() -> dict:
    """Per model: its config, a small input size, and the changes that make its network small."""
    return {
        'dcpose': (
            'dcpose/dcpose_hrnet-w48_20e_posetrack17-384x288.py',
            (64, 96),
            {'model.backbone.extra': small_hrnet(8), 'model.head.in_channels': 8, 'model.head.feature_channels': 32},
        ),
        'dsta': (
            'dsta/dsta_res50_20e_posetrack17-256x192.py',
            (96, 128),
            {
                'model.backbone.depth': 18,
                'model.backbone.base_channels': 16,
                'model.backbone.init_cfg': None,
                'model.neck.in_channels': 128,
            },
        ),
    }


def _set(node, values: dict) -> None:
    """Set keys wherever they occur in a tree of dictionaries and lists."""
    if isinstance(node, dict):
        node.update({key: value for key, value in values.items() if key in node})
        node = list(node.values())
    for child in node if isinstance(node, list) else ():
        _set(child, values)
