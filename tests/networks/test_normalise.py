"""Missing joints filled in over time, and normalisers: what drops out, what stays, what is put back."""

import pytest
import torch

from pipeline.errors import InputError
from pipeline.networks.refiners.normalise import (
    FigureNormaliser,
    FixedNormaliser,
    ImageNormaliser,
    RootNormaliser,
    fill_missing,
)


@pytest.fixture
def keypoints():
    torch.manual_seed(0)
    return 300 + 80 * torch.randn(2, 1, 17, 2) + 5 * torch.randn(2, 9, 17, 2)


NAN = float('nan')
ALL = torch.ones(2, 17, dtype=torch.bool)


def test_place_and_size_of_the_figure_drop_out(keypoints):
    normaliser = FigureNormaliser()
    reference = normaliser.fit(keypoints, ALL).apply(keypoints)
    moved = keypoints * 3.7 + torch.tensor([1000.0, -200.0])
    torch.testing.assert_close(normaliser.fit(moved, ALL).apply(moved), reference, rtol=1e-4, atol=1e-4)
    assert reference.flatten(1, 2).median(dim=1).values.abs().max() < 1e-5
    assert 0.2 < reference.abs().mean() < 1.0


def test_one_wild_joint_hardly_moves_the_frame_of_reference(keypoints):
    before = FigureNormaliser().fit(keypoints, ALL)
    keypoints[:, 4, 10] += 5000
    after = FigureNormaliser().fit(keypoints, ALL)
    assert (after.offset - before.offset).abs().max() < 3  # px, of a figure of 300
    assert (after.scale / before.scale - 1).abs().max() < 0.02


def test_unknown_joints_are_left_out(keypoints):
    known = ALL.clone()
    known[:, 3] = False
    before = FigureNormaliser().fit(keypoints, known)
    keypoints[:, :, 3] = 0.0
    after = FigureNormaliser().fit(keypoints, known)
    assert torch.equal(before.offset, after.offset) and torch.equal(before.scale, after.scale)


@pytest.mark.parametrize('known', [0, 1])
def test_too_few_joints_give_a_finite_frame_of_reference(keypoints, known):
    mask = torch.zeros(2, 17, dtype=torch.bool)
    mask[:, :known] = True
    scaling = FigureNormaliser().fit(keypoints, mask)
    assert scaling.offset.isfinite().all() and (scaling.scale == 1).all()


def test_image_normaliser_divides_by_width_and_height(keypoints):
    size = torch.tensor([[640.0, 480.0], [1920.0, 1080.0]])
    normalised = ImageNormaliser().fit(keypoints, ALL, size).apply(keypoints)
    torch.testing.assert_close(normalised[1, 3, 5], keypoints[1, 3, 5] / size[1])
    with pytest.raises(InputError, match='image_size'):
        ImageNormaliser().fit(keypoints, ALL)


def test_root_normaliser_uses_each_own_root():
    torch.manual_seed(0)
    estimate, truth = torch.randn(2, 9, 17, 3) * 1000, torch.randn(2, 9, 17, 3) * 1000
    normaliser = RootNormaliser(root=[2, 3], unit=1000)
    scaling = normaliser.fit(estimate, ALL)
    relative = normaliser.fit_target(truth, scaling, torch.ones(2, 9, 17, dtype=torch.bool)).apply(truth)
    expected = (truth - (truth[:, :, 2] + truth[:, :, 3])[:, :, None] / 2) / 1000
    torch.testing.assert_close(relative, expected)
    torch.testing.assert_close(scaling.invert(scaling.apply(estimate)), estimate, rtol=1e-5, atol=1e-3)


def test_every_normaliser_inverts_itself(keypoints):
    size = torch.tensor([[640.0, 480.0], [1920.0, 1080.0]])
    for normaliser in (FigureNormaliser(), ImageNormaliser(), RootNormaliser(), FixedNormaliser(7.0)):
        scaling = normaliser.fit(keypoints, ALL, size)
        torch.testing.assert_close(scaling.invert(scaling.apply(keypoints)), keypoints, rtol=1e-5, atol=1e-3)


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
