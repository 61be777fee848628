import numpy as np
import pytest
import torch

from pipeline.backends.checkpoint import load_model, save_model
from pipeline.errors import InputError
from pipeline.networks.lifters.keypoint_lifter import KeypointLifter

SIZES = dict(num_keypoints=3, num_joints=4, width=32, dropout=0.0)


def test_it_learns_to_undo_a_projection():
    torch.manual_seed(0)
    lifter = KeypointLifter(**SIZES)
    optimizer = torch.optim.Adam(lifter.parameters(), 3e-3)
    keypoints = torch.rand(256, 3, 2) * 1000
    target = torch.cat([torch.zeros(256, 1, 3), (keypoints - 500) @ torch.tensor([[1.0, 0, 0.5], [0, 1, -0.5]])], 1)
    losses = []
    for _ in range(150):
        loss = lifter({'keypoints': keypoints}, {'target': target}, mode='loss')['loss_mpjpe']
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    # in metres: the targets are about 0.4 m from the root
    assert losses[0] > 0.3 and losses[-1] < 0.1
    lifted = lifter.lift(keypoints.numpy(), batch_size=100)
    assert (lifted[:, 0] == 0).all()
    assert np.linalg.norm(lifted - target.numpy(), axis=-1).mean() < 150  # mm


def test_frames_do_not_see_each_other():
    lifter = KeypointLifter(**SIZES)
    keypoints = np.random.default_rng(0).normal(size=(6, 3, 2)).astype(np.float32)
    assert lifter.lift(keypoints)[2:3] == pytest.approx(lifter.lift(keypoints[2:3]), abs=1e-2)


def test_the_file_builds_it_again(tmp_path):
    lifter = KeypointLifter(**SIZES).eval()
    save_model(tmp_path / 'lifter.pth', {'type': 'KeypointLifter', **SIZES}, lifter.state_dict())
    again, _ = load_model(tmp_path / 'lifter.pth', KeypointLifter)
    keypoints = np.random.default_rng(1).normal(size=(5, 3, 2)).astype(np.float32)
    assert np.array_equal(lifter.lift(keypoints), again.lift(keypoints))


def test_errors():
    lifter = KeypointLifter(**SIZES)
    with pytest.raises(InputError, match=r'takes \(N, 3, 2\)'):
        lifter({'keypoints': torch.zeros(5, 4, 2)})
    with pytest.raises(InputError, match='not a number'):
        lifter.lift(np.full((2, 3, 2), np.nan))
    with pytest.raises(InputError, match='2 names for 3 joints'):
        KeypointLifter(**SIZES, keypoint_names=['a', 'b'])
    with pytest.raises(ValueError, match="'guess'"):
        lifter({'keypoints': torch.zeros(5, 3, 2)}, mode='guess')


@pytest.mark.parametrize('kind', [torch.float16, torch.bfloat16])
def test_half_precision_moves_no_target(kind):
    """A step of 0.1 mm in the truth is a step of 0.1 mm in the loss."""
    torch.manual_seed(0)
    lifter = KeypointLifter(**SIZES).eval()
    keypoints, near = torch.rand(8, 3, 2), torch.tensor([900.0, 0.0, 0.0]).expand(8, 4, 3)
    with torch.autocast('cpu', dtype=kind):
        first, second = (
            lifter({'keypoints': keypoints}, {'target': truth}, mode='loss')['loss_mpjpe']
            for truth in (near, near + torch.tensor([0.1, 0.0, 0.0]))
        )
    assert float((second - first).abs().detach()) == pytest.approx(9e-5, rel=0.2)
