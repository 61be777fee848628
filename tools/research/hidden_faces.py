"""How many faces would show if the detector had missed people: poses of real clips, with holes made in them.

    python tools/research/hidden_faces.py output/*_poses.json

Everybody is taken out of windows of some length, one after another over the clip; what
``--blur-faces`` would hide is found from the rest; and a face shows in a frame if any of its joints of score 0.3
and more lies outside every circle. The poses themselves are taken for true.
"""

import argparse
import sys
from pathlib import Path
from typing import List, Tuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pipeline.formats import PoseFile, read_poses_json  # noqa: E402
from pipeline.people import HeadLog  # noqa: E402
from pipeline.people.heads import FACE  # noqa: E402
from pipeline.types import Frame, FrameResult  # noqa: E402

WINDOWS = (0.0, 0.2, 0.5, 1.0, 2.0)  # seconds without anybody
LEAST_SCORE = 0.3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('poses', nargs='+', type=Path)
    args = parser.parse_args()
    print('| clip | ' + ' | '.join(f'{window:g} s' for window in WINDOWS) + ' |')
    print('| --- |' + ' --- |' * len(WINDOWS))
    for path in args.poses:
        poses = read_poses_json(path)
        counts = [shown(poses, window) for window in WINDOWS]
        print(f'| {path.stem} | ' + ' | '.join(f'{faces} of {total}' for faces, total in counts) + ' |')
    return 0


def shown(poses: PoseFile, window: float) -> Tuple[int, int]:
    """Faces that show, and faces, in the frames taken out; of all frames for a window of 0."""
    assert poses.skeleton is not None
    times = np.array([frame.time for frame in poses.frames])
    visible = total = 0
    for start in np.arange(times[0], times[-1], window) if window else [np.inf]:
        out = (times >= start) & (times < start + window)
        log = HeadLog()
        for frame, gone in zip(poses.frames, out):
            if not gone:
                log.note(FrameResult(Frame(frame.index, frame.time, np.zeros((1, 1, 3))), frame.people), poses.skeleton)
        circles = log.circles(times)
        for position in np.flatnonzero(out) if window else range(len(times)):
            for face in faces_of(poses, position):
                away = np.linalg.norm(face[:, None] - circles[position][None, :, :2], axis=2)
                visible += not (away <= circles[position][None, :, 2]).any(axis=1).all()
                total += 1
    return visible, total


def faces_of(poses: PoseFile, position: int) -> List[np.ndarray]:
    """For each person the face's sure joints ``(N, 2)``, of those seen there and not carried."""
    assert poses.skeleton is not None
    joints = [k for k, name in enumerate(poses.skeleton.names) if name in FACE]
    people = poses.frames[position].people
    found = []
    for points, scores, filled in zip(people.keypoints, people.keypoint_scores, people.filled):
        sure = [k for k in joints if scores[k] >= LEAST_SCORE]
        if sure and not filled:
            found.append(points[sure])
    return found


if __name__ == '__main__':
    sys.exit(main())
