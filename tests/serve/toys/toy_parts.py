"""Finds bright blocks in dark pictures, and spreads joints over them."""

import time

import cv2
import numpy as np

from pipeline.registry import DETECTORS, ESTIMATORS
from pipeline.skeletons import load_skeleton
from pipeline.types import Detections, People


@DETECTORS.register_module()
class BrightBlocks:
    def __init__(self, seconds: float = 0.0):
        self.seconds = seconds  # that each frame takes

    def detect(self, frames):
        return [self._boxes(frame.image) for frame in frames]

    def _boxes(self, image):
        time.sleep(self.seconds)
        _, _, stats, _ = cv2.connectedComponentsWithStats((image[..., 1] > 150).astype(np.uint8))
        boxes = np.array([[x, y, x + w, y + h] for x, y, w, h, area in stats[1:] if area > 100], np.float32)
        return Detections(boxes.reshape(-1, 4), np.full(len(boxes), 0.9, np.float32))


@ESTIMATORS.register_module()
class Spread:
    frame_offsets = (0,)

    def __init__(self):
        self.skeleton = load_skeleton('coco')
        self.spots = np.random.default_rng(1).random((17, 2)).astype(np.float32)

    def estimate(self, windows, detections):
        return [
            People(
                found.bboxes,
                found.scores,
                found.bboxes[:, None, :2] + (found.bboxes[:, 2:] - found.bboxes[:, :2])[:, None] * self.spots,
                np.full((len(found), 17), 0.9, np.float32),
            )
            for found in detections
        ]
