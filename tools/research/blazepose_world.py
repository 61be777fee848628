"""Whether BlazePose's own points in metres are a second opinion worth having: alone, and averaged with the lifter's.

    tools/research/blazepose_world.py --shared ../shared --poses FOLDER --lifter pipeline/weights/lifter_coco17.pth

FOLDER holds the chain's cam01_poses.json …, whose poses say where to cut the crops. The graph's fifth output is turned
from the crop into the camera's frame, by the crop's angle and the direction of its centre, and smoothed as the lifter's
answers are. Both are brought to one size before they are averaged.
"""

import argparse
import sys
from pathlib import Path
from typing import Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402
import torch  # noqa: E402

from pipeline.backends.openvino_network import OpenVINONetwork  # noqa: E402
from pipeline.errors import exit_cleanly  # noqa: E402
from pipeline.lift.camera import PinholeCamera  # noqa: E402
from pipeline.lift.lifting import Lifting, load_lifter, smooth  # noqa: E402
from pipeline.networks.estimators.blazepose.crop import Crop  # noqa: E402
from pipeline.networks.estimators.blazepose.landmarks import COCO_LANDMARKS  # noqa: E402
from pipeline.networks.lifters.temporal_lifter import turned_to_trunk  # noqa: E402
from pipeline.video import open_source  # noqa: E402
from tools.research.evaluate_3d_views import main_track, measure, print_row  # noqa: E402


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--shared', type=Path, required=True)
    parser.add_argument('--poses', type=Path, required=True)
    parser.add_argument('--lifter', type=Path, required=True)
    return parser.parse_args(arguments)


def world_points(clip: Path, indices: np.ndarray, keypoints: np.ndarray, scores: np.ndarray, camera: PinholeCamera):
    """BlazePose's points ``(T, 17, 3)`` m in the camera's frame, relative to the hips' middle."""
    network = OpenVINONetwork(model_path='asset:blazepose-full', num_threads=1, outputs=(0, 1, 4))
    rows = dict(zip(indices.tolist(), range(len(indices))))
    points = np.full((len(indices), 17, 3), np.nan)
    with open_source(str(clip)) as source:
        for frame in source:
            if frame.index not in rows:
                continue
            row = rows[frame.index]
            crop = Crop.around_pose(keypoints[row], scores[row], 1.25)
            picture = frame.warped(crop.matrix(256), 256, 256)
            if network.dtype == np.float32:
                picture = picture * np.float32(1 / 255)
            outputs = network(np.ascontiguousarray(picture[None]))
            world = next(o for o in outputs if o.size == 117).reshape(39, 3)[list(COCO_LANDMARKS)]
            cos, sin = np.cos(crop.angle), np.sin(crop.angle)
            points[row] = world @ np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]).T
    rays = torch.from_numpy(camera.rays(keypoints))[None]
    turn = turned_to_trunk(rays, torch.ones(rays.shape[:3]), [5, 6, 11, 12])[1][0].numpy()
    points = points @ turn
    return points - points[:, 11:13].mean(1, keepdims=True)


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = parse_arguments(arguments)
    data = np.load(options.shared / 'data' / 'multiview' / 'single.npz')
    lifter = load_lifter(options.lifter)
    rows: dict = {}
    for c in range(4):
        frames = data['video_frame'][:, c]
        found = main_track(options.poses / f'cam0{c + 1}_poses.json', data['reprojsmooth'][:, c], frames)
        indices, keypoints, scores, times, _, size = found
        camera = PinholeCamera.of_picture(*size)
        clip = options.shared / 'video' / 'multiview_single' / f'cam0{c + 1}.mp4'
        ours = Lifting(lifter, camera)(keypoints, scores, times)[0]
        theirs = smooth(world_points(clip, indices, keypoints, scores, camera), times, 0.08)
        theirs *= (ours * theirs).sum((1, 2), keepdims=True) / (theirs**2).sum((1, 2), keepdims=True)
        _, at, there = np.intersect1d(indices, frames, return_indices=True)
        truth = data['points3dsmooth'][there] @ data['R'][c].T + data['T'][c]
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            mixed = (1 - share) * ours + share * theirs
            rows.setdefault(share, []).append(measure(mixed[at], truth))
    print('| share of BlazePose | N-MPJPE | PA-MPJPE mm | accel mm/frame² | bones % | knee | elbow ° |')
    print('| --- | --- | --- | --- | --- | --- | --- |')
    for share, measured in rows.items():
        print_row(f'{share:.2f}', measured)


if __name__ == '__main__':
    sys.exit(main())
