"""BlazePose here and in MediaPipe, in the same squares of the same pictures.

``tests/fixtures/mediapipe_landmarks.json`` is what MediaPipe 0.10.21 says of frames of the sample clip
(tools/research/mediapipe_landmarks.py). The graph is the same file; what can differ is how the square is
cut, how heat maps refine landmarks, and where pixels have their centres.
"""

import json

import numpy as np
import pytest

from pipeline.assets import fetch
from pipeline.backends.openvino_network import OpenVINONetwork
from pipeline.errors import InputError
from pipeline.networks.estimators.blazepose.crop import Crop
from pipeline.networks.estimators.blazepose.landmarks import landmarks
from pipeline.video import open_source

SIZE = 256


@pytest.fixture(scope='module')
def apart(repository):
    """Distances of both, px of the network's input: ``(frames, 33, 2)``."""
    try:
        clip = str(fetch('sample-clip'))
        network = OpenVINONetwork(str(fetch('blazepose-full')), outputs=(0, 1, 3), precision='f32')
    except InputError as error:
        pytest.skip(str(error))
    theirs = json.loads((repository / 'tests' / 'fixtures' / 'mediapipe_landmarks.json').read_text())['frames']
    looks = {look['frame']: look for look in theirs}
    distances = []
    with open_source(clip, end=f'{max(looks) + 1}f') as source:
        for frame in source:
            if frame.index in looks:
                look = looks[frame.index]
                crop = Crop(np.array(look['centre']) - 0.5, look['side'] / 2, look['angle'])
                outputs = network((crop.cut(frame, SIZE) * np.float32(1 / 255))[None])
                ours = crop.to_frame(landmarks(outputs, SIZE)[:33, :2] - 0.5, SIZE)
                distances.append((ours - (np.array(look['landmarks']) - 0.5)) * SIZE / look['side'])
    return np.array(distances)


def test_most_landmarks_agree_to_a_pixel(apart):
    """Not all: a joint in the dark moves by many pixels when the picture is sampled a little differently."""
    assert len(apart) == 8
    distance = np.linalg.norm(apart, axis=2)
    assert np.median(distance) < 1
    assert (np.median(distance, axis=1) < 1.5).all()
    assert np.mean(distance < 3) > 0.8


def test_there_is_no_common_shift(apart):
    """Half a cell of the heat map, or half a pixel, would show in the mean of all."""
    assert np.abs(np.median(apart, axis=(0, 1))).max() < 0.4
