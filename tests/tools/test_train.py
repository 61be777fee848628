import json

import numpy as np
import pytest
from mmengine.config import Config

from pipeline.networks.refiners.sequence_refiner import load_refiner
from tools import test as test_tool
from tools import train


def test_train_resume_and_test(config, tmp_path):
    work = str(tmp_path / 'work')
    one_epoch = ['--cfg-options', 'train_cfg.max_epochs=1']
    assert train.main([str(config), '--work-dir', work, '--seed', '3', *one_epoch]) == 0
    assert load_refiner(tmp_path / 'work' / 'refiner.pth').meta['iteration'] == 3
    assert train.main([str(config), '--work-dir', work, '--seed', '3', '--resume']) == 0
    assert load_refiner(tmp_path / 'work' / 'refiner.pth').meta['iteration'] == 6
    out = tmp_path / 'metrics.json'
    assert (
        test_tool.main([str(config), str(tmp_path / 'work' / 'refiner.pth'), '--work-dir', work, '--out', str(out)])
        == 0
    )
    metrics = json.loads(out.read_text())
    # the input is off by a normal variable in x and y: its mean length is sqrt(pi / 2)
    assert metrics['input/mpjpe'] == pytest.approx(np.sqrt(np.pi / 2), rel=0.15)
    assert metrics['output/mpjpe'] < 1.5 * metrics['input/mpjpe']


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['missing.py'], 'no such config'),
        (['CONFIG', '--resume', 'none.pth'], 'no such checkpoint'),
    ],
)
def test_user_errors(config, capsys, arguments, message):
    assert train.main([str(config) if a == 'CONFIG' else a for a in arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize('tool', [train, test_tool])
def test_devices_that_are_not_here_are_named(config, tmp_path, capsys, tool):
    weights = [] if tool is train else [str(config)]  # any file: the device is looked at first
    arguments = [str(config), *weights, '--work-dir', str(tmp_path / 'work')]
    assert tool.main([*arguments, '--device', 'cuda:77']) == 2
    assert "device 'cuda:77': not on this machine; there is auto, cpu" in capsys.readouterr().err


def test_the_cpu_can_be_asked_for_where_there_is_a_gpu(config, tmp_path, monkeypatch, capsys):
    """MMEngine believes in a GPU here, so that whatever is left to it ends in torch's error."""
    monkeypatch.setattr('mmengine.device.utils.DEVICE', 'cuda')
    work = str(tmp_path / 'work')
    short = ['--device', 'cpu', '--cfg-options', 'train_cfg.max_epochs=1']
    assert train.main([str(config), '--work-dir', work, *short]) == 0
    monkeypatch.setattr('mmengine.device.utils.DEVICE', 'cuda')
    weights = str(tmp_path / 'work' / 'refiner.pth')
    assert test_tool.main([str(config), weights, '--work-dir', work, '--device', 'cpu']) == 0
    assert train.main([str(config), '--work-dir', work, '--amp', '--device', 'cpu']) == 2
    assert 'mixed precision needs a GPU' in capsys.readouterr().err


def test_options_change_the_config(config):
    options = train.parse_arguments([str(config), '--amp', '--ema', '--tensorboard', '--seed', '7'])
    changed = train.load_config(str(config), options)
    assert changed.optim_wrapper.type == 'AmpOptimWrapper'
    assert changed.custom_hooks[-1]['type'] == 'EMAHook'
    assert changed.visualizer.vis_backends[-1]['type'] == 'TensorboardVisBackend'
    assert changed.train_dataloader.dataset.seed == changed.randomness.seed == 7


def test_published_schedule(repository, fixtures):
    """Warm-up and cosine of configs/_base_/published_schedule.py, driven by a real optimizer."""
    import torch
    from mmengine.optim import CosineAnnealingLR, LinearLR

    expected = np.load(fixtures('hanet_metrics', 'lr_schedule_10iters_per_epoch.npy'))
    config = Config.fromfile(str(repository / 'configs' / '_base_' / 'published_schedule.py'))
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=config.optim_wrapper.optimizer.lr)
    kinds = {'LinearLR': LinearLR, 'CosineAnnealingLR': CosineAnnealingLR}
    schedulers = []
    for entry in config.param_scheduler:
        arguments = {k: v for k, v in entry.items() if k not in ('type', 'convert_to_iter_based')}
        build = kinds[entry.type].build_iter_from_epoch if entry.get('convert_to_iter_based') else kinds[entry.type]
        schedulers.append(build(optimizer, epoch_length=10, **arguments))
    rates = []
    for _ in range(len(expected)):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    assert np.asarray(rates) == pytest.approx(expected, rel=1e-6)


def test_there_is_nothing_to_show_of_a_refiner(config, tmp_path, capsys):
    (tmp_path / 'refiner.pth').touch()
    assert test_tool.main([str(config), str(tmp_path / 'refiner.pth'), '--show-dir', str(tmp_path / 'shown')]) == 2
    assert '--show-dir' in capsys.readouterr().err and not (tmp_path / 'shown').exists()
