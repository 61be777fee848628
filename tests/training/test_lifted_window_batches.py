"""Lifted windows: who lifts what, with how much around it, and what a refiner is given."""

import numpy as np
import pytest
import torch

from pipeline.backends.checkpoint import save_model
from pipeline.errors import InputError
from pipeline.lift.refining import least_scores
from pipeline.networks.lifters.temporal_lifter import TemporalLifter
from pipeline.training.batches.lifted_window_batches import LiftedWindowBatches
from pipeline.training.sources import cmu
from tests.lift.toy import NAMES
from tests.networks.test_temporal_lifter import SIZES
from tests.training.test_cmu_source import standing

T = 12
SHOULDER, WRIST = 5, 9


@pytest.fixture
def folder(tmp_path):
    """Two blocks of motion: straight arms, and bent ones."""
    straight, bent = standing(200), standing(200)
    for side in ('left', 'right'):
        bent[0, [cmu.NAMES.index(f'{side}_{part}') for part in ('wrist', 'hand')]] = bent[
            0, cmu.NAMES.index(f'{side}_shoulder')
        ]
    arrays = {'bent_01/joints': bent, 'bent_01/fps': 60.0, 'straight_01/joints': straight, 'straight_01/fps': 60.0}
    np.savez(tmp_path / 'mocap.npz', names=np.array(cmu.NAMES), **arrays)
    return str(tmp_path)


def save_lifter(path, **changed):
    torch.manual_seed(0)
    arguments = dict(SIZES, width=8, keypoint_names=NAMES, joint_names=NAMES)
    arguments.update(changed)
    lifter = TemporalLifter(**arguments)
    return lifter, lambda: save_model(path, dict(type='TemporalLifter', **arguments), lifter.state_dict()) or path


def constant(path, metres):
    """A lifter that puts the nose so far before the hips and all else at them, whatever it is given."""
    lifter, save = save_lifter(path)
    torch.nn.init.zeros_(lifter.head.weight)
    with torch.no_grad():
        lifter.head.bias[2] = -metres
    return save()


def lively(path):
    """A lifter whose answers depend on rays and scores."""
    lifter, save = save_lifter(path)
    torch.nn.init.normal_(lifter.head.weight, std=0.3)
    return save()


def batches(folder, lifters, **changed):
    arguments = dict(
        motion=dict(folder=folder, body_spread=0.0), window=T, margin=5, batch_size=4, short_share=0.0, seed=2
    )
    return LiftedWindowBatches(lifters, **{**arguments, **changed})


def recorded(data):
    """What the lifters of ``data`` will be given: rays and scores of batch after batch."""
    shown = []
    for lifter in data.lifters:

        def noted(rays, scores, lift=lifter.lift_both_ways):
            shown.append((rays, scores))
            return lift(rays, scores)

        lifter.lift_both_ways = noted
    return shown


def test_no_lifter_is_asked_about_the_motion_it_was_trained_on(folder, tmp_path):
    # trained with part=(0, 2), the bent arms, and with part=(1, 2), the straight ones
    data = batches(folder, [constant(tmp_path / 'bent.pth', 1.0), constant(tmp_path / 'straight.pth', 2.0)])
    asked = set()
    for i in range(12):
        batch = data[i]
        nose = batch['inputs']['keypoints'][:, :, 0].norm(dim=-1)
        target = batch['data_samples']['target']
        reach = (target[:, :, WRIST] - target[:, :, SHOULDER]).norm(dim=-1)
        assert torch.allclose(nose, nose[0, 0], atol=1e-3)
        lifter = 'bent' if nose[0, 0] < 1.5 else 'straight'
        assert (reach > 0.5).all() if lifter == 'bent' else (reach < 0.3).all()
        asked.add(lifter)
    assert asked == {'bent', 'straight'}


def test_a_batch_is_what_a_refiner_takes_and_the_same_again(folder, tmp_path):
    lifters = [lively(tmp_path / 'a.pth'), constant(tmp_path / 'b.pth', 1.0)]
    data = batches(folder, lifters)
    batch, again = data[1], data[1]
    inputs, samples = batch['inputs'], batch['data_samples']
    assert inputs['keypoints'].shape == samples['target'].shape == (4, T, 17, 3)
    assert inputs['scores'].shape == samples['target_weight'].shape == (4, T, 17)
    assert inputs['fps'].tolist() == [25.0] * 4
    assert not inputs['keypoints'].requires_grad
    for poses in (inputs['keypoints'], samples['target']):
        assert poses[:, :, 11:13].mean(2).abs().max() < 1e-5
    # every window is a sequence of its own to RefinementMetric
    assert samples['sequence'].tolist() == [4, 5, 6, 7] and samples['length'].tolist() == [T] * 4
    assert samples['start'].tolist() == [0] * 4
    assert all((inputs[name] == again['inputs'][name]).all() for name in inputs)
    assert not (inputs['scores'] == data[2]['inputs']['scores']).all()
    assert not (inputs['scores'] == batches(folder, lifters, seed=3)[1]['inputs']['scores']).all()


def test_lifters_see_the_window_alone_or_more_around_it_and_answer_as_in_the_chain(folder, tmp_path):
    data = batches(folder, [lively(tmp_path / 'a.pth')] * 2)
    shown = recorded(data)
    lengths = set()
    for i in range(10):
        batch = data[i]
        rays, scores = shown[-1]
        lengths.add(rays.shape[1])
        beside = (rays.shape[1] - T) // 2
        middle = slice(beside, beside + T)
        assert (least_scores(scores[:, middle].numpy()) == batch['inputs']['scores'].numpy()).all()
        for ray, score, answer in zip(rays, scores, batch['inputs']['keypoints']):
            alone = data.lifters[0].lift(ray.numpy(), score.numpy())  # the track and its mirror image
            assert alone[middle] == pytest.approx(answer.numpy(), abs=1e-4)
    assert lengths == {T, T + 10}


@pytest.mark.parametrize('margin', [0, 5])
def test_tracks_that_end_early_are_padded_as_in_the_chain(folder, tmp_path, margin):
    seen = dict(folder=folder, severity=(1e-9, 1e-9), cut=0.0)  # every joint
    data = batches(folder, [lively(tmp_path / 'a.pth')] * 2, motion=seen, short_share=0.5, margin=margin, batch_size=16)
    shown, lengths = recorded(data), []
    for i in range(4):
        shown.clear()
        batch = data[i]
        keypoints, scores = batch['inputs']['keypoints'], batch['inputs']['scores']
        weight = batch['data_samples']['target_weight']
        (rays, told), *again = shown
        first = (rays.shape[1] - T) // 2
        there = (scores > 0).all(2)
        short = np.flatnonzero(~there.all(1))
        assert len(again) == len(short)
        lengths += there.sum(1).tolist()
        for b in range(16):
            frames = int(there[b].sum())
            assert there[b, :frames].all() and (scores[b, frames:] == 0).all()
            assert (weight[b, :frames] == 1).all() and (weight[b, frames:] == 0).all()
            alone = data.lifters[0].lift(rays[b, : first + frames].numpy(), told[b, : first + frames].numpy())
            if frames < T:
                assert alone[first:] == pytest.approx(keypoints[b, :frames].numpy(), abs=1e-4)
                assert (keypoints[b, frames:] == keypoints[b, frames - 1]).all()
    assert min(lengths) >= 2 and 0.3 < np.mean(np.array(lengths) < T) < 0.7


def test_what_cannot_be_used_is_one_line(folder, tmp_path):
    one = constant(tmp_path / 'one.pth', 1.0)
    with pytest.raises(InputError, match='lifters: 1 given; two or more are needed'):
        batches(folder, [one])
    with pytest.raises(InputError, match="nameless.pth: lifts other joints than COCO's 17"):
        batches(folder, [one, save_lifter(tmp_path / 'nameless.pth', keypoint_names=())[1]()])
    with pytest.raises(InputError, match='slow.pth: for 10 frames a second; others have 25'):
        batches(folder, [one, save_lifter(tmp_path / 'slow.pth', rate=10.0)[1]()])
