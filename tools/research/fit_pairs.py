"""Fit the error model to an estimator: how it errs on its pairs, as rates that a training draws errors by.

    tools/research/fit_pairs.py work_dirs/own/train.npz --out work_dirs/own/rates.json

PAIRS is a file of ``tools/convert_dataset.py`` with COCO's 17 joints or PoseTrack's 15. Constant differences of joint
definitions are taken out first; limb joints count, in stretches of two seconds in which all of them are annotated.
The table lays the real errors beside those that the fitted model draws upon the same motion: where the two columns
differ widely the model is not one of this estimator. OUT is what ``rates`` of ``UniversalWindowBatches`` takes.
"""

import argparse
import json
import sys
import warnings
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.files import atomic_path, check_writable  # noqa: E402
from pipeline.skeletons import load_skeleton  # noqa: E402
from pipeline.training.augmentation.definition_offset import DefinitionOffset  # noqa: E402
from pipeline.training.augmentation.error_model import ErrorRates, estimator_rates  # noqa: E402
from pipeline.training.joint_sets import JOINT_SETS, LIMBS  # noqa: E402
from pipeline.training.motion import PoseSequence, figure_size  # noqa: E402
from pipeline.training.sources.pairs import load_pairs  # noqa: E402
from tools.research.error_statistics import Errors, modelled, statistics  # noqa: E402
from tools.research.fit_error_model import measure, summarise  # noqa: E402

STRETCH = 2.0  # seconds


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('pairs', help='an estimator beside annotations, npz')
    parser.add_argument('--out', help='write the rates to this JSON file')
    parser.add_argument('--force', action='store_true', help='replace an existing file')
    return parser.parse_args(arguments)


def stretches(path: str) -> List[PoseSequence]:
    """Pieces of equal length, limb joints only, all of them annotated.

    Raises:
        InputError: if the file has other joints, or there is no such piece.
    """
    pairs = load_pairs(path)
    sets = {len(one.names): one for one in JOINT_SETS.values()}
    joints = {s.truth.shape[1:] for s in pairs}
    if len(joints) != 1 or next(iter(joints))[1] != 2 or next(iter(joints))[0] not in sets:
        found = ', '.join(f'{k} in {d}D' for k, d in sorted(joints))
        raise InputError(f"{path}: joints are {found}; needed are COCO's 17 or PoseTrack's 15, in 2D")
    limbs = [sets[next(iter(joints))[0]].names.index(name) for name in LIMBS]
    frames, pieces = int(STRETCH * pairs[0].fps), []
    for s in pairs:
        known = (s.weight[:, limbs] > 0).all(1)
        starts = np.arange(0, len(s) - frames + 1, frames)
        for start in starts:
            part = slice(start, start + frames)
            if known[part].all() and s.estimate is not None and frames >= 8:
                scores = np.ones_like(s.weight) if s.scores is None else s.scores
                arrays = (s.truth, s.weight, s.estimate, scores)
                truth, weight, estimate, confidence = (array[part][:, limbs] for array in arrays)
                pieces.append(PoseSequence(s.name, truth, weight, s.fps, estimate, s.group, confidence))
    if not pieces:
        raise InputError(f'{path}: in no {STRETCH:g} s of a track all of {", ".join(LIMBS)} are annotated')
    return pieces


def fit(pieces: Sequence[PoseSequence]) -> Dict[str, Any]:
    """Values for :class:`ErrorRates`; what did not happen has rate 0 and keeps the default length."""
    offset = DefinitionOffset.fit((s.estimate, s.truth) for s in pieces)
    rows = [measure(s.truth, offset.remove(s.estimate, s.truth), s.fps) for s in pieces]
    for row, s in zip(rows, pieces):
        for name in ('arms inverted', 'legs inverted', 'missed'):
            row[name] = row[name][row[name] > 1.5 / s.fps]  # those of one frame are spikes
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # the median length of bursts that never happened is NaN
        found = summarise(rows)
    # a stretch is too short for a correlation of its own: all of them together
    slow = np.array([max(row['total'] ** 2 - row['jitter'] ** 2, 1e-9) for row in rows])
    kept = np.clip((slow * [row['correlation'] for row in rows]).sum() / slow.sum(), 0.05, 0.95)
    found['drift_seconds'] = -0.25 / np.log(kept)
    factors: Dict[str, float] = found.pop('limb_factor')
    rates = {name: round(float(value), 5) for name, value in found.items() if np.isfinite(value)}
    head = [[name, value] for name, value in ErrorRates().limb_factor if name not in factors]
    rates['limb_factor'] = head + [[name, round(value, 3)] for name, value in factors.items()]
    # of these one person alone, always found, shows nothing
    rates.update(whole_rate=0.02, jump_rate=0.02, gap_rate=0.03)
    return rates


def compare(pieces: Sequence[PoseSequence], rates: Dict[str, Any]) -> None:
    """Print the real errors' statistics beside those of the fitted model."""
    truth = np.stack([s.truth for s in pieces])
    size = np.array([np.median(figure_size(s.truth, s.weight)) for s in pieces])
    error = (np.stack([s.estimate for s in pieces]) - truth) / size[:, None, None, None]
    scores = np.stack([s.scores for s in pieces])
    error[scores <= 0] = np.nan
    real = Errors(error, np.where(scores > 0, scores, np.nan), pieces[0].fps)
    limbs = load_skeleton('coco').subset(LIMBS)
    model = modelled(truth, size, pieces[0].fps, limbs, estimator_rates(**rates), 4)
    rows = [statistics(column) for column in (real, model)]
    print('| % of the figure | real | fitted model |\n| --- | --- | --- |')
    for name in rows[0]:
        print(f'| {name} | {" | ".join(f"{row[name]:.2f}" for row in rows)} |')


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = parse_arguments(arguments)
    if options.out:
        check_writable(options.out, options.force)
    pieces = stretches(options.pairs)
    rates = fit(pieces)
    print(f'{len(pieces)} stretches of {STRETCH:g} s\n')
    for name, value in rates.items():
        print(f'{name}: {value}')
    print()
    compare(pieces, rates)
    if options.out:
        with atomic_path(options.out, options.force) as temporary:
            temporary.write_text(json.dumps(rates, indent=1) + '\n', encoding='utf-8')


if __name__ == '__main__':
    sys.exit(main())
