"""SmoothNet: shapes, independence of channels, learning."""

import pytest
import torch

from pipeline.errors import InputError
from pipeline.networks import SmoothNet


def small(**options):
    torch.manual_seed(0)
    return SmoothNet(
        **{'num_keypoints': 3, 'dims': 2, 'window': 16, 'embed_dims': 32, 'hidden_dims': 16, 'dropout': 0.0, **options}
    )


def test_parameters_of_the_published_size():
    model = SmoothNet(num_keypoints=17, dims=2, window=32)
    expected = (32 * 512 + 512) + 3 * (2 * 512 * 256 + 256 + 512) + (512 * 32 + 32)
    assert sum(parameter.numel() for parameter in model.parameters()) == expected


@pytest.mark.parametrize('motion_aware', [False, True])
def test_channels_do_not_mix_and_share_their_weights(motion_aware):
    model = small(motion_aware=motion_aware)
    keypoints = torch.randn(2, 16, 6)
    output = model(keypoints)
    assert output.final.shape == (2, 16, 6)
    swapped = model(keypoints.flip(2)).final.flip(2)
    torch.testing.assert_close(swapped, output.final)
    changed = keypoints.clone()
    changed[..., 0] += 1
    moved = (model(changed).final - output.final).abs().amax(dim=(0, 1))
    assert moved[0] > 1e-3 and moved[1:].max() < 1e-6


@pytest.mark.parametrize('motion_aware', [False, True])
def test_learns_to_denoise_a_sine(motion_aware):
    model = small(motion_aware=motion_aware)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(200):
        clean = torch.sin(torch.rand(32, 1, 6) * 6.28 + torch.linspace(0, 3, 16)[:, None])
        noisy = clean + 0.2 * torch.randn_like(clean)
        loss = (model(noisy).final - clean).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        assert all(parameter.grad is not None for parameter in model.parameters())
        optimizer.step()
    assert loss.item() < 0.5 * (noisy - clean).abs().mean().item()


def test_a_wrong_window_is_named():
    with pytest.raises(InputError, match='keypoints'):
        small()(torch.zeros(1, 15, 6))
