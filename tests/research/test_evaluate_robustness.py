"""Robustness tables: what strikes a track is what is measured, at every frame rate, and filters are tuned elsewhere."""

import numpy as np
import pytest

from pipeline.skeletons import load_skeleton
from pipeline.training.augmentation.error_model import ESTIMATORS, ErrorModel
from pipeline.training.motion import PoseSequence
from pipeline.training.sources import jhmdb, penn_action
from tools.research import evaluate_robustness as tool

COCO = load_skeleton('coco')


def sequence(frames=120, fps=30.0):
    time = np.arange(frames)[:, None, None] / fps
    rest = np.random.default_rng(0).uniform(0, 300, (1, 17, 2))
    truth = (rest + 20 * np.sin(2 * np.pi * time)).astype(np.float32)
    return PoseSequence('a', truth, np.ones((frames, 17), np.float32), fps)


@pytest.mark.parametrize('fps', [60.0, 15.0])
def test_another_frame_rate_is_the_same_motion(fps):
    there = tool.at_rate(sequence(), fps)
    assert there.fps == fps and len(there) == pytest.approx(120 * fps / 30, abs=2)
    every = np.arange(0, 60, 2) if fps == 15.0 else np.arange(40)
    same = there.truth[: len(every)] if fps == 15.0 else there.truth[: 2 * len(every) : 2]
    np.testing.assert_allclose(same, sequence().truth[every], atol=1e-3)


def test_an_inverted_limb_is_exchanged_and_counted_and_nothing_else():
    model = ErrorModel(COCO, ESTIMATORS['hourglass'])
    estimate, _, hit = tool.inverted(model, 0.3)(sequence(), 300.0, np.random.default_rng(1))
    truth = sequence().truth
    mirrored = truth[:, list(COCO.flip_indices)]
    nearer = np.linalg.norm(estimate - mirrored, axis=-1) < np.linalg.norm(estimate - truth, axis=-1)
    assert 2 <= hit.any(axis=1).sum() <= 10 and nearer[hit].mean() > 0.9


@pytest.fixture
def sources(tmp_path):
    """Penn Action and JHMDB with a few clips of somebody who sways."""
    rng, arrays = np.random.default_rng(0), ({}, {})
    for i in range(12):
        sway = 30 * np.sin(np.arange(40)[:, None, None] / 6 + i)
        for found, names, unit in zip(arrays, (penn_action.NAMES, jhmdb.NAMES), (1, jhmdb.PIXELS_PER_UNIT)):
            found[f'{i:04d}/keypoints'] = (rng.uniform(0, 300, (1, len(names), 2)) + sway) / unit
    for i in range(12):
        arrays[0][f'{i:04d}/keypoints'] = np.rint(arrays[0][f'{i:04d}/keypoints'])
        arrays[0][f'{i:04d}/visible'] = np.ones((40, len(penn_action.NAMES)))
    for name, found in zip(('penn', 'jhmdb'), arrays):
        (tmp_path / name).mkdir()
        np.savez(tmp_path / name / 'train.npz', **found)
    return ['--penn', str(tmp_path / 'penn'), '--jhmdb', str(tmp_path / 'jhmdb'), '--holdout', '3']


def test_tuned_filters_and_frame_rates_have_their_rows(sources, capsys):
    tool.main([*sources, '--tune', '4', '--rates', '--estimator', 'fused'])
    out = capsys.readouterr().out
    first, second = out.split('| method |')[1:]
    assert first.count('| tuned: ') == 6 and second.count('| tuned: ') == 6
    rows = {line.split('|')[1].strip(): line.split('|')[2:] for line in first.splitlines() if line.startswith('| ')}
    assert float(rows['input'][0].split()[0]) == 0 < float(rows['Gaussian, sigma 2'][0].split()[0])
    assert '120 fps | 60 fps | 30 fps | 15 fps' in second
