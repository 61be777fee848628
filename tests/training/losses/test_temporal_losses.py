"""Plain losses, on numbers worked out by hand."""

import pytest
import torch

from pipeline.errors import InputError
from pipeline.training.losses import AccelerationLoss, BoneLengthLoss, DistanceLoss, WeightedL1Loss, WidthLoss

SAMPLED = torch.tensor([True, False, True, False])


def tracks(*values):
    """One joint of one coordinate over time."""
    return torch.tensor(values, dtype=torch.float32)[None, :, None, None]


def test_weighted_l1_is_the_mean_over_annotated_joints():
    weight = torch.tensor([1.0, 1.0, 0.0, 0.0])[None, :, None]
    losses = WeightedL1Loss(final_weight=5.0)(tracks(1, 3, 9, 9), None, tracks(0, 0, 0, 0), weight, SAMPLED)
    assert {name: value.item() for name, value in losses.items()} == {'loss_final': 10.0}


def test_refined_poses_count_on_sampled_frames():
    losses = WeightedL1Loss(0.0, 1.0)(
        tracks(0, 0, 0, 0), tracks(1, 50, 3, 50), tracks(0, 0, 0, 0), torch.ones(1, 4, 1), SAMPLED
    )
    assert losses['loss_refined'].item() == 2.0


def test_acceleration_needs_three_annotated_frames():
    final, target = tracks(0, 1, 4, 9), tracks(0, 0, 0, 0)
    loss = AccelerationLoss(weight=2.0)
    assert loss(final, None, target, torch.ones(1, 4, 1), SAMPLED)['loss_acceleration'].item() == 4.0
    weight = torch.tensor([0.0, 1.0, 1.0, 0.0])[None, :, None]
    assert loss(final, None, target, weight, SAMPLED)['loss_acceleration'].item() == 0.0


def test_a_constant_offset_has_no_acceleration():
    final, target = tracks(5, 6, 9, 14), tracks(0, 1, 4, 9)
    losses = AccelerationLoss()(final, None, target, torch.ones(1, 4, 1), SAMPLED)
    assert losses['loss_acceleration'].item() == 0


def test_bone_length_ignores_rotation_and_sees_stretching():
    def limb(*end):
        return torch.tensor([[0.0, 0.0], end])[None, None]

    loss = BoneLengthLoss(links=[(0, 1)], weight=0.5)
    weight = torch.ones(1, 1, 2)
    assert abs(loss(limb(0.0, 5.0), None, limb(3.0, 4.0), weight, None)['loss_bone'].item()) < 1e-6
    assert abs(loss(limb(0.0, 7.0), None, limb(3.0, 4.0), weight, None)['loss_bone'].item() - 1.0) < 1e-6
    weight[..., 1] = 0
    assert loss(limb(0.0, 7.0), None, limb(3.0, 4.0), weight, None)['loss_bone'].item() == 0


def test_bone_length_has_a_finite_gradient_at_zero_length():
    final = torch.zeros(1, 1, 2, 2, requires_grad=True)
    losses = BoneLengthLoss([(0, 1)])(final, None, torch.ones(1, 1, 2, 2), torch.ones(1, 1, 2), None)
    losses['loss_bone'].backward()
    assert final.grad.isfinite().all()


def test_distance_is_euclidean_and_weighs_joints():
    target = torch.zeros(1, 4, 2, 2)
    final = torch.tensor([[3.0, 4.0], [0.0, 1.0]]).expand(1, 4, 2, 2)
    refined = torch.tensor([2.0, 50.0, 4.0, 50.0])[None, :, None, None] * torch.tensor([0.6, 0.8])
    losses = DistanceLoss(joint_weights=[1.0, 3.0], refined_weight=0.5)(
        final, refined.expand(1, 4, 2, 2), target, torch.ones(1, 4, 2), SAMPLED
    )
    assert abs(losses['loss_final'].item() - (5 + 3 * 1) / 4) < 1e-6
    assert abs(losses['loss_refined'].item() - 0.5 * 3) < 1e-6
    weight = torch.tensor([1.0, 0.0]).expand(1, 4, 2)  # the second joint is not annotated
    assert abs(DistanceLoss(refined_weight=0)(final, None, target, weight, SAMPLED)['loss_final'].item() - 5) < 1e-6


def test_a_perfect_answer_has_a_gradient():
    final = torch.zeros(1, 4, 1, 2, requires_grad=True)
    DistanceLoss(refined_weight=0)(final, None, torch.zeros(1, 4, 1, 2), torch.ones(1, 4, 1), SAMPLED)[
        'loss_final'
    ].backward()
    assert final.grad.isfinite().all()


def test_longer_strides_see_slow_trembling():
    final = tracks(0, 0, 1, 1, 0, 0, 1, 1, 0, 0)  # a period of four frames
    target, weight = torch.zeros_like(final), torch.ones(1, 10, 1)
    by_stride = {n: AccelerationLoss(strides=(n,))(final, None, target, weight, None) for n in (1, 2, 4)}
    values = {n: loss['loss_acceleration'].item() for n, loss in by_stride.items()}
    assert values == {1: 1.0, 2: 2.0, 4: 0.0}
    together = AccelerationLoss(weight=3.0, strides=(1, 2, 4))(final, None, target, weight, None)
    assert together['loss_acceleration'].item() == pytest.approx(3.0)
    with pytest.raises(InputError, match='strides'):
        AccelerationLoss(strides=())


def test_a_width_is_likeliest_at_half_the_mean_distance_and_poses_learn_nothing():
    generator = torch.Generator().manual_seed(0)
    # lengths of the density exp(-r / b) / (2 pi b²) with b = 0.1 are sums of two exponential variables
    length = -0.1 * torch.rand(2, 20_000, generator=generator).log().sum(dim=0)
    angle = 6.2832 * torch.rand(20_000, generator=generator)
    error = torch.stack([length * angle.cos(), length * angle.sin()], dim=-1)[None, :, None].requires_grad_()
    target, weight = torch.zeros_like(error), torch.ones(1, 20_000, 1)
    log_width = torch.zeros(1, 20_000, 1)
    losses = {
        width: WidthLoss()(error, None, target, weight, None, log_width + torch.tensor(width).log())['loss_width']
        for width in (0.05, 0.09, 0.1, 0.11, 0.2)
    }
    assert min(losses, key=lambda width: losses[width].item()) == 0.1
    assert not losses[0.1].requires_grad
