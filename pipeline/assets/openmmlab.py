"""Weights of OpenMMLab's model zoos, for the presets that are not embedded.

OpenMMLab's publishing tool writes the first eight hex digits of a file's SHA-256 into
its name; more is not published. The weights are Apache-2.0; the pictures that they were
trained on have terms of their own.
"""

import re

from pipeline.assets.asset import Asset

_MMPOSE = 'https://download.openmmlab.com/mmpose/v1'


def _zoo(name: str, url: str, origin: str) -> Asset:
    file = url.rpartition('/')[2]
    digits = re.search(r'-([0-9a-f]{8})(_\d{8})?\.pth$', file)[1]
    return Asset(name=name, file=file, licence='Apache-2.0', origin=origin, url=url, sha256_prefix=digits)


ASSETS = [
    _zoo(
        'rtmdet-m-person',
        f'{_MMPOSE}/projects/rtmposev1/rtmdet_m_8xb32-100e_coco-obj365-person-235e8209.pth',
        'RTMDet-m for people, OpenMMLab; trained on COCO and Objects365 (pictures for academic use)',
    ),
    _zoo(
        'rtmdet-nano-person',
        f'{_MMPOSE}/projects/rtmpose/rtmdet_nano_8xb32-100e_coco-obj365-person-05d8511e.pth',
        'RTMDet-nano for people, OpenMMLab; trained on COCO and Objects365 (pictures for academic use)',
    ),
    _zoo(
        'hrnet-w32-coco',
        f'{_MMPOSE}/body_2d_keypoint/topdown_heatmap/coco/'
        'td-hm_hrnet-w32_8xb64-210e_coco-256x192-81c58e40_20220909.pth',
        'HRNet-W32, 256x192, OpenMMLab; trained on COCO; AP 74.6 on COCO val with detected boxes',
    ),
    _zoo(
        'hrnet-w48-coco',
        f'{_MMPOSE}/body_2d_keypoint/topdown_heatmap/coco/'
        'td-hm_hrnet-w48_8xb32-210e_coco-384x288-c161b7de_20220915.pth',
        'HRNet-W48, 384x288, OpenMMLab; trained on COCO; AP 76.7 on COCO val with detected boxes',
    ),
    _zoo(
        'simplebaseline-r50-coco',
        f'{_MMPOSE}/body_2d_keypoint/topdown_heatmap/coco/td-hm_res50_8xb64-210e_coco-256x192-04af38ce_20220923.pth',
        'SimpleBaseline with ResNet-50, 256x192, OpenMMLab; trained on COCO; AP 71.8 on COCO val with detected boxes',
    ),
    _zoo(
        'rtmpose-m-body7',
        f'{_MMPOSE}/projects/rtmposev1/rtmpose-m_simcc-body7_pt-body7_420e-256x192-e48f03d0_20230504.pth',
        'RTMPose-m, 256x192, OpenMMLab; trained on seven data sets of bodies',
    ),
]
