"""HANet against the published network's numbers, and its own options."""

import json

import numpy as np
import pytest
import torch

from pipeline.errors import InputError
from pipeline.networks import HANet
from pipeline.networks.refiners.hanet.convert import convert, infer_config

FIXTURES = ['jhmdb_C8_post', 'jhmdb_C8_pre', 'h36m_C8_pre', 'posetrack30_C8_post', 'posetrack34_C8_pre']


def small(**options):
    torch.manual_seed(0)
    return HANet(
        **{
            'num_keypoints': 3,
            'dims': 2,
            'window': 11,
            'interval': 5,
            'embed_dims': 8,
            'num_levels': 2,
            'dropout': 0.0,
            **options,
        }
    )


@pytest.fixture(params=FIXTURES)
def published(request, fixtures):
    with np.load(fixtures('hanet', f'hanet_{request.param}.npz'), allow_pickle=False) as data:
        arrays = {name: torch.from_numpy(data[name]) for name in data.files if name != 'meta'}
        meta = json.loads(str(data['meta']))
    weights = {name[2:]: value for name, value in arrays.items() if name.startswith('w:')}
    return arrays, weights, meta


@pytest.mark.parametrize('cross_mask, final', [('masked', 'final'), ('plus-one', 'final_addone')])
def test_equals_the_published_network(published, cross_mask, final):
    arrays, weights, meta = published
    model = HANet(**infer_config(weights, meta['T'], meta['interval'], cross_mask)).eval()
    model.load_state_dict(convert(weights))
    with torch.no_grad():
        output = model(arrays['input'])
    torch.testing.assert_close(output.final, arrays[final], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(output.refined, arrays['refined'], rtol=1e-5, atol=1e-5)


def test_skipping_unsampled_frames_changes_no_final_pose(published):
    arrays, weights, meta = published
    model = HANet(**infer_config(weights, meta['T'], meta['interval'], 'masked')).eval()
    model.load_state_dict(convert(weights))
    with torch.no_grad():
        output = model(arrays['input'], sampled_only=True)
    step = meta['interval']
    torch.testing.assert_close(output.final, arrays['final'], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(output.refined[:, ::step], arrays['refined'][:, ::step], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    'name, interval, window',
    [
        ('jhmdb_official_C256_post', 5, 11),
        ('h36m_fcn_official_C64_pre', 5, 101),
        ('h36m_mhformer_official_C64_pre', 2, 101),
        ('pw3d_pare3D_official_C128_pre', 5, 101),
        ('aist_spin3D_official_C32_pre', 5, 101),
        ('posetrack34_C32_post', 1, 5),
    ],
)
def test_every_published_weight_has_a_place(fixtures, name, interval, window):
    keys = json.loads(fixtures('hanet', f'hanet_keys_{name}.json').read_text())
    with torch.device('meta'):
        weights = {key: torch.empty(shape) for key, shape in keys}
        model = HANet(**infer_config(weights, window, interval))
    expected = {key: value.shape for key, value in model.state_dict().items()}
    assert {key: value.shape for key, value in convert(weights).items()} == expected


def test_parameters_of_the_published_sub_jhmdb_network_without_the_unused_tenth():
    with torch.device('meta'):
        model = HANet(num_keypoints=15, dims=2, window=11, interval=5, embed_dims=256, pre_norm=False)
    channels, width, levels = 30, 256, [256 * 2**i for i in range(5)]
    used = (
        9 * channels * width
        + 2 * width
        + (3 * channels + width) * width
        + width
        + 6 * channels
        + sum(12 * d * d + 13 * d + d * width + width for d in levels)
        + sum(2 * d * d + 2 * d for d in levels[:-1])
        + 5 * (16 * width**2 + 19 * width)
        + 2 * width
        + 2 * (width * channels + channels)
    )
    assert sum(parameter.numel() for parameter in model.parameters()) == used
    assert 280e6 < used < 290e6


@pytest.mark.parametrize('interval, window, read', [(5, 11, [0, 1, 4, 5, 6, 9, 10]), (1, 5, [0, 1, 2, 3, 4])])
def test_reads_three_frames_around_every_sampled_one(interval, window, read):
    keypoints = torch.randn(1, window, 6, requires_grad=True)
    small(interval=interval, window=window)(keypoints).final.sum().backward()
    assert keypoints.grad.abs().sum(dim=(0, 2)).nonzero().flatten().tolist() == read


@pytest.mark.parametrize('self_mask, expected', [(True, [5.0, 4.0, 3.0]), (False, [4.0, 4.0, 4.0])])
def test_self_mask_keeps_a_frame_from_attending_to_itself(self_mask, expected):
    model = small(self_mask=self_mask, window=3, interval=1)
    attention = model.levels[0].attention
    with torch.no_grad():  # equal scores everywhere, values handed through: a plain mean
        attention.in_proj.weight.zero_()
        attention.in_proj.weight[16:] = torch.eye(8)
        attention.out_proj.weight.copy_(torch.eye(8))
    x = torch.tensor([2.0, 4.0, 6.0])[None, :, None].expand(1, 3, 8)
    mean = attention.attend_self(x, model.positions_8, mask=model._identity_mask(3, 1))
    torch.testing.assert_close(mean[0, :, 0], torch.tensor(expected))


def test_zero_init_starts_as_the_identity():
    keypoints = torch.randn(2, 11, 6)
    output = small(interval=1, zero_init=True)(keypoints)
    torch.testing.assert_close(output.final, keypoints)
    torch.testing.assert_close(output.refined, keypoints)


def test_zero_init_interpolates_between_sampled_frames():
    keypoints = torch.zeros(1, 11, 6)
    keypoints[:, 5], keypoints[:, 10] = 10.0, -10.0
    final = small(zero_init=True)(keypoints).final[0, :, 0]
    torch.testing.assert_close(final, torch.tensor([0.0, 2, 4, 6, 8, 10, 6, 2, -2, -6, -10]))


@pytest.mark.parametrize(
    'option', ['hierarchical', 'use_flow', 'use_neighbours', 'use_velocity', 'use_acceleration', 'motion_affine']
)
def test_ablations_take_weights_away_and_still_learn(option):
    full, without = small(), small(**{option: False})
    count, fewer = (sum(p.numel() for p in model.parameters()) for model in (full, without))
    assert fewer < count
    output = without(torch.randn(2, 11, 6))
    (output.final.square().mean() + output.refined.square().mean()).backward()
    assert all(parameter.grad is not None for parameter in without.parameters())


def test_no_motion_at_all_leaves_the_offsets_as_memory():
    model = small(use_velocity=False, use_acceleration=False)
    assert model.motion_embed.in_features == 8
    assert model(torch.randn(2, 11, 6)).final.shape == (2, 11, 6)


def test_scores_and_frame_rates_matter_when_switched_on():
    model = small(score_input=True, rate_input=True).eval()
    keypoints, scores, fps = torch.randn(2, 11, 6), torch.ones(2, 11, 3), torch.tensor([25.0, 25.0])
    reference = model(keypoints, scores, fps).final
    scores_changed = scores.clone()
    scores_changed[1, 5, 0] = 0.0
    difference = (model(keypoints, scores_changed, fps).final - reference).abs().amax(dim=(1, 2))
    assert difference[0] < 1e-6 < difference[1]
    fps_changed = torch.tensor([25.0, 100.0])
    difference = (model(keypoints, scores, fps_changed).final - reference).abs().amax(dim=(1, 2))
    assert difference[0] < 1e-6 < difference[1]


def test_windows_do_not_see_each_other():
    model = small().eval()
    keypoints = torch.randn(4, 11, 6)
    torch.testing.assert_close(model(keypoints).final[2:3], model(keypoints[2:3]).final, rtol=1e-5, atol=1e-6)


def test_learns_to_denoise():
    torch.manual_seed(0)
    model = small(window=17, interval=1, embed_dims=16, zero_init=True, self_mask=False)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    errors = []
    for _ in range(80):
        phase = torch.rand(32, 1, 1) * 6.28
        clean = torch.sin(phase + torch.linspace(0, 3, 17)[:, None] + torch.arange(6))
        output = model(clean + 0.2 * torch.randn_like(clean))
        loss = (output.final - clean).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        errors.append(loss.item())
    assert np.mean(errors[-5:]) < 0.5 * errors[0]


@pytest.mark.parametrize(
    'options, message',
    [
        ({'window': 10}, 'window 10 and interval 5'),
        ({'embed_dims': 10}, 'embed_dims 10'),
        ({'cross_mask': 'none'}, "'none'"),
        ({'num_levels': 0}, 'num_levels 0'),
    ],
)
def test_impossible_arguments_are_named(options, message):
    with pytest.raises(InputError, match=message):
        small(**options)


def test_wrong_inputs_are_named():
    with pytest.raises(InputError, match='keypoints'):
        small()(torch.zeros(1, 10, 6))
    with pytest.raises(InputError, match='scores'):
        small(score_input=True)(torch.zeros(1, 11, 6))
    with pytest.raises(InputError, match='fps'):
        small(rate_input=True)(torch.zeros(1, 11, 6))
    with pytest.raises(InputError, match='sampled_only'):
        small(cross_mask='plus-one')(torch.zeros(1, 11, 6), sampled_only=True)
