#!/usr/bin/env python3
"""How right metres are on the calibrated views, against the reference in 3D, for each camera alone.

    python tools/research/metre_errors.py FOLDER --shared ../shared

FOLDER has cam01_poses.json … of the four views, written with --keypoints blazepose33. The truth is the reference in
metres as seen in the plane that is meant: that of the picture for a stated height, the upright one that faces
the camera for a calibration. The stature stated is the one that fits the reference's own segments.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from pipeline.errors import exit_cleanly  # noqa: E402
from pipeline.kinematics.metres import ANKLE_TO_SHOULDER, Camera, MetreOptions, MetreScale  # noqa: E402
from pipeline.layouts import body_joints  # noqa: E402
from pipeline.types import People  # noqa: E402
from tools.research.further_points import SKELETON, read_views  # noqa: E402

# pairs of COCO's joints, left and right
SEGMENTS = {
    'shank': ((13, 15), (14, 16)),
    'thigh': ((11, 13), (12, 14)),
    'arm': ((5, 7), (6, 8)),
    'forearm': ((7, 9), (8, 10)),
}


def lengths(points: np.ndarray, pairs) -> np.ndarray:
    return np.concatenate([np.linalg.norm(points[:, a] - points[:, b], axis=-1) for a, b in pairs])


def hips(points: np.ndarray) -> np.ndarray:
    return (points[:, 11] + points[:, 12]) / 2


def stature(world: np.ndarray) -> float:
    """The height that fits ``(T, 17, 3)`` m."""
    trunk = np.linalg.norm(hips(world) - (world[:, 5] + world[:, 6]) / 2, axis=1).mean()
    return (
        lengths(world, SEGMENTS['shank']).mean() + lengths(world, SEGMENTS['thigh']).mean() + trunk
    ) / ANKLE_TO_SHOULDER


@exit_cleanly
def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path)
    parser.add_argument('--shared', type=Path, required=True, help='folder with the reference of the views')
    arguments = parser.parse_args()
    cameras = dict(np.load(arguments.shared / 'data' / 'multiview' / 'single.npz'))
    _, written, scores = read_views(arguments.folder, cameras)
    world, rate, rows = cameras['points3d_smooth'], float(cameras['fps']), body_joints(SKELETON)
    print(f'stature {stature(world):.2f} m')
    print('| camera | by | shank, thigh, arm, forearm: median error | hip speed: median, p90 error m/s (of) |')
    print('| --- | --- | --- | --- |')
    for view in range(written.shape[1]):
        camera = Camera(*(cameras[name][view] for name in ('K', 'dist', 'R', 'T')))
        ahead = camera.R[2] * [1, 1, 0] / np.linalg.norm(camera.R[2, :2])
        walls = dict(height=(world @ camera.R.T + camera.T)[..., :2] * [1, -1])
        walls['calibration'] = np.stack([world @ np.cross(ahead, [0, 0, 1]), world[..., 2]], axis=-1)
        options = dict(height=MetreOptions(person_height=stature(world)), calibration=MetreOptions(camera=camera))
        for how, truth in walls.items():
            scale = MetreScale(options[how], SKELETON, int(cameras['image_size'][view][1]))
            for pose, sure in zip(written[:, view], scores[:, view]):
                if np.isfinite(pose).all():
                    box = np.concatenate([pose.min(axis=0), pose.max(axis=0)])[None]
                    scale.add(People(box, np.ones(1), pose[None], sure[None], np.ones(1, np.int64)))
            found = scale.plane(1).metres(written[:, view])[:, rows]
            errors = [
                f'{100 * np.nanmedian(lengths(found, pairs) / lengths(truth, pairs) - 1):+.0f} %'
                for pairs in SEGMENTS.values()
            ]
            speeds = [np.linalg.norm(np.gradient(hips(p), 1 / rate, axis=0), axis=1) for p in (found, truth)]
            median, p90 = np.nanpercentile(np.abs(speeds[0] - speeds[1]), (50, 90))
            print(
                f'| {view + 1} | {how} | {", ".join(errors)} | {median:.2f}, {p90:.2f} ({np.median(speeds[1]):.2f}) |'
            )
    return 0


if __name__ == '__main__':
    sys.exit(main())
