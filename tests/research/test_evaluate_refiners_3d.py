import json

import numpy as np
import pytest

from pipeline.backends.checkpoint import save_model
from pipeline.errors import InputError
from pipeline.networks.lifters.keypoint_lifter import KeypointLifter
from pipeline.networks.refiners.sequence_refiner import SequenceRefiner, save_refiner
from pipeline.training.motion import PoseSequence
from pipeline.training.sources.pairs import load_pairs, save_pairs
from tools.research import evaluate_refiners_3d, lift_h36m

CONFIG = dict(
    type='SequenceRefiner',
    normaliser=dict(type='RootNormaliser', unit=1000.0),
    backbone=dict(
        type='HANet',
        num_keypoints=17,
        dims=3,
        window=11,
        interval=5,
        embed_dims=8,
        num_levels=2,
        cross_mask='masked',
        zero_init=True,
    ),
)


def write_pairs(path):
    rng = np.random.default_rng(0)
    sequences = []
    for i in range(2):
        truth = np.cumsum(np.cumsum(rng.normal(size=(40, 17, 3)), 0), 0)
        truth -= truth[:, :1]
        noise = 20 * rng.normal(size=truth.shape)
        sequences.append(
            PoseSequence(
                f's{i}',
                truth.astype(np.float32),
                np.ones((40, 17), np.float32),
                50.0,
                (truth + noise - noise[:, :1]).astype(np.float32),
            )
        )
    save_pairs(path, sequences)


def test_table(tmp_path, capsys):
    write_pairs(tmp_path / 'pairs.npz')
    settings = {k: v for k, v in CONFIG.items() if k != 'type'}
    save_refiner(tmp_path / 'refiner.pth', SequenceRefiner(**settings), CONFIG)
    pairs, out = str(tmp_path / 'pairs.npz'), tmp_path / 'table.json'
    assert (
        evaluate_refiners_3d.main(
            [
                '--train',
                pairs,
                '--test',
                pairs,
                '--out',
                str(out),
                '--refiner',
                f'untrained={tmp_path / "refiner.pth"}@3',
            ]
        )
        == 0
    )
    rows = json.loads(out.read_text())
    # noise of 20 mm in each of three coordinates, twice (the root's too) for 16 joints of 17
    assert rows['input']['mpjpe'] == pytest.approx(20 * np.sqrt(2) * np.sqrt(8 / np.pi) * 16 / 17, rel=0.05)
    assert rows['input']['accel_s2'] == pytest.approx(2500 * rows['input']['accel'])
    for key, variance in (('mpjve', 2), ('accel', 6), ('jerk', 20)):
        expected = np.sqrt(variance) * rows['input']['mpjpe']
        assert rows['input'][key] == pytest.approx(expected, rel=0.05)  # the truth's own jerk is 4 mm
    # interpolated windows, averaged: the more of them answer for a frame, the less noise is left
    shipped, best = (
        rows[f'untrained ({case})'] for case in ('shipped: overlap 2', 'best case: windows every 3, mirrored')
    )
    assert best['mpjpe'] < shipped['mpjpe'] < rows['input']['mpjpe']
    gaussian = next(row for name, row in rows.items() if name.startswith('Gaussian'))
    assert gaussian['mpjpe'] < 0.8 * rows['input']['mpjpe']
    assert '| untrained (shipped: overlap 2) |' in capsys.readouterr().out


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['--test', 'none.npz'], 'no such pair file'),
        (['--test', 'PAIRS', '--refiner', 'a'], 'NAME=WEIGHTS'),
        (['--test', 'PAIRS', '--refiner', 'a=none.pth'], 'none.pth'),
    ],
)
def test_user_errors(tmp_path, capsys, arguments, message):
    write_pairs(tmp_path / 'pairs.npz')
    assert evaluate_refiners_3d.main([str(tmp_path / 'pairs.npz') if a == 'PAIRS' else a for a in arguments]) == 2
    assert message in capsys.readouterr().err


def test_every_subject_has_one_lifter():
    assert lift_h36m.lifters_by_subject(['S1,S6=a.pth', 'S9=b.pth']) == {'S1': 'a.pth', 'S6': 'a.pth', 'S9': 'b.pth'}
    for entries, message in (
        (['S1'], 'WEIGHTS is needed'),
        (['S2=a'], 'subjects are S1'),
        (['S1=a', 'S1=b'], 'already'),
    ):
        with pytest.raises(InputError, match=message):
            lift_h36m.lifters_by_subject(entries)


def test_lifted_pairs(tmp_path, capsys):
    rng = np.random.default_rng(0)
    arrays = {'Walking/gt3d': rng.integers(-5000, 5000, (9, 17, 3)), 'Walking/sh2d/1': rng.integers(0, 999, (9, 16, 2))}
    np.savez(tmp_path / 'S9.npz', **{k: np.diff(v, axis=0, prepend=0).astype(np.int16) for k, v in arrays.items()})
    camera = dict(R=np.eye(3).tolist(), centre_mm=[0, 0, -5000], f=[1000, 1000], c=[500, 500], k=[0, 0, 0], p=[0, 0])
    (tmp_path / 'cameras.json').write_text(json.dumps({'S9/1': camera}))
    sizes = dict(num_keypoints=16, num_joints=17, width=16)
    lifter = KeypointLifter(**sizes)
    save_model(tmp_path / 'lifter.pth', {'type': 'KeypointLifter', **sizes}, lifter.state_dict())
    out = tmp_path / 'pairs.npz'
    arguments = ['--data', str(tmp_path), '--lifter', f'S9={tmp_path / "lifter.pth"}', '--out', str(out)]
    assert lift_h36m.main(arguments) == 0
    pair = load_pairs(out)[0]
    assert pair.estimate == pytest.approx(lifter.lift(arrays['Walking/sh2d/1'].astype(np.float32)), abs=1e-2)
    assert pair.truth == pytest.approx((arrays['Walking/gt3d'] - arrays['Walking/gt3d'][:, :1]) / 10, abs=1e-2)
    assert 'S9: 1 sequences, 9 frames' in capsys.readouterr().out
    assert lift_h36m.main(arguments) == 2  # the file is there
