"""How right 3D poses are on calibrated views, each camera alone.

    tools/research/evaluate_3d_views.py --shared ../shared --poses FOLDER

FOLDER holds cam01_poses.json … of ``tools/demo.py --3d``, with ``keypoints_3d``; or, with ``--lifter WEIGHTS``, any of
the chain's pose files, whose 2D is lifted here, and refined with ``--refiner-3d hanet`` or a checkpoint. The person
nearest to the truth in the picture is taken. Both poses are relative to the hips' middle; N-MPJPE allows one scale a
frame, PA-MPJPE also a rotation.
"""

import argparse
import sys
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.evaluation.keypoint_metrics import align_similarity  # noqa: E402
from pipeline.formats import read_poses_json  # noqa: E402
from pipeline.lift.body import bone_lengths, flexion  # noqa: E402
from pipeline.lift.camera import PinholeCamera  # noqa: E402
from pipeline.lift.lifting import POSE_SIGMA, Lifting, load_lifter  # noqa: E402
from pipeline.lift.refining import load_space_refiner  # noqa: E402
from pipeline.lift.track import LiftedTrack  # noqa: E402

COLUMNS = ('n-mpjpe', 'pa-mpjpe', 'accel', 'bones', 'knee', 'elbow', 'place')


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--shared', type=Path, required=True, help='folder with data/multiview/single.npz')
    parser.add_argument('--poses', type=Path, required=True, help='folder with cam01_poses.json …')
    parser.add_argument('--lifter', type=Path, help='lift the 2D of the files with these weights')
    parser.add_argument('--refiner-3d', default='none', help='with --lifter: hanet, none (default) or a checkpoint')
    parser.add_argument('--pose-sigma', type=float, default=POSE_SIGMA, help='seconds of smoothing, with --lifter')
    parser.add_argument(
        '--plain', action='store_true', help='with --lifter: without settled bones, standing feet and windows'
    )
    parser.add_argument('--true-focal', action='store_true', help='with --lifter: tell it the calibrated focal length')
    return parser.parse_args(arguments)


def main_track(path: Path, seen: np.ndarray, frames: np.ndarray) -> Tuple[np.ndarray, ...]:
    """Frames, keypoints, scores, times and 3D (or None) of the person nearest to ``seen``, and the picture's size."""
    poses = read_poses_json(path)
    if poses.video is None:
        raise InputError(f'{path}: does not say of what video it is')
    rows: Dict[int, list] = {}
    for frame in poses.frames:
        for p, track in enumerate(frame.people.track_ids.tolist()):
            rows.setdefault(track, []).append((frame, p))
    truth = dict(zip(frames.tolist(), seen))

    def distance(track: list) -> float:
        off = [
            np.linalg.norm(f.people.keypoints[p] - truth[f.index], axis=-1).mean() for f, p in track if f.index in truth
        ]
        return sum(off) - 1e4 * len(off)

    best = min(rows.values(), key=distance)
    indices = np.array([frame.index for frame, _ in best])
    keypoints = np.stack([f.people.keypoints[p] for f, p in best])
    scores = np.stack([f.people.keypoint_scores[p] for f, p in best])
    times = np.array([frame.time for frame, _ in best])
    in_space = getattr(best[0][0].people, 'keypoints_3d', None)
    joints = np.stack([f.people.keypoints_3d[p] for f, p in best]) if in_space is not None else None
    return indices, keypoints, scores, times, joints, (poses.video.width, poses.video.height)


def lifted(lifting: Lifting, keypoints: np.ndarray, scores: np.ndarray, times: np.ndarray) -> np.ndarray:
    """As the chain does it, ``(T, 17, 3)`` m."""
    track = LiftedTrack(lifting, (len(times) - 1) / (times[-1] - times[0]))
    poses = [pose for row in zip(keypoints, scores, times) for pose in track.push(*row)]
    return np.stack(poses + track.close())


def measure(joints: np.ndarray, truth: np.ndarray) -> Dict[str, np.ndarray]:
    """Errors per frame of ``(T, 17, 3)`` m against the truth in the same camera's frame; mm and degrees."""
    place = 100 * np.linalg.norm((joints - truth)[:, 11:13].mean(1), axis=1)
    joints, truth = (1000 * (p - p[:, 11:13].mean(1, keepdims=True)) for p in (joints, truth))
    scale = (joints * truth).sum((1, 2)) / (joints**2).sum((1, 2))
    scaled = joints * scale[:, None, None]
    # one scale a clip: a scale a frame would add acceleration of its own
    steady = joints * np.median(scale)
    off = np.diff(steady, 2, axis=0) - np.diff(truth, 2, axis=0)
    angles = [np.abs(a - b) for a, b in zip(flexion(joints), flexion(truth))]
    lengths = bone_lengths(joints)
    rigid = [0, 2, 4, 7, 9, 11]
    return {
        'n-mpjpe': np.linalg.norm(scaled - truth, axis=-1).mean(1),
        'pa-mpjpe': np.linalg.norm(align_similarity(joints, truth) - truth, axis=-1).mean(1),
        'accel': np.linalg.norm(off, axis=-1).mean(1),
        'bones': 100 * lengths[:, rigid].std(0) / lengths[:, rigid].mean(0),
        'knee': np.concatenate(angles[:2]),
        'elbow': np.concatenate(angles[2:]),
        'place': place,  # cm, of the hips' middle
    }


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = parse_arguments(arguments)
    if options.lifter is None and options.refiner_3d != 'none':
        raise InputError(f'--refiner-3d {options.refiner_3d}: refines what --lifter lifts; give that too')
    path = options.shared / 'data' / 'multiview' / 'single.npz'
    if not path.is_file():
        raise InputError(f'{path}: no such file')
    data = np.load(path)
    lifter = load_lifter(options.lifter) if options.lifter else None
    refiner = load_space_refiner(options.refiner_3d, lifter.joint_names, lifter.rate) if lifter else None
    rows: List[Dict[str, np.ndarray]] = []
    print_header()
    for c in range(4):
        file = options.poses / f'cam0{c + 1}_poses.json'
        frames, seen = data['video_frame'][:, c], data['reproj_smooth'][:, c]
        indices, keypoints, scores, times, joints, size = main_track(file, seen, frames)
        if lifter is not None:
            focal = data['K'][c][0, 0] if options.true_focal else 0.0
            camera = PinholeCamera.of_picture(*size, focal)
            lifting = Lifting(lifter, camera, pose_sigma=options.pose_sigma, refiner=refiner)
            joints = (
                lifting(keypoints, scores, times)[0] if options.plain else lifted(lifting, keypoints, scores, times)
            )
        elif joints is None:
            raise InputError(f'{file}: has no keypoints_3d; run the demo with --3d, or give --lifter')
        _, ours, theirs = np.intersect1d(indices, frames, return_indices=True)
        truth = data['points3d_smooth'][theirs] @ data['R'][c].T + data['T'][c]
        rows.append(measure(joints[ours], truth))
        print_row(f'cam0{c + 1}, {len(ours)} frames', [rows[-1]])
    print_row('all', rows)


def print_header() -> None:
    print('| | N-MPJPE | PA-MPJPE mm | accel mm/frame² | bones % | knee | elbow ° | place cm |')
    print('| --- | --- | --- | --- | --- | --- | --- | --- |')


def print_row(name: str, rows: List[Dict[str, np.ndarray]]) -> None:
    both = {key: np.concatenate([np.ravel(row[key]) for row in rows]) for key in COLUMNS}
    place = '' if np.isnan(both['place']).all() else f'{both["place"].mean():.0f}'
    angles = ' | '.join(f'{np.median(both[key]):.1f}' for key in ('knee', 'elbow'))
    print(
        f'| {name} | {both["n-mpjpe"].mean():.1f} (median {np.median(both["n-mpjpe"]):.1f}) | '
        f'{both["pa-mpjpe"].mean():.1f} | {both["accel"].mean():.2f} | {both["bones"].mean():.2f} | {angles} | '
        f'{place} |',
        flush=True,
    )


if __name__ == '__main__':
    sys.exit(main())
