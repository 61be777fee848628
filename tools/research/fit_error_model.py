"""Measure how an estimator errs over time, for the rates of the error model, and lay the model beside it.

    tools/research/fit_error_model.py --data DATA/h36m
    tools/research/fit_error_model.py cam0[1-4]_poses.json --views single.npz [--estimator fused] [--plot errors.svg]

The first form prints the rates of the hourglass on Human3.6M's training subjects, as values for
:class:`pipeline.training.augmentation.error_model.ErrorRates`. The second takes poses that the chain wrote of
calibrated views, as they were before the refiner, and prints every statistic twice: of the real errors, and of those
that the model of an estimator draws upon the same motion. ``--plot`` draws their sizes, spectra, memory and scores.
Constant differences of joint definitions are taken out first.
"""

import argparse
import sys
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.skeletons import load_skeleton  # noqa: E402
from pipeline.training import joint_sets  # noqa: E402
from pipeline.training.augmentation.error_model import ESTIMATORS, estimator_rates  # noqa: E402
from pipeline.training.batches.window_batches import fit_offset  # noqa: E402
from pipeline.training.motion import figure_size  # noqa: E402
from pipeline.training.sources import h36m  # noqa: E402
from tools.research.compare_refiners import LIMBS, Recording, Views  # noqa: E402
from tools.research.error_statistics import Errors, modelled, plot, statistics  # noqa: E402

FLIP = [1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10]  # of COCO's 12 limb joints
GROUPS = {'arms': (2, 3, 4, 5), 'legs': (6, 7, 8, 9, 10, 11)}
LIMIT = 0.06  # of the figure's size: farther off is a miss or an inversion, no jitter


def measure(truth: np.ndarray, estimate: np.ndarray, fps: float) -> dict:
    """Statistics of one recording; ``(T, 12, 2)`` px each."""
    size = figure_size(truth, np.ones(truth.shape[:2]))[:, None, None]
    error = (estimate - truth) / size
    distance = np.linalg.norm(error, axis=-1)
    mirrored = np.linalg.norm(estimate - truth[:, FLIP], axis=-1) / size[..., 0]
    apart = np.linalg.norm(truth - truth[:, FLIP], axis=-1) / size[..., 0] > LIMIT
    inverted = (mirrored < 0.5 * distance) & (distance > LIMIT) & apart
    good = distance < LIMIT
    calm = good[:-2] & good[1:-1] & good[2:]
    second = error[1:-1] - (error[:-2] + error[2:]) / 2  # variance 1.5 of white jitter, little of slow drift
    white = np.sqrt(np.mean(second[calm] ** 2) / 1.5)
    total = np.sqrt(np.mean(error[good] ** 2))
    lag = max(int(0.25 * fps), 1)
    both = good[lag:] & good[:-lag]
    slow = np.mean((error[lag:] * error[:-lag])[both])
    missed = (distance > LIMIT) & ~inverted
    single = missed[1:-1] & ~missed[:-2] & ~missed[2:]
    result = dict(
        jitter=white,
        total=total,
        correlation=slow / max(total**2 - white**2, 1e-9),
        spikes=single.mean(),
        seconds=len(truth) / fps,
        joint_error=np.where(good, distance, np.nan),
    )
    for name, joints in GROUPS.items():
        result[f'{name} inverted'] = burst_lengths(inverted[:, joints].sum(1) >= 2) / fps
    limbs = [(2, 4), (3, 5), (8, 10), (9, 11)]
    result['missed'] = np.concatenate([burst_lengths(missed[:, limb].any(1)) for limb in limbs]) / fps
    return result


def burst_lengths(flags: np.ndarray) -> np.ndarray:
    """Lengths of the runs of True in ``(T,)``, in frames."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return edges[1::2] - edges[::2]


def summarise(rows: List[dict]) -> Dict[str, object]:
    """The rates over all recordings, each recording weighing by its duration."""
    seconds = np.array([row['seconds'] for row in rows])

    def mean(key):
        return float(np.average([row[key] for row in rows], weights=seconds))

    jitter, total, correlation = mean('jitter'), mean('total'), mean('correlation')
    longest = [np.concatenate([row[key] for row in rows]) for key in ('arms inverted', 'legs inverted', 'missed')]
    arms, legs, missed = (lengths[lengths > 1.5 / h36m.FPS] for lengths in longest)
    inversions = np.concatenate([arms, legs])
    joints = np.nanmean(np.concatenate([row['joint_error'] for row in rows]), axis=0)
    factors = {name.split('_')[1]: [] for name in joint_sets.LIMBS}
    for name, value in zip(joint_sets.LIMBS, joints / joints.mean()):
        factors[name.split('_')[1]].append(value)
    return {
        'jitter': jitter,
        'drift': float(np.sqrt(max(total**2 - jitter**2, 0))),
        'drift_seconds': float(-0.25 / np.log(np.clip(correlation, 0.05, 0.95))),
        'spikes': mean('spikes'),
        'miss_rate': len(missed) / seconds.sum() / 4,
        'miss_seconds': float(np.median(missed)),
        'inversion_rate': len(inversions) / seconds.sum() / 2,
        'inversion_seconds': float(np.median(inversions)),
        'limb_factor': {name: float(np.mean(values)) for name, values in factors.items()},
    }


def hourglass(folder: str, every: int) -> None:
    """Print the hourglass's rates."""
    offset = fit_offset(folder, h36m.TRAIN_SUBJECTS)
    joints = [h36m.MPII_NAMES.index(name) for name in joint_sets.LIMBS]
    rows = []
    for i, recording in enumerate(h36m.load_recordings(folder, h36m.TRAIN_SUBJECTS)):
        if i % every == 0:
            truth = recording.camera.project(recording.world[:, list(joint_sets.H36M_LIMBS)]).astype(np.float32)
            rows.append(measure(truth, offset.remove(recording.estimate[:, joints], truth), h36m.FPS))
    print(f'{len(rows)} recordings')
    for name, value in summarise(rows).items():
        print(f'{name}: {value if isinstance(value, dict) else round(value, 4)}')


def of_views(paths: Sequence[Path], views: Views) -> Tuple[Errors, np.ndarray, np.ndarray]:
    """Real errors of recorded poses; and ``(R, T, 12, 2)`` px truth, ``(R,)`` px sizes."""
    error = np.full((len(paths), len(views.truth), len(LIMBS), 2), np.nan)
    scores = np.full(error.shape[:3], np.nan)
    sizes, rates = np.empty(len(paths)), []
    for v, path in enumerate(paths):
        recording = Recording(path)
        truth = views.truth[:, v]
        sizes[v] = np.nanmedian(figure_size(truth, np.isfinite(truth).all(-1)))
        found, confidence = views.matched(v, recording.estimated)
        error[v], scores[v] = ((found - truth) / sizes[v])[:, LIMBS], confidence[:, LIMBS]
        rates.append((len(recording.frames) - 1) / (recording.frames[-1][1] - recording.frames[0][1]))
    truth = np.nan_to_num(np.moveaxis(views.truth, 1, 0)[:, :, LIMBS])
    return Errors(error, scores, float(np.median(rates))), truth, sizes


def compare(options: argparse.Namespace) -> None:
    """Print, and draw, real and modelled errors side by side."""
    rates = estimator_rates(options.estimator)
    errors, truth, sizes = of_views(options.poses, Views(options.views, len(options.poses)))
    limbs = load_skeleton('coco').subset(joint_sets.LIMBS)
    columns = {'real': errors, f'model: {options.estimator}': modelled(truth, sizes, errors.fps, limbs, rates, 20)}
    rows = [statistics(column) for column in columns.values()]
    print(f'| % of the figure | {" | ".join(columns)} |\n| --- | --- | --- |')
    for name in rows[0]:
        print(f'| {name} | {" | ".join(f"{row[name]:.2f}" for row in rows)} |')
    if options.plot:
        plot(options.plot, columns, options.force)


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('poses', nargs='*', type=Path, help='files of poses that the chain wrote (JSON)')
    parser.add_argument('--views', type=Path, metavar='REFERENCE.npz', help='poses are of its cameras, in their order')
    parser.add_argument('--estimator', default='fused', choices=tuple(ESTIMATORS), help='whose model (%(default)s)')
    parser.add_argument('--plot', type=Path, metavar='FILE.svg', help='draw real and modelled errors')
    parser.add_argument('--force', action='store_true', help='replace an existing plot')
    parser.add_argument('--data', help='folder of the Human3.6M pairs, for the hourglass')
    parser.add_argument('--every', type=int, default=4, help='use every n-th recording of it')
    options = parser.parse_args(arguments)
    if bool(options.data) == bool(options.poses) or bool(options.poses) != bool(options.views):
        raise InputError('either --data, or files of poses with --views, is needed')
    if options.data:
        hourglass(options.data, options.every)
    else:
        compare(options)


if __name__ == '__main__':
    sys.exit(main())
