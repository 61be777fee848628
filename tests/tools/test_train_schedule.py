"""How long a training is, at which learning rate it ends, and with how many ranks, by its log."""

import json
import os
import subprocess
import sys

import pytest
import torch

from pipeline.networks.refiners.sequence_refiner import load_refiner
from tools import train

SCHEDULE = """
iterations = 6
param_scheduler = [dict(type='LinearLR', start_factor=0.5, by_epoch=False, begin=0, end=2),
                   dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=2, end=iterations)]
default_hooks = dict(logger=dict(type='LoggerHook', interval=1), checkpoint=dict(type='CheckpointHook', interval=1))
log_processor = dict(window_size=1)
visualizer = dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend')])
"""


@pytest.fixture
def scheduled(config):
    config.write_text(config.read_text().replace('visualizer =', '_ =') + SCHEDULE)
    return config


def log(work):
    """What every iteration wrote."""
    (path,) = work.glob('*/vis_data/scalars.json')
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize('iterations, done', [(9, 9), (2, 2), (10, 12)])
def test_iterations_change_training_and_schedule(scheduled, tmp_path, iterations, done):
    arguments = [str(scheduled), '--work-dir', str(tmp_path / 'work'), '--cfg-options', f'iterations={iterations}']
    assert train.main(arguments) == 0
    assert load_refiner(tmp_path / 'work' / 'refiner.pth').meta['iteration'] == done
    rates = [entry['lr'] for entry in log(tmp_path / 'work')]
    assert len(rates) == done and max(rates) > 4e-4
    last_step = {9: 0.06, 2: 1.0, 12: 0.04}[done]  # the rate is lowered after the last iteration
    assert rates[-1] <= last_step * 1e-3


@pytest.mark.parametrize('value', ['0', 'many'])
def test_iterations_that_are_none(scheduled, capsys, value):
    assert train.main([str(scheduled), '--cfg-options', f'iterations={value}']) == 2
    assert f'iterations={value}' in capsys.readouterr().err.replace("'", '')


def test_an_entry_of_nearly_the_right_name_is_refused(scheduled, tmp_path, capsys):
    changes = ['--work-dir', str(tmp_path / 'work'), '--cfg-options', 'iteration=4']
    assert train.main([str(scheduled), *changes]) == 2
    assert '--cfg-options iteration: the config has no iteration; did you mean iterations?' in capsys.readouterr().err
    assert not (tmp_path / 'work').exists()


def test_an_entry_may_be_new(config):
    from pipeline.training.schedule import change

    loaded = train.Config.fromfile(config)
    change(loaded, {'val_dataloader.batch_size': 1, 'randomness.deterministic': True})
    assert loaded.val_dataloader.batch_size == 1


def test_a_schedule_longer_than_the_training_is_said(scheduled, tmp_path):
    short = ['--cfg-options', 'train_cfg.max_epochs=1']
    assert train.main([str(scheduled), '--work-dir', str(tmp_path / 'work'), *short]) == 0
    (text,) = (tmp_path / 'work').glob('*/*.log')
    assert 'ends at iteration 3, its schedule at 6' in text.read_text()


def test_two_processes_end_where_one_does(scheduled, repository, tmp_path):
    """Over gloo: the first loss is that of one process, each has batches of its own, and the schedule ends."""
    assert train.main([str(scheduled), '--work-dir', str(tmp_path / 'one'), '--seed', '3', '--threads', '1']) == 0
    two = [str(repository / 'tools' / 'train.py'), str(scheduled), '--work-dir', str(tmp_path / 'two'), '--seed', '3']
    subprocess.run(
        [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '2', *two]
        + ['--launcher', 'pytorch', '--threads', '1'],
        check=True,
        capture_output=True,
        timeout=300,
        env={**os.environ, 'OMP_NUM_THREADS': '1', 'CUDA_VISIBLE_DEVICES': '-1'},
    )
    one, both = log(tmp_path / 'one'), log(tmp_path / 'two')
    assert both[0]['loss'] == pytest.approx(one[0]['loss'], rel=1e-5)
    assert len(both) == len(one) == 6
    assert (one[0]['batch_size'], both[-1]['batch_size']) == (4, 8)
    assert [entry['lr'] for entry in both] == pytest.approx([entry['lr'] for entry in one])
    assert both[1]['loss'] != pytest.approx(one[1]['loss'], rel=1e-5)  # the second rank has said something new


def test_launcher_and_half_precision_need_what_they_need(scheduled, capsys, monkeypatch):
    monkeypatch.delenv('WORLD_SIZE', raising=False)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    assert train.main([str(scheduled), '--launcher', 'pytorch']) == 2
    assert 'WORLD_SIZE is not set; start the command with torchrun' in capsys.readouterr().err
    assert train.main([str(scheduled), '--amp']) == 2
    assert '--amp: mixed precision needs a GPU' in capsys.readouterr().err


def test_the_learning_rate_follows_the_batch(scheduled, monkeypatch):
    monkeypatch.setenv('WORLD_SIZE', '3')
    options = train.parse_arguments(
        [str(scheduled), '--auto-scale-lr', '--launcher', 'pytorch']
        + ['--cfg-options', 'train_dataloader.dataset.batch_size=8']
    )
    assert train.load_config(str(scheduled), options).optim_wrapper.optimizer.lr == pytest.approx(6e-3)


def test_the_average_forgets_the_start(scheduled, tmp_path):
    """After 60 iterations the exported average is near where the training is, not where it began."""
    work = tmp_path / 'work'
    options = ['--work-dir', str(work), '--seed', '1', '--ema', '--cfg-options', 'iterations=60']
    assert train.main([str(scheduled), *options, 'default_hooks.checkpoint.interval=1']) == 0
    average = load_refiner(work / 'refiner.pth').state_dict()

    def distance(epoch):
        """From the exported average to what was trained, which a Runner's checkpoint keeps as the average's."""
        trained = torch.load(work / f'epoch_{epoch}.pth', weights_only=False)['ema_state_dict']
        gaps = [(average[name] - trained[f'module.{name}']).square().sum() for name in average]
        return float(sum(gaps)) ** 0.5

    assert 0 < distance(20) < 0.2 * distance(1)
