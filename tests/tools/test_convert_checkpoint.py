"""The converter on a checkpoint as the published training loop would write it."""

import argparse
import datetime
import importlib.util
import json
import os
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.backends.checkpoint import read_checkpoint
from pipeline.errors import InputError
from pipeline.networks import HANet


@pytest.fixture
def published(fixtures, tmp_path):
    """Path of a checkpoint with the fixture's weights, and the fixture's arrays."""
    with np.load(fixtures('hanet', 'hanet_jhmdb_C8_post.npz'), allow_pickle=False) as data:
        arrays = {name: data[name] for name in data.files}
    weights = {f'module.{name[2:]}': torch.from_numpy(value) for name, value in arrays.items() if name.startswith('w:')}
    path = tmp_path / 'checkpoint_best.pth.tar'
    torch.save({'epoch': 70, 'state_dict': weights, 'performance': np.float64(0.9), 'optimizer': {}}, path)
    return path, arrays


@pytest.fixture
def convert(repository, monkeypatch, capsys):
    """``convert(*arguments)``: exit code and what was printed to stderr."""
    path = repository / 'tools' / 'convert_checkpoint.py'
    spec = importlib.util.spec_from_file_location('convert_checkpoint', path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    def run(*arguments):
        monkeypatch.setattr(sys, 'argv', [str(path), *map(str, arguments)])
        return tool.main(), capsys.readouterr().err

    return run


@pytest.mark.parametrize('options, final', [((), 'final_addone'), (('--cross-mask', 'masked'), 'final')])
def test_hanet_gives_the_published_numbers(published, convert, tmp_path, options, final):
    path, arrays = published
    out = tmp_path / 'hanet.pth'
    assert convert('hanet', path, out, '--window', 11, '--interval', 5, *options) == (0, '')
    with torch.no_grad():
        output = HANet.from_checkpoint(out)(torch.from_numpy(arrays['input']))
    np.testing.assert_allclose(output.final, arrays[final], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(output.refined, arrays['refined'], rtol=1e-5, atol=1e-5)


def test_published_weights_run_in_demo_test_and_training(published, convert, repository, fixtures, tmp_path, capsys):
    """With the published normalisation: pixels over the size of the picture."""
    from pipeline.networks.refiners.sequence_refiner import load_refiner
    from pipeline.refine.build import build_refiner
    from pipeline.skeletons import load_skeleton
    from pipeline.types import Frame, FrameResult, People
    from tools import test as test_tool
    from tools import train

    path, arrays = published
    base = repository / 'configs' / 'hanet' / 'hanet_jhmdb-2d_simplebaseline.py'
    config, out = tmp_path / 'small.py', tmp_path / 'refiner.pth'
    config.write_text(f'_base_ = [{str(base)!r}]\nmodel = dict(backbone=dict(embed_dims=8))\n')
    assert convert('hanet', path, out, '--config', config) == (0, '')
    size = torch.tensor([[320.0, 240.0]])
    inputs = torch.from_numpy(arrays['input']).reshape(-1, 11, 15, 2)
    refined = load_refiner(out).refine(inputs * size, image_size=size.expand(len(inputs), 2))
    np.testing.assert_allclose(
        (refined / size).flatten(2), arrays['final_addone'].reshape(len(inputs), 11, 30), rtol=1e-4, atol=1e-4
    )

    folder = fixtures('hanet_metrics', 'jhmdb_synth')
    data = [f'test_dataloader.dataset.root={folder}', 'test_dataloader.dataset.allow_pickle=True']
    work = ['--work-dir', str(tmp_path / 'work')]
    assert (
        test_tool.main([str(config), str(out), *work, '--out', str(tmp_path / 'm.json'), '--cfg-options', *data]) == 0
    )
    assert json.loads((tmp_path / 'm.json').read_text())['output/pck@0.2'] is not None

    data = [entry.replace('test', 'train', 1) for entry in data] + ['train_dataloader.num_workers=0']
    still = ['optim_wrapper.optimizer.lr=0', 'train_cfg.max_epochs=1', 'train_dataloader.persistent_workers=False']
    assert train.main([str(config), *work, '--cfg-options', f'load_from={out}', *data, *still]) == 0
    begun = load_refiner(tmp_path / 'work' / 'refiner.pth').state_dict()
    torch.testing.assert_close(begun, load_refiner(out).state_dict(), rtol=1e-5, atol=1e-6)

    coco, rng = load_skeleton('coco'), np.random.default_rng(0)
    with pytest.raises(InputError, match=r'partial=True\) refines the 12 that both have'):
        build_refiner(str(out), coco, 'cpu')
    refiner = build_refiner(dict(type='network', checkpoint=str(out), partial=True, polish=0, sides=False), coco, 'cpu')
    poses = rng.uniform(50, 200, (11, 1, 17, 2)).astype(np.float32)
    results = [
        FrameResult(
            Frame(i, i / 25, np.zeros((240, 320, 3), np.uint8)),
            People(
                np.float32([[0, 0, 9, 9]]), np.ones(1, np.float32), pose, np.ones((1, 17), np.float32), np.array([1])
            ),
        )
        for i, pose in enumerate(poses)
    ]
    moved = np.stack([result.people.keypoints[0] for result in refiner.stream(iter(results))])
    name, loaded = coco.names.index, load_refiner(out)
    hips, shoulders = ([name(f'{side}_{part}') for side in ('left', 'right')] for part in ('hip', 'shoulder'))
    middles = {'belly': hips + shoulders, 'neck': shoulders, 'face': [name('nose')]}
    parts = [middles.get(joint) or [name(joint)] for joint in loaded.keypoint_names]
    window = torch.from_numpy(np.stack([poses[:, 0, part].mean(1) for part in parts], axis=1))[None]
    expected = loaded.refine(window, fps=torch.tensor([25.0]), image_size=size)[0]
    for joint in ('left_wrist', 'right_ankle'):
        at = loaded.keypoint_names.index(joint)
        np.testing.assert_allclose(moved[:, name(joint)], expected[:, at], rtol=1e-3, atol=1e-2)
    np.testing.assert_array_equal(moved[:, name('left_ear')], poses[:, 0, name('left_ear')])


def test_errors_are_one_line_and_leave_nothing_behind(published, convert, tmp_path):
    path, _ = published
    out = tmp_path / 'out' / 'hanet.pth'
    text = tmp_path / 'text.pth'
    text.write_text('no checkpoint')
    other = tmp_path / 'other.pth'
    torch.save({'state_dict': {'conv1.weight': torch.zeros(3)}}, other)
    empty = tmp_path / 'empty.pth'
    torch.save({'epoch': 3}, empty)
    for source, window, interval, message in (
        (path, 12, 5, 'window 12 and interval 5'),
        (tmp_path / 'absent', 11, 5, 'No such file'),
        (text, 11, 5, 'not a checkpoint'),
        (other, 11, 5, 'not the weights of a HANet'),
        (empty, 11, 5, 'holds no weights'),
    ):
        code, printed = convert('hanet', source, out, '--window', window, '--interval', interval)
        assert code == 2 and printed.startswith('error: ') and printed.count('\n') == 1
        assert message in printed
    assert list(out.parent.iterdir()) == []


def test_an_existing_output_is_replaced_only_with_force(published, convert, tmp_path):
    path, _ = published
    out = tmp_path / 'hanet.pth'
    out.write_text('precious')
    code, printed = convert('hanet', path, out, '--window', 11, '--interval', 5)
    assert code == 2 and '--force' in printed and out.read_text() == 'precious'
    assert convert('hanet', path, out, '--window', 11, '--interval', 5, '--force') == (0, '')
    assert HANet.from_checkpoint(out).window == 11


def test_sizes_follow_from_names_and_shapes(fixtures, convert, tmp_path):
    keys = json.loads(fixtures('hanet', 'hanet_keys_h36m_C32_pre.json').read_text())
    path, out = tmp_path / 'in.pth.tar', tmp_path / 'out.pth'
    torch.save({'state_dict': {key: torch.zeros(shape) for key, shape in keys}}, path)
    assert convert('hanet', path, out, '--window', 101, '--interval', 5) == (0, '')
    config = torch.load(out, weights_only=True)['config']
    assert config == dict(
        type='HANet',
        num_keypoints=17,
        dims=3,
        window=101,
        interval=5,
        embed_dims=32,
        num_levels=5,
        num_decoder_layers=5,
        num_heads=4,
        ffn_ratio=4.0,
        pre_norm=True,
        cross_mask='plus-one',
    )


class ConfigDict(dict):
    """As of MMCV and MMEngine."""


class Runs:
    """What a malicious file holds."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return subprocess.call, (self.command,)


@pytest.mark.parametrize('zipped', [True, False])
def test_the_weights_are_taken_out_of_what_training_left_behind(convert, tmp_path, zipped):
    weights = {'backbone.conv.weight': torch.randn(4, 3, 1, 1), 'head.bias': torch.zeros(2)}
    averages = {'ema_' + name.replace('.', '_'): torch.ones_like(value) for name, value in weights.items()}
    mark = tmp_path / 'pwned'
    meta = dict(
        CLASSES=('person', 'bicycle'),
        epoch=12,
        args=argparse.Namespace(work_dir=Path('a/b')),
        path=Path('work_dirs/x'),
        time=datetime.datetime(2021, 5, 1, tzinfo=datetime.timezone.utc),
        cfg=ConfigDict(model=ConfigDict(type='YOLOX')),
        hook=Runs(['touch', str(mark)]),
    )
    path, out = tmp_path / 'in.pth', tmp_path / 'out.pth'
    content = {'state_dict': OrderedDict({**weights, **averages}), 'meta': meta, 'optimizer': Path('/')}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(InputError, match='convert_checkpoint.py openmmlab'):
        read_checkpoint(path)
    assert convert('openmmlab', path, out) == (0, '')
    found = read_checkpoint(out)
    assert found['meta'] == dict(CLASSES=('person', 'bicycle'), epoch=12, converted_from='in.pth')
    assert set(found['state_dict']) == set(weights)
    assert all(torch.equal(found['state_dict'][name], value) for name, value in weights.items())
    assert not mark.exists()


def test_a_file_that_names_the_operating_system_stays_refused(convert, tmp_path):
    class System:
        def __reduce__(self):
            return os.system, (f'touch {tmp_path / "pwned"}',)

    path, out = tmp_path / 'in.pth', tmp_path / 'out.pth'
    torch.save({'state_dict': {'a': torch.zeros(1)}, 'meta': System()}, path)
    code, message = convert('openmmlab', path, out)
    assert code == 2 and 'could run code' in message and message.count('\n') == 1
    assert not out.exists() and not (tmp_path / 'pwned').exists()


def test_notes_that_hold_themselves_are_left_behind(convert, tmp_path):
    ring = []
    ring.append(ring)
    path, out = tmp_path / 'in.pth', tmp_path / 'out.pth'
    torch.save({'state_dict': {'a': torch.zeros(1)}, 'meta': {'ring': ring, 'epoch': 1}}, path)
    assert convert('openmmlab', path, out) == (0, '')
    assert read_checkpoint(out)['meta'] == {'epoch': 1, 'converted_from': 'in.pth'}


@pytest.mark.parametrize('name, end', [('hanet', '_free'), ('hanet-academic', '')])
def test_a_refiner_becomes_the_beginning_of_another(convert, repository, tmp_path, name, end):
    from mmengine.config import Config

    from pipeline.backends.registered import build_registered

    default = repository / 'pipeline' / 'weights' / f'{name}_coco17.pth'
    assert convert('joints', default, tmp_path / 'begin.pth', '--to', 'posetrack15') == (0, '')
    config = Config.fromfile(repository / 'configs' / 'hanet' / f'hanet_universal_posetrack15{end}.py')
    weights = torch.load(tmp_path / 'begin.pth', weights_only=True)['state_dict']
    build_registered(config.model.to_dict()).load_state_dict(weights)  # every weight, in its shape
    code, message = convert('joints', tmp_path / 'begin.pth', tmp_path / 'no.pth', '--to', 'posetrack15')
    assert code == 2 and 'begin.pth: not a file of this project' in message
