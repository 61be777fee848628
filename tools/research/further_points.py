#!/usr/bin/env python3
"""How still and how consistent feet, hands and face are: raw, moved with their limb, and as they are written.

    smooth-poses views/cam0[1-4].mp4 --keypoints blazepose33 --scene single --no-video --out-dir OUT
    python tools/research/further_points.py OUT --shared ../shared

The views' reference has 17 points. Further ones are measured against what the four views say together: raw points,
triangulated, smoothed at 6 Hz, and projected into each view. That shares the estimator's bias, so that the distances
tell views apart, not truth; the accelerations do tell what trembles.
"""

import argparse
import sys
from pathlib import Path
from typing import Dict, List, Tuple

import cv2
import numpy as np
from scipy.signal import butter, sosfiltfilt

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from pipeline.errors import exit_cleanly  # noqa: E402
from pipeline.formats import read_poses_json  # noqa: E402
from pipeline.layouts import body_joints, carriers  # noqa: E402
from pipeline.skeletons import load_skeleton  # noqa: E402

SKELETON = load_skeleton('blazepose33')
GROUPS = {
    'feet': ('heel', 'foot_index'),
    'hands': ('pinky', 'left_index', 'right_index', 'thumb'),
    'face': ('inner', 'outer', 'mouth'),
    'ankles': ('ankle',),
    'wrists': ('wrist',),
}


def read_views(folder: Path, cameras: Dict[str, np.ndarray]) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Raw and written keypoints ``(T, V, 33, 2)`` px and scores ``(T, V, 33)`` of the man in the views."""
    rows, reference = body_joints(SKELETON), cameras['reproj_smooth']
    shape = (*reference.shape[:2], SKELETON.num_keypoints)
    raw, written, scores = np.full((*shape, 2), np.nan), np.full((*shape, 2), np.nan), np.zeros(shape)
    for view in range(shape[1]):
        poses = read_poses_json(folder / f'cam0{view + 1}_poses.json')
        people = {frame.index: frame.people for frame in poses.frames}
        for t, index in enumerate(cameras['video_frame'][:, view].tolist()):
            here = people.get(index)
            if here is None or not len(here):
                continue
            away = np.nanmedian(np.linalg.norm(here.keypoints_raw[:, rows] - reference[t, view], axis=2), axis=1)
            who = int(np.argmin(away))
            if away[who] < 60:  # px; else it is the person in the background
                raw[t, view], written[t, view] = here.keypoints_raw[who], here.keypoints[who]
                scores[t, view] = here.keypoint_scores[who]
    return raw, written, scores


def triangulated(points: np.ndarray, weights: np.ndarray, cameras: Dict[str, np.ndarray]) -> np.ndarray:
    """``(T, J, 3)`` m of ``(T, V, J, 2)`` px by the direct linear transform, weighted by scores ``(T, V, J)``."""
    frames, views, joints, _ = points.shape
    out, equations = np.full((frames, joints, 3), np.nan), np.zeros((frames, joints, views, 2, 4))
    for v in range(views):
        matrix = cameras['K'][v] @ np.column_stack([cameras['R'][v], cameras['T'][v]])
        flat = points[:, v].reshape(-1, 1, 2)
        straight = cv2.undistortPoints(flat, cameras['K'][v], cameras['dist'][v], P=cameras['K'][v])
        straight = straight.reshape(frames, joints, 2, 1)
        rows = (straight * matrix[2] - matrix[:2]) * weights[:, v, :, None, None]
        equations[:, :, v] = np.where(np.isfinite(rows), rows, 0)
    enough = (np.abs(equations).sum(axis=(3, 4)) > 0).sum(axis=2) >= 2
    solution = np.linalg.svd(equations.reshape(frames, joints, -1, 4))[2][..., -1, :]
    out[enough] = (solution[..., :3] / solution[..., 3:])[enough]
    return out


def projected_reference(points: np.ndarray, scores: np.ndarray, cameras: Dict[str, np.ndarray]) -> np.ndarray:
    """Where the views together say that points are, smooth: ``(T, V, J, 2)`` px."""
    world = triangulated(points, scores, cameras)
    frames = np.arange(len(world))
    sections = butter(2, 6 / (float(cameras['fps']) / 2), output='sos')
    for column in world.reshape(len(world), -1).T:
        known = np.isfinite(column)
        column[:] = sosfiltfilt(sections, np.interp(frames, frames[known], column[known]))
    views: List[np.ndarray] = []
    for v in range(points.shape[1]):
        camera = (cv2.Rodrigues(cameras['R'][v])[0], cameras['T'][v], cameras['K'][v], cameras['dist'][v])
        views.append(cv2.projectPoints(world.reshape(-1, 1, 3), *camera)[0].reshape(*world.shape[:2], 2))
    return np.stack(views, axis=1)


def acceleration(points: np.ndarray) -> float:
    """Mean length of the second difference, px/frame²."""
    return float(np.nanmean(np.linalg.norm(np.diff(points, n=2, axis=0), axis=-1)))


@exit_cleanly
def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path, help='with cam01_poses.json … of the four views')
    parser.add_argument('--shared', type=Path, required=True, help='folder with the reference of the views')
    arguments = parser.parse_args()
    cameras = dict(np.load(arguments.shared / 'data' / 'multiview' / 'single.npz'))
    raw, written, scores = read_views(arguments.folder, cameras)
    hangs_on, rows = carriers(SKELETON), body_joints(SKELETON)
    moved = raw + hangs_on @ (written[:, :, rows] - raw[:, :, rows])
    print('| points | of | median, p90 px from what the views say together | acceleration px/frame² |')
    print('| --- | --- | --- | --- |')
    for group, words in GROUPS.items():
        joints = [k for k, name in enumerate(SKELETON.names) if any(word in name for word in words)]
        reference = projected_reference(raw[:, :, joints], scores[:, :, joints], cameras)
        for name, points in (('raw', raw), ('moved with the limb', moved), ('written', written)):
            away = np.linalg.norm(points[:, :, joints] - reference, axis=-1)
            median, p90 = np.nanpercentile(away, (50, 90))
            print(f'| {group} | {name} | {median:.1f}, {p90:.1f} | {acceleration(points[:, :, joints]):.2f} |')
        print(f'| {group} | the views together | | {acceleration(reference):.2f} |', flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
