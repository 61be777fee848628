#!/usr/bin/env python3
"""What MediaPipe Pose says of some frames of a video, and in which square it looked.

    python mediapipe_landmarks.py VIDEO OUT.json 21 41 …

A measuring stick, run in an environment of its own (`pip install mediapipe==0.10.21`); it made
tests/fixtures/mediapipe_landmarks.json. Each frame's square is the one that MediaPipe took from the
landmarks of the frame before; smoothing is off.
"""

import json
import sys

import cv2
import numpy as np
from mediapipe.python.solution_base import SolutionBase

GRAPH = 'mediapipe/modules/pose_landmark/pose_landmark_cpu.binarypb'
OPTIONS = dict(
    model_complexity=1,
    smooth_landmarks=False,
    enable_segmentation=False,
    smooth_segmentation=False,
    use_prev_landmarks=True,
)


def main() -> None:
    video, out, *wanted = sys.argv[1:]
    chosen = set(map(int, wanted))
    capture, frames, square = cv2.VideoCapture(video), [], None
    with SolutionBase(GRAPH, side_inputs=OPTIONS, outputs=['pose_landmarks', 'pose_rect_from_landmarks']) as pose:
        for index in range(max(chosen) + 1):
            there, image = capture.read()
            assert there, f'{video} has {index} frames only'
            height, width = image.shape[:2]
            found = pose.process({'image': np.ascontiguousarray(image[..., ::-1])})
            if index in chosen and square is not None and found.pose_landmarks:
                points = [(mark.x * width, mark.y * height) for mark in found.pose_landmarks.landmark]
                frames.append(
                    dict(
                        frame=index,
                        centre=[square.x_center * width, square.y_center * height],
                        side=square.width * width,
                        angle=square.rotation,
                        landmarks=[[round(x, 3), round(y, 3)] for x, y in points],
                    )
                )
            square = found.pose_rect_from_landmarks
    with open(out, 'w', encoding='utf-8') as file:
        json.dump(dict(note='px, (0, 0) is the corner of the picture', frames=frames), file)


if __name__ == '__main__':
    main()
