#!/usr/bin/env python3
"""What a refiner's sigmas mean: how far off joints are of which it says so.

    tools/research/sigma_curves.py cam0[1-4]_poses.json --views single.npz [--refiner hanet]

Poses are files that the chain wrote of calibrated views; they are refined again. For joints by their sigma, the
table says how far off they are, how many lie within the distance that the sigma stands for, and within twice
that. Errors hold what no sigma can know: differences of definitions between reference and estimator.
"""

import argparse
import sys
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402
from scipy.stats import spearmanr  # noqa: E402

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.refine import refiner_options  # noqa: E402
from pipeline.training.motion import figure_size  # noqa: E402
from tools.research.compare_refiners import LIMBS, Recording, Track, Views  # noqa: E402

EDGES = (0, 1, 1.5, 2, 3, 5, np.inf)  # of sigma, percent of the figure's size


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('poses', nargs='+', type=Path, help='files of poses that the chain wrote (JSON)')
    parser.add_argument(
        '--views', type=Path, required=True, metavar='REFERENCE.npz', help='poses are of its cameras, in their order'
    )
    parser.add_argument('--refiner', default='hanet', metavar='SPEC', help='as for smooth-poses (%(default)s)')
    return parser.parse_args(arguments)


def joints(views: Views, view: int, track: Track) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Errors and sigmas in percent of the figure's size, and scores, of all limb joints that were found; ``(N,)``."""
    truth = views.truth[:, view]
    size = float(np.nanmedian(figure_size(truth, np.isfinite(truth).all(-1))))
    found, scores, sigmas = views.matched(view, track)
    error = np.linalg.norm(found - truth, axis=-1)
    columns = np.stack([100 * error / size, 100 * sigmas / size, scores])[:, :, LIMBS].reshape(3, -1)
    error, sigma, score = columns[:, np.isfinite(columns).all(axis=0)]
    return error, sigma, score


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> int:
    options = parse_arguments(arguments)
    views = Views(options.views, len(options.poses))
    parts: List[Tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for view, path in enumerate(options.poses):
        track = Recording(path).refined(refiner_options(options.refiner))
        if not any(people.keypoint_sigmas is not None for _, people in track):
            raise InputError(f'--refiner {options.refiner}: gives no sigmas')
        parts.append(joints(views, view, track))
    error, sigma, score = (np.concatenate(column) for column in zip(*parts))
    print('| sigma, % of the figure | joints | distance, median | p90 | within sigma x 1.41 | x 2.83 |')
    print('| --- | --- | --- | --- | --- | --- |')
    for low, high in zip(EDGES, EDGES[1:]):
        here = (sigma >= low) & (sigma < high)
        if here.any():
            middle, far = np.percentile(error[here], (50, 90))
            share = error[here] / (np.sqrt(2) * sigma[here])  # of two axes together
            print(
                f'| {low} to {high} | {here.sum()} | {middle:.2f} | {far:.2f} | {np.mean(share < 1):.2f} | '
                f'{np.mean(share < 2):.2f} |'
            )
    print(f'\nrank correlation with the error: {_rank(sigma, error):+.2f}, of the scores {_rank(score, error):+.2f}')
    return 0


def _rank(values: np.ndarray, error: np.ndarray) -> float:
    return float(spearmanr(values, error).statistic) if np.ptp(values) else float('nan')


if __name__ == '__main__':
    sys.exit(main())
