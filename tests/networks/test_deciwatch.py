"""DeciWatch: shapes, what it reads, learning."""

import pytest
import torch

from pipeline.errors import InputError
from pipeline.networks import DeciWatch


def small(**options):
    torch.manual_seed(0)
    return DeciWatch(
        **{
            'num_keypoints': 3,
            'dims': 2,
            'window': 13,
            'interval': 4,
            'embed_dims': 16,
            'num_layers': 1,
            'dropout': 0.0,
            **options,
        }
    )


def test_reads_sampled_frames_only():
    keypoints = torch.randn(1, 13, 6, requires_grad=True)
    output = small()(keypoints)
    assert output.final.shape == output.refined.shape == (1, 13, 6)
    output.final.sum().backward()
    assert keypoints.grad.abs().sum(dim=(0, 2)).nonzero().flatten().tolist() == [0, 4, 8, 12]


def test_refined_poses_are_interpolated_between_sampled_frames():
    refined = small()(torch.randn(2, 13, 6)).refined
    torch.testing.assert_close(refined[:, 2], (refined[:, 0] + refined[:, 4]) / 2)


def test_learns_to_recover_skipped_frames_of_a_noisy_sine():
    model = small()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(150):
        phase = torch.rand(32, 1, 1) * 6.28
        clean = torch.sin(phase + torch.linspace(0, 4, 13)[:, None] + torch.arange(6))
        noisy = clean + 0.2 * torch.randn_like(clean)
        output = model(noisy)
        loss = (output.final - clean).abs().mean() + (output.refined - clean)[:, ::4].abs().mean()
        optimizer.zero_grad()
        loss.backward()
        assert all(parameter.grad is not None for parameter in model.parameters())
        optimizer.step()
    interpolated = model.upsample @ noisy[:, ::4]
    assert (output.final - clean).abs().mean() < 0.6 * (interpolated - clean).abs().mean()


def test_impossible_windows_are_named():
    with pytest.raises(InputError, match='window 12 and interval 4'):
        small(window=12)
    with pytest.raises(InputError, match='keypoints'):
        small()(torch.zeros(1, 12, 6))
