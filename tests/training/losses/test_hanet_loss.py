"""HANet's loss: the published numbers and gradients, and the paper's equations by hand."""

import numpy as np
import pytest
import torch

from pipeline.errors import InputError
from pipeline.training.losses import HANetLoss

FIXTURES = ['jhmdb', 'h36m_fcn', 'h36m_mhformer', 'posetrack34', 'batch1', 'w2']


@pytest.mark.parametrize('name', FIXTURES)
def test_published_variant_equals_the_published_loss(fixtures, name):
    with np.load(fixtures('hanet_loss', f'hanet_loss_{name}.npz'), allow_pickle=False) as data:
        data = {key: torch.from_numpy(data[key]) for key in data.files}
    batch, frames, channels = data['final'].shape
    joints = (batch, frames, channels, 1)  # the published loss takes every channel for a joint
    final, refined, target = (data[key].view(joints) for key in ('final', 'refined', 'gt'))
    final.requires_grad_()
    refined.requires_grad_()
    weight = data['w_decoder'].item()
    loss = HANetLoss('published', data['lamada'].item(), refined_weight=weight, mutual_weight=weight)
    losses = loss(final, refined, target, torch.ones(batch, frames, channels), data['encoder_mask'][0] == 0)

    total = sum(losses.values())
    total.backward()
    torch.testing.assert_close(total, data['final_loss'], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(total - losses['loss_hard'], data['l1_loss'], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(final.grad[..., 0], data['grad_final'], rtol=1e-4, atol=1e-8)
    torch.testing.assert_close(refined.grad[..., 0], data['grad_refined'], rtol=1e-4, atol=1e-8)


# one window, one frame, two joints of two coordinates; the truth is the origin
TARGET = torch.zeros(1, 1, 2, 2)
ONES = torch.ones(1, 1, 2)
SAMPLED = torch.ones(1, dtype=torch.bool)


def poses(*joints):
    return torch.tensor(joints, dtype=torch.float32)[None, None].requires_grad_()


def test_weighted_loss_adds_half_of_the_harder_half():
    """Eq. 9: distances 3 and 1, so 2 + 0.5 * 3."""
    losses = HANetLoss(final_weight=2.0, mutual_weight=0.0)(
        poses([1, -2], [0, 1]), poses([0, 0], [0, 0]), TARGET, ONES, SAMPLED
    )
    assert losses['loss_final'].item() == 2 * (2 + 0.5 * 3)
    assert losses['loss_refined'].item() == 0
    assert 'loss_mutual' not in losses


def test_mutual_learning_teaches_the_worse_output_joint_by_joint():
    """Eq. 10: joint 0 is better in the final pose, joint 1 in the refined one."""
    final, refined = poses([1, 0], [0, 5]), poses([3, 0], [0, 2])
    losses = HANetLoss(final_weight=0.0, refined_weight=0.0)(final, refined, TARGET, ONES, SAMPLED)
    losses['loss_mutual'].backward()
    # both joints count 1/2, the harder one (distance 3 against 2) another 1/2 * 1 / 1
    assert final.grad[0, 0].tolist() == [[0, 0], [0, 1]]
    assert refined.grad[0, 0].tolist() == [[0.5, 0], [0, 0]]


def test_mutual_learning_with_squares():
    final, refined = poses([1, 0], [0, 0]), poses([3, 0], [0, 0])
    loss = HANetLoss(final_weight=0.0, refined_weight=0.0, hard_weight=0.0, mutual_norms=('l1', 'l2'))
    assert loss(final, refined, TARGET, ONES, SAMPLED)['loss_mutual'].item() == 2 / 2 + 4 / 2


def test_joints_that_are_not_annotated_do_not_count():
    final, refined = poses([1, 0], [7, 7]), poses([1, 0], [9, 9])
    losses = HANetLoss()(final, refined, TARGET, torch.tensor([[[1.0, 0.0]]]), SAMPLED)
    sum(losses.values()).backward()
    assert final.grad[0, 0, 1].tolist() == refined.grad[0, 0, 1].tolist() == [0, 0]


def test_sparse_annotation_is_no_weaker_than_dense():
    """The same error on every annotated joint gives the same loss, whatever is annotated."""
    final = torch.full((1, 6, 2, 2), 0.5)
    dense, sparse = torch.ones(1, 6, 2), torch.zeros(1, 6, 2)
    sparse[:, 2] = 1
    sampled = torch.ones(6, dtype=torch.bool)
    values = [
        HANetLoss()(final, final, torch.zeros_like(final), weight, sampled)['loss_final'].item()
        for weight in (dense, sparse)
    ]
    assert values[0] == pytest.approx(values[1]) == pytest.approx(1.5)


def test_nothing_annotated_is_no_loss_and_no_nan():
    final = poses([1, 0], [7, 7])
    total = sum(HANetLoss()(final, final, TARGET, torch.zeros(1, 1, 2), SAMPLED).values())
    total.backward()
    assert total.item() == 0 and final.grad.isfinite().all()


def test_refined_poses_count_on_sampled_frames_only():
    final, refined = torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)
    refined[:, 1] = 100.0
    sampled = torch.tensor([True, False, True])
    for variant in ('paper', 'published'):
        losses = HANetLoss(variant)(final, refined, torch.zeros_like(final), torch.ones(1, 3, 2), sampled)
        assert sum(losses.values()).item() == 0


def test_unknown_variants_and_norms_are_named():
    with pytest.raises(InputError, match="'official'"):
        HANetLoss('official')
    with pytest.raises(InputError, match='l3'):
        HANetLoss(mutual_norms=('l3',))
