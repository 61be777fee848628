#!/usr/bin/env python3
"""MediaPipe Pose's own Python loop over a video: decode and pose, one person, nothing written.

A measuring stick, run in an environment of its own (`pip install mediapipe==0.10.21`).
Prints frames, seconds and processor seconds as JSON.
"""

import json
import sys
import time

import cv2
import mediapipe


def main() -> None:
    capture = cv2.VideoCapture(sys.argv[1])
    with mediapipe.solutions.pose.Pose(model_complexity=1) as pose:
        pose.process(cv2.cvtColor(capture.read()[1], cv2.COLOR_BGR2RGB))  # loads the graphs
        frames, wall, processor = 0, time.perf_counter(), time.process_time()
        while True:
            there, image = capture.read()
            if not there:
                break
            pose.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
            frames += 1
    print(
        json.dumps(
            dict(frames=frames, seconds=time.perf_counter() - wall, processor_seconds=time.process_time() - processor)
        )
    )


if __name__ == '__main__':
    main()
