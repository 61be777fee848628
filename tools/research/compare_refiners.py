#!/usr/bin/env python3
"""Refine recorded tracks again, in as many ways as you like, without running a network on pictures.

    tools/research/compare_refiners.py output/*_poses.json --refiner hanet --refiner gaussian:sigma=2
    tools/research/compare_refiners.py cam0[1-4]_poses.json --views single.npz --refiner hanet --tune all

Every row runs a refiner as the chain does, over the poses before the refiner. Without a reference it says how far
poses were moved and how much they tremble. With ``--views``, four calibrated views of one man, it says how wrong
they are: by the measure of ../shared/tools/real_people.py, twelve limb joints, in px. ``--tune`` adds each family
of filters, and HANet's polish, with its best parameters: those found on the first half of the views are tested on
the other half, and the other way round.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple, Union

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.evaluation.keypoint_metrics import jerk, velocity_errors  # noqa: E402
from pipeline.evaluation.smoothing import label, tuning_grids  # noqa: E402
from pipeline.formats.poses_json import read_poses_json  # noqa: E402
from pipeline.refine import build_refiner, refiner_options  # noqa: E402
from pipeline.types import Frame, FrameResult, People  # noqa: E402

LIMBS = np.arange(5, 17)  # of COCO's joints
REACH = 150.0  # px; nobody whose median joint is further from the reference is taken for the man
GROSS = 33.25  # px, 5 % of the figure
CRITERIA = ('all', 'median', 'p90', 'over 33', 'accel')

Track = List[Tuple[int, People]]  # frame and people, in order


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('poses', nargs='+', type=Path, help='files of poses that the chain wrote (JSON)')
    parser.add_argument('--refiner', action='append', default=[], metavar='SPEC', help='as for smooth-poses')
    parser.add_argument('--views', type=Path, metavar='REFERENCE.npz', help='poses.json of its cameras, in their order')
    parser.add_argument('--device', default='auto', help='cpu, cuda, cuda:1 …; auto: a GPU where torch sees one')
    parser.add_argument(
        '--tune',
        choices=CRITERIA,
        help='also tune filters, for this column; all: the geometric mean of median, p90 and accel',
    )
    parser.add_argument(
        '--without',
        action='append',
        default=[],
        choices=('scores', 'sigmas'),
        help='also refine with every score alike, or windows blended alike, to see what these are worth',
    )
    return parser.parse_args(arguments)


class Recording:
    """The tracks of a file as the refiner was given them.

    Raises:
        InputError: if it is no file of poses, or one that does not name its joints or times.
    """

    def __init__(self, path: Path):
        file = read_poses_json(path)
        if file.skeleton is None or not np.isfinite([frame.time for frame in file.frames]).all():
            raise InputError(f'{path}: names no joints, or no times: needed is a file that this package wrote')
        self.path, self.skeleton = path, file.skeleton
        self.frames = [(frame.index, frame.time, _as_estimated(frame.people)) for frame in file.frames]
        # published refiners ask for the size of the picture, and nobody for what is in it
        size = (file.video.height, file.video.width) if file.video else (1080, 1920)
        self._picture = np.broadcast_to(np.zeros(3, np.uint8), (*size, 3))

    @property
    def estimated(self) -> Track:
        """The people of each frame before the refiner."""
        return [(index, people) for index, _, people in self.frames]

    def refined(self, options: Union[str, Dict[str, Any]], device: str = 'cpu', without: str = '') -> Track:
        """The people of each frame, through the stream that the chain runs.

        Args:
            options: of the refiner.
            device: that its network runs on.
            without: ``scores``: every joint that was seen counts alike; ``sigmas``: windows are blended as if each
                were as sure as the other.
        """
        refiner, picture = build_refiner(options, self.skeleton, device), self._picture
        if without == 'sigmas':
            refiner.smoother.sigmas = False  # type: ignore[attr-defined]
        alike = _alike if without == 'scores' else lambda people: people
        results = (FrameResult(Frame(index, time, picture), alike(people)) for index, time, people in self.frames)
        return [(result.frame.index, result.people) for result in refiner.stream(results)]


def _alike(people: People) -> People:
    return replace(people, keypoint_scores=np.where(people.keypoint_scores > 0, 0.9, 0).astype(np.float32))


def _as_estimated(people: People) -> People:
    """Those who were found, with their poses before the refiner; it will fill gaps again."""
    found = np.flatnonzero(~people.filled)
    return People(
        people.bboxes[found],
        people.bbox_scores[found],
        people.keypoints_raw[found],
        people.keypoint_scores[found],
        people.track_ids[found],
    )


class Views:
    """A reference for several cameras.

    Args:
        path: npz with ``reproj_smooth`` ``(T, V, 17, 2)`` px and ``video_frame`` ``(T, V)``.

    Raises:
        InputError: if it is not that, or ``count`` is not its number of cameras.
    """

    def __init__(self, path: Path, count: int):
        try:
            with np.load(path, allow_pickle=False) as arrays:
                self.truth, self.frames = arrays['reproj_smooth'], arrays['video_frame']
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f'{path}: no reference of views ({" ".join(str(error).split())})') from error
        if self.truth.shape[1] != count:
            raise InputError(f'{path}: has {self.truth.shape[1]} cameras, {count} files of poses were given')

    def matched(self, view: int, track: Track) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of each frame of the reference the pose of the man, ``(T, 17, 2)`` px, its scores and its sigmas (px),
        ``(T, 17)``; NaN where he was not found, or the refiner gives no sigmas."""
        truth, people = self.truth[:, view], dict(track)
        first = track[0][0] if track else 0
        found = np.full(truth.shape, np.nan)
        scores, sigmas = np.full((2, *truth.shape[:2]), np.nan)
        for t, frame in enumerate(self.frames[:, view]):
            here = people.get(int(frame) + first)
            if here is not None and len(here) and np.isfinite(truth[t, LIMBS]).any():
                away = np.linalg.norm(here.keypoints[:, LIMBS] - truth[t, LIMBS], axis=-1)
                typical = np.nanmedian(away, axis=1)
                man = typical.argmin()
                if typical[man] < REACH:
                    found[t], scores[t] = here.keypoints[man], here.keypoint_scores[man]
                    if here.keypoint_sigmas is not None:
                        sigmas[t] = here.keypoint_sigmas[man]
        return found, scores, sigmas

    def errors(self, view: int, track: Track) -> Dict[str, np.ndarray]:
        """Of each frame and limb joint the error (px), those of velocity and acceleration (px/frame, px/frame²), the
        jerk (px/frame³), and whether it is missed."""
        truth = self.truth[:, view]
        found, *_ = self.matched(view, track)
        error = np.linalg.norm(found - truth, axis=-1)[:, LIMBS]
        accel = np.linalg.norm(_second(found) - _second(truth), axis=-1)[:, LIMBS]
        there = np.isfinite(truth[:, LIMBS, 0])
        steps = velocity_errors(found, truth)[:, LIMBS], jerk(found)[:, LIMBS]
        velocity, third = (values[np.isfinite(values)] for values in steps)
        return dict(
            error=error[np.isfinite(error)],
            velocity=velocity,
            accel=accel[np.isfinite(accel)],
            jerk=third,
            missed=np.isnan(error)[there],
        )


def _second(poses: np.ndarray) -> np.ndarray:
    return poses[2:] - 2 * poses[1:-1] + poses[:-2]


def figures(errors: Sequence[Dict[str, np.ndarray]]) -> Dict[str, float]:
    """The columns of the table, over all that several views say together."""
    error, accel, missed = (np.concatenate([view[key] for view in errors]) for key in ('error', 'accel', 'missed'))
    velocity, third = (np.concatenate([view[key] for view in errors]) for key in ('velocity', 'jerk'))
    row = {
        'median': float(np.median(error)),
        'p90': float(np.percentile(error, 90)),
        'over 33': float(np.mean(error > GROSS)),
        'velocity': float(velocity.mean()),
        'accel': float(accel.mean()),
        'jerk': float(third.mean()),
        'missed': float(missed.mean()),
    }
    row['all'] = float(np.cbrt(row['median'] * row['p90'] * row['accel']))
    return row


def families() -> Dict[str, List[dict]]:
    """What is tuned: the parameters of every filter, and of the default network how much it is polished."""
    return {
        **tuning_grids(),
        'HANet': [dict(type='hanet', polish=p) for p in (0.0, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08)],
    }


def tuned(
    recordings: Sequence[Recording], views: Views, criterion: str, device: str = 'cpu'
) -> Iterator[Tuple[str, Dict[str, float]]]:
    """The row of each family, tested where it was not tuned."""
    half = len(recordings) // 2
    halves = (range(half), range(half, len(recordings)))
    for family, candidates in families().items():
        measured = [
            [views.errors(v, r.refined(options, device)) for v, r in enumerate(recordings)] for options in candidates
        ]
        tested, names = [], []
        for test, others in (halves, halves[::-1]):
            scores = [figures([errors[v] for v in others])[criterion] for errors in measured]
            best = int(np.argmin(scores))
            tested += [measured[best][v] for v in test]
            names.append(label(candidates[best]))
        yield f'{family} ({"; ".join(dict.fromkeys(names))})', figures(tested)


def moved(recording: Recording, track: Track) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How far joints were moved (px), and the lengths of their second and third differences, of all tracks."""
    distances, trembling, thirds = [], [], []
    seen: Dict[int, List[Tuple[int, np.ndarray]]] = {}
    for index, people in track:
        distances.append(np.linalg.norm(people.keypoints - people.keypoints_raw, axis=-1)[~people.filled].ravel())
        for track_id, pose in zip(people.track_ids.tolist(), people.keypoints):
            seen.setdefault(track_id, []).append((index, pose))
    for poses in seen.values():
        for (a, first), (_, middle), (b, last) in zip(poses, poses[1:], poses[2:]):
            if b - a == 2:
                trembling.append(np.linalg.norm(first - 2 * middle + last, axis=-1))
        for four in zip(poses, poses[1:], poses[2:], poses[3:]):
            if four[3][0] - four[0][0] == 3:
                thirds.append(jerk(np.stack([pose for _, pose in four]))[0])
    distance, second, third = (np.concatenate([*part, np.zeros(0)]) for part in (distances, trembling, thirds))
    return distance, second, third


def print_views(rows: Iterator[Tuple[str, Dict[str, float]]]) -> None:
    columns = ('median px', 'p90 px', 'over 33 px %', 'MPJVE px/frame', 'accel px/frame²', 'jerk px/frame³', 'missed %')
    print(f'| refiner | {" | ".join(columns)} |')
    print('|' + ' --- |' * (1 + len(columns)))
    for name, row in rows:
        print(
            f'| {name} | {row["median"]:.2f} | {row["p90"]:.1f} | {100 * row["over 33"]:.2f} | '
            f'{row["velocity"]:.3f} | {row["accel"]:.3f} | {row["jerk"]:.3f} | {100 * row["missed"]:.2f} |',
            flush=True,
        )


def print_moved(recordings: Sequence[Recording], specs: Sequence[str], device: str) -> None:
    print('| refiner | moved by, median px | p90 px | second difference px/frame² | jerk px/frame³ |')
    print('|' + ' --- |' * 5)
    for spec in specs:
        parts = [moved(recording, recording.refined(refiner_options(spec), device)) for recording in recordings]
        distances, trembling, thirds = (np.concatenate(column) for column in zip(*parts))
        if not len(distances) or not len(thirds):
            raise InputError(f'{recordings[0].path}: nobody is in these files for four frames')
        middle, far = np.percentile(distances, (50, 90))
        print(f'| {spec} | {middle:.2f} | {far:.2f} | {trembling.mean():.3f} | {thirds.mean():.3f} |', flush=True)


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> int:
    options = parse_arguments(arguments)
    specs = ['none', *options.refiner]
    for spec in specs:
        refiner_options(spec)  # before any work
    if options.tune and not options.views:
        raise InputError('--tune: needs a reference, --views')
    views = Views(options.views, len(options.poses)) if options.views else None
    recordings = [Recording(path) for path in options.poses]
    if views is None:
        print_moved(recordings, specs, options.device)
        return 0

    def rows() -> Iterator[Tuple[str, Dict[str, float]]]:
        for spec in specs:
            for without in ('', *(options.without if spec != 'none' else ())):
                tracks = [recording.refined(refiner_options(spec), options.device, without) for recording in recordings]
                name = f'{spec}, without {without}' if without else spec
                yield name, figures([views.errors(v, track) for v, track in enumerate(tracks)])
        if options.tune:
            yield from tuned(recordings, views, options.tune, options.device)

    print_views(rows())
    return 0


if __name__ == '__main__':
    sys.exit(main())
