"""Missing joints filled in over time, on numbers worked out by hand."""

import torch

from pipeline.networks.refiners.missing import fill_missing

NAN = float('nan')


def fill(*values):
    """One joint of one coordinate; NaN where it is not seen."""
    track = torch.tensor(values)[None, :, None, None]
    return fill_missing(track, track[..., 0].isfinite()).flatten().tolist()


def test_gaps_are_bridged_linearly():
    assert fill(1.0, NAN, NAN, 4.0, NAN, 8.0) == [1, 2, 3, 4, 6, 8]


def test_ends_hold_the_nearest_sight():
    assert fill(NAN, NAN, 3.0, 5.0, NAN) == [3, 3, 3, 5, 5]


def test_a_joint_never_seen_becomes_zero():
    assert fill(NAN, NAN) == [0, 0]


def test_joints_and_windows_are_filled_apart():
    torch.manual_seed(0)
    keypoints, seen = torch.randn(3, 9, 4, 2), torch.rand(3, 9, 4) > 0.4
    filled = fill_missing(keypoints, seen)
    assert torch.equal(filled[seen], keypoints[seen])
    for b in range(3):
        for k in range(4):
            alone = fill_missing(keypoints[b : b + 1, :, k : k + 1], seen[b : b + 1, :, k : k + 1])
            assert torch.equal(alone[0, :, 0], filled[b, :, k])
