"""Refine the tracks of one pose file in several ways, for a table and a plot.

    tools/research/plot_refiners.py output/NAME_poses.json --refiner one-euro hanet work_dirs/NAME/refiner.pth

Every refiner gets the poses as the estimator gave them (``keypoints_raw``) and does what it does in the video chain,
gaps included. Such a file has no truth: the table says how calm poses are (mean speed, acceleration and jerk, in
px per frame, frame² and frame³) and how far they were moved; whether that is better, only annotated data can say.
"""

import argparse
import sys
from pathlib import Path
from typing import Dict, List, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.files import atomic_path, check_writable  # noqa: E402
from tools.research.compare_refiners import Recording, Track  # noqa: E402

Tracks = Dict[int, Dict[int, np.ndarray]]  # by track id and frame, ``(K, 2)`` px


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('poses', type=Path, help='NAME_poses.json of a run')
    parser.add_argument('--refiner', nargs='+', required=True, metavar='NAME', help='names, or files (.pth)')
    parser.add_argument('--plot', help='draw one joint of one track into this PNG file')
    parser.add_argument('--track', type=int, help='to plot (default: the longest)')
    parser.add_argument('--joint', default='left_wrist', help='to plot (default: %(default)s)')
    parser.add_argument('--device', default='auto', help='cpu, cuda, cuda:1 …; auto: a GPU where torch sees one')
    parser.add_argument('--force', action='store_true', help='replace an existing plot')
    return parser.parse_args(arguments)


def tracks_of(frames: Track) -> Tracks:
    tracks: Tracks = {}
    for index, people in frames:
        for track_id, keypoints in zip(people.track_ids, people.keypoints):
            if track_id > 0:
                tracks.setdefault(int(track_id), {})[index] = keypoints
    return tracks


def measure(tracks: Tracks, raw: Tracks) -> Dict[str, float]:
    """Mean lengths of the first three differences over frames in a row, and of the distance to ``raw``; px."""
    steps: Dict[str, List[np.ndarray]] = {'speed': [], 'accel': [], 'jerk': []}
    moved = []
    for track_id, track in tracks.items():
        frames = np.array(sorted(track))
        for part in np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1):
            poses = np.stack([track[i] for i in part]).astype(float)
            for order, values in enumerate(steps.values(), start=1):
                values.append(np.linalg.norm(np.diff(poses, order, axis=0), axis=-1).ravel())
        known = [i for i in track if i in raw.get(track_id, {})]
        moved += [np.linalg.norm(track[i] - raw[track_id][i], axis=-1) for i in known]
    columns = {name: np.concatenate(values) for name, values in steps.items()}
    columns['moved'] = np.concatenate(moved)
    return {name: float(values.mean()) if values.size else float('nan') for name, values in columns.items()}


def plot(path: Path, tracks: Dict[str, Tracks], track_id: int, joint: int, title: str, force: bool) -> None:
    """x and y of one joint over the frames, a line a refiner."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 6), layout='constrained')
    axes = figure.subplots(2, sharex=True)
    for number, (name, found) in enumerate(tracks.items()):
        frames = sorted(found[track_id])
        curve = np.stack([found[track_id][i][joint] for i in frames])
        for axis, values in zip(axes, curve.T):
            axis.plot(frames, values, label=name, linewidth=1.2, color='0.6' if not number else None)
    axes[0].set(title=title, ylabel='x px')
    axes[1].set(xlabel='frame', ylabel='y px')
    axes[0].legend()
    with atomic_path(path, force) as temporary:
        figure.savefig(temporary, format='png', dpi=150)


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = parse_arguments(arguments)
    if options.plot:
        check_writable(options.plot, options.force)
    recording = Recording(options.poses)
    if options.joint not in recording.skeleton.names:
        raise InputError(f'--joint {options.joint}: allowed are {", ".join(recording.skeleton.names)}')
    found = {'input': tracks_of(recording.estimated)}
    if not found['input']:
        raise InputError(f'{options.poses}: holds no tracks')
    track_id = options.track or max(found['input'], key=lambda i: len(found['input'][i]))
    if track_id not in found['input']:
        raise InputError(f'--track {track_id}: allowed are {", ".join(map(str, sorted(found["input"])))}')
    print('| refiner | speed | accel | jerk | moved by px |\n' + '|' + ' --- |' * 5, flush=True)
    for name in ('input', *options.refiner):
        if name != 'input':
            found[name] = tracks_of(recording.refined(name, options.device))
        row = measure(found[name], found['input'])
        print(f'| {name} | ' + ' | '.join(f'{value:.3f}' for value in row.values()) + ' |', flush=True)
    if options.plot:
        title = f'{options.joint} of track {track_id}'
        plot(Path(options.plot), found, track_id, recording.skeleton.index(options.joint), title, options.force)


if __name__ == '__main__':
    sys.exit(main())
