"""A refiner with its joints replaced: the same network, seen through other joints."""

import pytest
import torch

from pipeline.backends.registered import build_registered
from pipeline.errors import InputError
from pipeline.training.joint_transfer import joint_matrix, transfer_joints

NAMES = ('nose', 'left_hand', 'right_hand', 'belt')


def refiner(names, flip, **backbone):
    torch.manual_seed(0)
    model = build_registered(
        dict(
            type='SequenceRefiner',
            keypoint_names=names,
            backbone=dict(
                type='GuidedHANet',
                num_keypoints=len(names),
                window=12,
                fold=3,
                flip=flip,
                embed_dims=8,
                num_levels=2,
                num_decoder_layers=1,
                filter_widths=(1.0, 2.0),
                **backbone,
            ),
        )
    ).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.3 * torch.randn_like(parameter))
    return model


@pytest.mark.parametrize(
    'options',
    [
        dict(score_input=True, rate_input=True),
        dict(score_input=True, width=True),
        dict(),
        dict(use_acceleration=False, score_input=True),
        dict(use_flow=False),
        dict(use_neighbours=False, use_velocity=False),
    ],
)
def test_joints_in_another_order_give_the_same(options):
    order = [2, 3, 0, 1]
    names = tuple(NAMES[k] for k in order)
    old, new = refiner(NAMES, [0, 2, 1, 3], **options), refiner(names, [3, 1, 2, 0], **options)
    matrix = joint_matrix(NAMES, names, {})
    new.load_state_dict(transfer_joints(old, matrix))
    generator = torch.Generator().manual_seed(1)
    poses, scores = 100 * torch.rand(2, 12, 4, 2, generator=generator), torch.rand(2, 12, 4, generator=generator)
    expected = old.refine(poses, scores)[:, :, order]
    assert (expected - poses[:, :, order]).abs().max() > 1
    torch.testing.assert_close(new.refine(poses[:, :, order], scores[:, :, order]), expected, rtol=1e-4, atol=1e-3)
    if options.get('width'):
        sigmas = old.refine_and_doubt(poses, scores)[1][:, :, order]
        doubts = new.refine_and_doubt(poses[:, :, order], scores[:, :, order])[1]
        torch.testing.assert_close(doubts, sigmas, rtol=1e-3, atol=1e-2)


def test_stand_ins_are_means():
    matrix = joint_matrix(NAMES, ('belt', 'hands'), {'hands': ('left_hand', 'right_hand', 'third_hand')})
    torch.testing.assert_close(matrix, torch.tensor([[0, 0, 0, 1.0], [0, 0.5, 0.5, 0]]))
    old = refiner(NAMES, None)
    weights = transfer_joints(old, matrix)
    torch.testing.assert_close(weights['backbone.judge.joint'][1], old.backbone.judge.joint[1:3].mean(0))
    torch.testing.assert_close(
        weights['backbone.hanet.final_head.bias'].reshape(3, 2, 2)[:, 0],
        old.backbone.hanet.final_head.bias.reshape(3, 4, 2)[:, 3],
    )


def test_what_cannot_be_transferred_is_named():
    with pytest.raises(InputError, match="'tail'.*nose, left_hand.*no stand-in"):
        joint_matrix(NAMES, ('nose', 'tail'), {})
    smooth = build_registered(
        dict(
            type='SequenceRefiner',
            keypoint_names=NAMES,
            backbone=dict(type='SmoothNet', num_keypoints=4, dims=2, window=8),
        )
    )
    with pytest.raises(InputError, match='not SmoothNet'):
        transfer_joints(smooth, torch.eye(4))
