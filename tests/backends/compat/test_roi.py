"""Pooling of regions through mmcv's modules, against hand-computed answers and numerical gradients."""

import pytest
import torch
from mmcv.ops import RoIAlign, RoIPool, roi_align, roi_pool
from torch.autograd import gradcheck

# a plane: value 10 y + x at pixel (y, x), so that bilinear sampling is exact everywhere inside
PLANE = (10 * torch.arange(8.0)[:, None] + torch.arange(8.0)).view(1, 1, 8, 8)


def test_roi_align_averages_samples_of_each_bin():
    # aligned: pixel centres lie at +0.5, so the box (1, 2)-(5, 6) spans 0.5..4.5 by 1.5..5.5;
    # the centres of its four 2x2 bins: x 1.5, 3.5; y 2.5, 4.5
    pooled = RoIAlign(2, sampling_ratio=2)(PLANE, torch.tensor([[0.0, 1, 2, 5, 6]]))
    torch.testing.assert_close(pooled[0, 0], torch.tensor([[26.5, 28.5], [46.5, 48.5]]))


def test_roi_align_of_old_without_half_a_pixel():
    pooled = RoIAlign(2, sampling_ratio=2, aligned=False)(PLANE, torch.tensor([[0.0, 1, 2, 5, 6]]))
    torch.testing.assert_close(pooled[0, 0], torch.tensor([[32.0, 34.0], [52.0, 54.0]]))


def test_roi_align_scale_and_image_index():
    images = torch.cat([PLANE, PLANE + 100])
    pooled = RoIAlign((1, 2), spatial_scale=0.5, sampling_ratio=0)(images, torch.tensor([[1.0, 2, 4, 10, 12]]))
    torch.testing.assert_close(pooled[0, 0], torch.tensor([[136.5, 138.5]]))


@pytest.mark.parametrize('aligned', [True, False])
@pytest.mark.parametrize('sampling_ratio', [0, 2])
def test_roi_align_gradient(aligned, sampling_ratio):
    features = torch.randn(2, 3, 6, 7, dtype=torch.float64, requires_grad=True)
    rois = torch.tensor([[0, 0.3, 0.7, 4.1, 5.2], [1, 2.2, 1.1, 6.4, 3.9], [0, -2, -2, 9, 9]], dtype=torch.float64)
    assert gradcheck(lambda x: roi_align(x, rois, (3, 2), 0.9, sampling_ratio, 'avg', aligned), features)


def test_roi_align_by_maximum_says_that_it_is_absent():
    with pytest.raises(NotImplementedError, match="pool_mode='max'"):
        RoIAlign(2, pool_mode='max')(PLANE, torch.tensor([[0.0, 1, 2, 5, 6]]))


def test_roi_pool_takes_the_largest_value_of_each_bin():
    # the box covers pixels 1..4 by 2..5 (both ends included): bins of 2x2 pixels
    pooled = RoIPool(2)(PLANE, torch.tensor([[0.0, 1, 2, 4, 5]]))
    torch.testing.assert_close(pooled[0, 0], torch.tensor([[32.0, 34.0], [52.0, 54.0]]))


def test_roi_pool_gradient():
    torch.manual_seed(0)
    features = torch.randn(2, 3, 6, 7, dtype=torch.float64, requires_grad=True)
    rois = torch.tensor([[0, 0, 1, 4, 5], [1, 2, 1, 6, 3], [1, 0, 0, 5, 5]], dtype=torch.float64)
    assert gradcheck(lambda x: roi_pool(x, rois, (2, 3), 1.0), features)
