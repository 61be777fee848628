import pytest
import torch

from pipeline.errors import InputError
from pipeline.networks.refiners.guided import GuidedHANet, cosine_basis


def build(**changes):
    torch.manual_seed(0)
    arguments = dict(
        num_keypoints=3,
        window=8,
        fold=2,
        flip=[0, 2, 1],
        filter_widths=(1.0, 2.0),
        embed_dims=8,
        num_levels=2,
        num_decoder_layers=1,
        dropout=0.0,
    )
    return GuidedHANet(**{**arguments, **changes}).eval()


def set_bias(model, exchange=-40.0, trust=40.0, filters=(0.0, -80.0, -80.0)):
    """The same verdict for every joint and frame."""
    verdict = torch.tensor([exchange, trust, *filters])
    with torch.no_grad():
        model.guide.bias.copy_(verdict.repeat(len(model.guide.bias) // len(verdict)))


def test_it_can_be_the_identity():
    model = build()
    set_bias(model)
    x = torch.randn(2, 8, 6)
    output = model(x)
    assert torch.allclose(output.final, x, atol=1e-5) and torch.allclose(output.refined, x, atol=1e-5)


def test_exchange_gives_the_mirror_joint():
    model = build()
    set_bias(model, exchange=40.0)
    x = torch.randn(2, 8, 3, 2)
    assert torch.allclose(model(x.flatten(2)).final.view_as(x), x[:, :, [0, 2, 1]], atol=1e-5)


def test_distrusted_joints_are_bridged():
    model = build()
    pose = torch.zeros(1, 8, 3, 2)
    pose[0, 4, 1] = 10.0
    weight = torch.ones(1, 8, 3)
    weight[0, 4, 1] = 0.0
    assert model._smooth(pose, weight).abs().max() == 0
    assert model._smooth(pose, torch.ones(1, 8, 3))[0, 0, 4, 1, 0] > 1


def test_gaussian_weights_by_hand():
    pose = torch.zeros(1, 8, 3, 2)
    pose[0, 0] = 1.0
    weights = torch.exp(-(torch.arange(8.0) ** 2) / 2)
    smooth = build()._smooth(pose, torch.ones(1, 8, 3))
    assert smooth[0, 0, 0, 0, 0] == pytest.approx((weights[0] / weights.sum()).item())


def test_offsets_are_confined():
    model = build(offset_frequencies=1, flip=None)
    set_bias(model)
    torch.nn.init.normal_(model.hanet.final_head.weight)
    x = torch.randn(1, 8, 6)
    offset = model(x).final - x
    assert offset.abs().max() > 1e-3 and torch.allclose(offset, offset[:, :1].expand_as(offset), atol=1e-5)
    basis = cosine_basis(8, 3)
    assert torch.allclose(basis @ basis.T, torch.eye(3), atol=1e-6)


def test_every_part_learns():
    model = build(score_input=True, rate_input=True).train()
    torch.nn.init.normal_(model.guide.weight, std=0.1)
    torch.nn.init.normal_(model.hanet.final_head.weight, std=0.1)
    for judge in (model.judge, model.choose):
        torch.nn.init.normal_(judge.last.weight, std=0.1)
    output = model(torch.randn(2, 8, 6), torch.rand(2, 8, 3), torch.tensor([25.0, 60.0]))
    (output.final.square().sum() + output.refined.square().sum()).backward()
    missing = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum()]
    assert missing == []


def test_bad_arguments():
    with pytest.raises(InputError, match='no multiple of fold 3'):
        build(fold=3)
    with pytest.raises(InputError, match='permutation of 3 joints'):
        build(flip=[0, 1, 1])


def test_widths_have_no_say_in_the_poses_and_grow_with_what_is_odd():
    plain, doubting = build(), build(width=True)
    doubting.load_state_dict(plain.state_dict(), strict=False)
    x = torch.randn(4, 8, 6)
    output = doubting(x)
    assert torch.equal(output.final, plain(x).final)
    assert output.log_width.shape == (4, 8, 3) and plain(x).log_width is None
    output.log_width.sum().backward()
    learnt = {name.split('.')[0] for name, value in doubting.named_parameters() if value.grad is not None}
    assert learnt == {'doubt', 'doubt_guide'}
