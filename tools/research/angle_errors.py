#!/usr/bin/env python3
"""How right angles and their speeds are, against the views' reference projected into each view.

    python tools/research/angle_errors.py FOLDER --shared ../shared

FOLDER has cam01_poses.json … of the four views, written with --keypoints blazepose33.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from pipeline.errors import exit_cleanly  # noqa: E402
from pipeline.kinematics import angles_of, angular_speed, body_angles, facing  # noqa: E402
from pipeline.kinematics.angles import wrapped  # noqa: E402
from pipeline.layouts import body_joints  # noqa: E402
from pipeline.skeletons import load_skeleton  # noqa: E402
from tools.research.further_points import SKELETON, read_views  # noqa: E402


@exit_cleanly
def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path)
    parser.add_argument('--shared', type=Path, required=True, help='folder with the reference of the views')
    arguments = parser.parse_args()
    cameras = dict(np.load(arguments.shared / 'data' / 'multiview' / 'single.npz'))
    raw, written, _ = read_views(arguments.folder, cameras)
    coco, rows = load_skeleton('coco'), body_joints(SKELETON)
    times = np.arange(len(raw)) / float(cameras['fps'])
    names = [angle.name.rpartition('_')[2] for angle in angles_of(coco)]
    print('| angle | before the refiner: median, p90 °; speed °/s | written |\n| --- | --- | --- |')
    errors: dict = {}
    for view in range(raw.shape[1]):
        towards = facing(SKELETON, written[:, view], times)
        truth = body_angles(coco, cameras['reproj_smooth'][:, view], towards)
        for what, poses in (('raw', raw), ('written', written)):
            angles = body_angles(coco, poses[:, view][:, rows], towards)
            speeds = angular_speed(angles, times) - angular_speed(truth, times)
            for a, name in enumerate(names):
                errors.setdefault((name, what), []).append(
                    (np.abs(wrapped(angles - truth))[:, a], np.abs(speeds)[:, a])
                )
    for name in dict.fromkeys(names):
        cells = []
        for what in ('raw', 'written'):
            angle, speed = (np.concatenate(part) for part in zip(*errors[name, what]))
            median, p90 = np.nanpercentile(angle, (50, 90))
            cells.append(f'{median:.1f}, {p90:.0f}; {np.nanmedian(speed):.0f}')
        print(f'| {name} | {cells[0]} | {cells[1]} |')
    return 0


if __name__ == '__main__':
    sys.exit(main())
