"""The converter on a checkpoint as the published training loop would write it."""

import importlib.util
import json
import sys

import numpy as np
import pytest
import torch

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


def test_a_refiner_becomes_the_beginning_of_another(convert, repository, tmp_path):
    from mmengine.config import Config

    from pipeline.backends.registered import build_registered

    default = repository / 'pipeline' / 'weights' / 'hanet_coco17.pth'
    assert convert('joints', default, tmp_path / 'begin.pth', '--to', 'posetrack15') == (0, '')
    config = Config.fromfile(repository / 'configs' / 'hanet' / 'hanet_universal_posetrack15.py')
    weights = torch.load(tmp_path / 'begin.pth', weights_only=True)['state_dict']
    build_registered(config.model.to_dict()).load_state_dict(weights)  # every weight, in its shape
    code, message = convert('joints', tmp_path / 'begin.pth', tmp_path / 'no.pth', '--to', 'posetrack15')
    assert code == 2 and 'begin.pth: not a file of this project' in message
