import json

import numpy as np
import pytest
from mmengine.config import Config

from pipeline.backends.registered import build_registered
from pipeline.networks.refiners.sequence_refiner import load_refiner
from tools.research import ablate


@pytest.mark.parametrize('name', ablate.VARIANTS)
def test_every_row_is_a_network(name):
    import pipeline.networks.refiners.sequence_refiner  # noqa: F401, registers

    config = Config.fromfile(str(ablate.CONFIG))
    config.merge_from_dict(ablate.VARIANTS[name].changes)
    network = build_registered(config.model)
    assert len(network.backbone.levels) == {'4': 4, '6': 6}.get(ablate.VARIANTS[name].label[0], 5)
    if name == 'no_kinematics':
        assert network.backbone.encoder_embed.in_features == 32  # the sampled pose and nothing else
        assert network.backbone.motion.out_channels == 0
    if name in ('plain', 'hierarchical'):
        assert network.losses[0].mutual_weight == 0


def write_subjects(folder):
    rng = np.random.default_rng(0)
    camera = dict(R=np.eye(3).tolist(), centre_mm=[0, 0, -5000], f=[1000, 1000], c=[500, 500], k=[0, 0, 0], p=[0, 0])
    for subject in ('S1', 'S5', 'S6', 'S7', 'S8', 'S9', 'S11'):
        world = np.cumsum(rng.integers(-9, 9, (60, 17, 3)), axis=0) + 90 * np.arange(17)[:, None]
        from pipeline.training.sources.h36m import MPII_FROM_H36M

        pixels = 500 + 1000 * world[:, list(MPII_FROM_H36M), :2] / 50000 + rng.integers(-5, 6, (60, 16, 2))
        arrays = {'Walking/gt3d': world, 'Walking/sh2d/1': np.rint(pixels).astype(int)}
        np.savez(
            folder / f'{subject}.npz', **{k: np.diff(v, axis=0, prepend=0).astype(np.int16) for k, v in arrays.items()}
        )
    (folder / 'cameras.json').write_text(
        json.dumps({f'{s}/1': camera for s in ('S1', 'S5', 'S6', 'S7', 'S8', 'S9', 'S11')})
    )


def test_tables(tmp_path, capsys, monkeypatch):
    write_subjects(tmp_path)
    small = tmp_path / 'small.py'
    small.write_text(
        f'_base_ = [{str(ablate.CONFIG)!r}]\n'
        'model = dict(backbone=dict(embed_dims=8))\n'
        'train_dataloader = dict(dataset=dict(batch_size=2, num_batches=2, holdout=0))\n'
    )
    monkeypatch.setattr(ablate, 'CONFIG', small)
    arguments = [
        '--data',
        str(tmp_path),
        '--out',
        str(tmp_path / 'out'),
        '--only',
        'plain',
        'flow',
        '--every',
        '1',
        '--iterations',
        '100',
    ]
    assert ablate.main(arguments) == 0
    printed = capsys.readouterr().out
    assert 'Table 4' in printed and '+ flow' in printed
    rows = json.loads((tmp_path / 'out' / 'table.json').read_text())
    assert set(rows) == {'input', 'plain', 'flow'} and rows['input']['error'] > 1
    before = (tmp_path / 'out' / 'plain_seed1' / 'refiner.pth').stat().st_mtime_ns
    assert load_refiner(tmp_path / 'out' / 'plain_seed1' / 'refiner.pth').meta['seed'] == 1
    assert ablate.main(arguments) == 0
    assert (tmp_path / 'out' / 'plain_seed1' / 'refiner.pth').stat().st_mtime_ns == before  # not trained again


@pytest.mark.parametrize(
    'arguments, message', [(['--only', 'nothing'], '--only nothing'), (['--iterations', '150'], 'hundreds')]
)
def test_user_errors(tmp_path, capsys, arguments, message):
    write_subjects(tmp_path)
    assert ablate.main(['--data', str(tmp_path), '--out', str(tmp_path / 'out'), *arguments]) == 2
    assert message in capsys.readouterr().err
