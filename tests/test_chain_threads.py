"""How a chain shares the cores between its networks."""

import pytest
import torch
from torch import nn

from pipeline.pipeline import VideoPipeline
from pipeline.refine import build_refiner
from pipeline.skeletons import load_skeleton
from pipeline.tracking import PoseTracker
from pipeline.types import Detections, People

SKELETON = load_skeleton('coco')


class Detector:
    def detect(self, frames):
        self.threads = torch.get_num_threads()
        return [Detections.empty() for _ in frames]


class Estimator:
    frame_offsets, skeleton = (0,), SKELETON

    def __init__(self, parameters=None):
        if parameters is not None:
            self.model = nn.Module()
            self.model.weight = nn.Parameter(torch.empty(parameters, device='meta'))

    def estimate(self, windows, detections):
        self.threads = torch.get_num_threads()
        return [People.empty(17) for _ in detections]


@pytest.mark.parametrize(
    'parameters, overlap, shares',
    [(None, True, (2, 2)), (10**6, True, (2, 2)), (28 * 10**6, True, (2, 4)), (28 * 10**6, False, (4, 4))],
)
def test_large_estimators_get_all_cores(parameters, overlap, shares, monkeypatch, tmp_path):
    import cv2

    monkeypatch.setattr('pipeline.backends.threads.available_cores', lambda: 4)
    for i in range(3):
        cv2.imwrite(str(tmp_path / f'{i}.png'), torch.zeros(16, 16, 3, dtype=torch.uint8).numpy())
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        chain = VideoPipeline(
            Detector(),
            Estimator(parameters),
            PoseTracker(SKELETON.sigmas),
            build_refiner('none', SKELETON),
            overlap=overlap,
        )
        assert len(list(chain.results(str(tmp_path)))) == 3
        assert (chain.detector.threads, chain.estimator.threads) == shares
        assert torch.get_num_threads() == 4
    finally:
        torch.set_num_threads(before)
