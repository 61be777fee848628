import pytest
import torch

from pipeline.networks.refiners.sequence_refiner import SequenceRefiner, load_refiner, save_refiner
from tools.research import average_weights

SIZES = dict(num_keypoints=17, dims=2, window=11, interval=5, embed_dims=8, num_levels=2)


def write(path, seed, **changes):
    torch.manual_seed(seed)
    config = dict(type='SequenceRefiner', backbone=dict(type='HANet', **{**SIZES, **changes}))
    save_refiner(path, SequenceRefiner(backbone=config['backbone']), config)
    return str(path)


def test_every_weight_is_the_mean(tmp_path):
    files = [write(tmp_path / f'{seed}.pth', seed) for seed in (1, 2, 3)]
    out = tmp_path / 'mean.pth'
    assert average_weights.main([*files, '--out', str(out), '--note', 'data=none']) == 0
    parts, mean = [load_refiner(file).state_dict() for file in files], load_refiner(out)
    for name, value in mean.state_dict().items():
        torch.testing.assert_close(value, torch.stack([part[name] for part in parts]).mean(0))
    assert mean.meta == {'mean of': files, 'data': 'none'}
    assert average_weights.main([*files, '--out', str(out)]) == 2  # the file is there


@pytest.mark.parametrize('changes, message', [(dict(embed_dims=16), 'another config'), (None, 'two files')])
def test_user_errors(tmp_path, capsys, changes, message):
    files = [write(tmp_path / '1.pth', 1)] + ([write(tmp_path / '2.pth', 2, **changes)] if changes else [])
    assert average_weights.main([*files, '--out', str(tmp_path / 'mean.pth')]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count('\n') == 1
    assert not (tmp_path / 'mean.pth').exists()
