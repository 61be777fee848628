"""Tables of experiment 1: the hourglass on Human3.6M in 2D, refined in every way.

    tools/research/evaluate_refiners.py --data DATA/h36m --refiner NAME=WEIGHTS [NAME=WEIGHTS ...]

Every row runs the smoothers that ship, over whole sequences. A refiner gives two: as it ships, and its
best case with more windows to a frame and mirrored windows averaged in. Test sequences are those of S9 and
S11; to choose between trainings, name others (``--subjects S7,S8``) and train without them. Classical
filters are tuned on the first ten seconds of the other training subjects' sequences, for the smallest
error. A refiner's weights are the ``refiner.pth`` of a training; joints that it does not know stay as they are, and
those that the data lack count as not seen. Rows are printed as they come; with ``--every 10`` in minutes.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Dict, List, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.evaluation.keypoint_metrics import acceleration_errors, jerk, joint_errors, velocity_errors  # noqa: E402
from pipeline.evaluation.smoothing import (  # noqa: E402
    TUNING_FRAMES,
    first_frames,
    network_rows,
    shipped_filter,
    smooth,
    track_of,
    tune,
)
from pipeline.refine.smoother import Smoother  # noqa: E402
from pipeline.training.augmentation.definition_offset import DefinitionOffset  # noqa: E402
from pipeline.training.motion import PoseSequence, figure_size, split_holdout  # noqa: E402
from pipeline.training.sources import h36m  # noqa: E402

LIMBS = list(h36m.MPII_LIMBS)
COLUMNS = ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', required=True, help='folder of the Human3.6M pairs')
    parser.add_argument('--refiner', action='append', default=[], metavar='NAME=WEIGHTS')
    parser.add_argument(
        '--subjects',
        default=','.join(h36m.TEST_SUBJECTS),
        metavar='S9,S11',
        help='evaluate on these (default: %(default)s)',
    )
    parser.add_argument(
        '--step', type=int, help='frames between windows in the best case (default: a quarter of the window)'
    )
    parser.add_argument('--no-flip', action='store_true', help='do not average with mirrored windows in the best case')
    parser.add_argument('--no-filters', action='store_true', help='leave the classical filters out')
    parser.add_argument(
        '--every', type=int, default=1, help='use every n-th sequence only, of those that filters are tuned on too'
    )
    parser.add_argument(
        '--holdout',
        type=int,
        default=0,
        help='evaluate on every n-th group of the training subjects instead of the test subjects',
    )
    parser.add_argument('--device', default='auto', help='cpu, cuda, cuda:1 …; auto: a GPU where torch sees one')
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--out', help='also write all numbers to this JSON file')
    return parser.parse_args(arguments)


def measure(sequences: Sequence[PoseSequence], refined: Sequence[np.ndarray]) -> dict:
    """Means over sequences of what the table shows; limb joints only."""
    rows = []
    for sequence, poses in zip(sequences, refined):
        errors = joint_errors(poses, sequence.truth)[:, LIMBS]
        size = figure_size(sequence.truth, sequence.weight)[:, None]
        rows.append(
            dict(
                error=errors.mean(),
                pck05=(errors <= 0.05 * size).mean(),
                pck10=(errors <= 0.1 * size).mean(),
                mpjve=velocity_errors(poses, sequence.truth)[:, LIMBS].mean(),
                accel=acceleration_errors(poses, sequence.truth)[:, LIMBS].mean(),
                jerk=jerk(poses)[:, LIMBS].mean(),
                joints=errors.mean(0),
            )
        )
    table = {key: np.mean([row[key] for row in rows], axis=0) for key in rows[0]}
    by_joint = dict(zip([h36m.MPII_NAMES[k] for k in LIMBS], table.pop('joints')))
    table.update({part: float(np.mean([v for name, v in by_joint.items() if part in name])) for part in COLUMNS})
    return {key: float(value) for key, value in table.items()}


def refine(smoother: Smoother, sequences: Sequence[PoseSequence]) -> List[np.ndarray]:
    """The estimates of ``sequences``, smoothed."""
    return smooth(smoother, [track_of(s.estimate, s.fps, s.scores) for s in sequences])


def own_offset(sequences: Sequence[PoseSequence], smoother: Smoother) -> DefinitionOffset:
    """Mean offset of each joint that ``smoother`` leaves on training sequences, by the figure's size."""
    return DefinitionOffset.fit((poses, s.truth) for poses, s in zip(refine(smoother, sequences), sequences))


def tuned_filters(sequences: Sequence[PoseSequence]) -> Dict[str, Smoother]:
    """The shipped filter of least error of every family, on training sequences."""

    def error(refined: Sequence[np.ndarray]) -> float:
        return np.mean([joint_errors(r, s.truth[:TUNING_FRAMES])[:, LIMBS].mean() for r, s in zip(refined, sequences)])

    return tune([first_frames(track_of(s.estimate, s.fps, s.scores), TUNING_FRAMES) for s in sequences], error)


def print_head() -> None:
    print(
        '| method | error px | to input | PCK@0.05 | PCK@0.1 | MPJVE px/frame | accel px/frame² | jerk px/frame³ | '
        + ' | '.join(COLUMNS)
        + ' | frames/s |'
    )
    print('|' + ' --- |' * (9 + len(COLUMNS)), flush=True)


def print_row(name: str, row: dict, first: dict) -> None:
    print(
        f'| {name} | {row["error"]:.2f} | {100 * (row["error"] / first["error"] - 1):+.1f} % | '
        f'{100 * row["pck05"]:.1f} | {100 * row["pck10"]:.1f} | '
        f'{row["mpjve"]:.2f} | {row["accel"]:.2f} | {row["jerk"]:.2f} | '
        + ' | '.join(f'{row[part]:.1f}' for part in COLUMNS)
        + f' | {row.get("fps", 0):.0f} |',
        flush=True,
    )


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = parse_arguments(arguments)
    import torch

    from pipeline.backends.devices import check_device
    from pipeline.networks.refiners.sequence_refiner import load_refiner

    torch.set_num_threads(options.threads)
    device = check_device(options.device)
    subjects = options.subjects.split(',')
    unknown = set(subjects) - set(h36m.TRAIN_SUBJECTS + h36m.TEST_SUBJECTS)
    if unknown:
        raise InputError(
            f'--subjects {options.subjects}: allowed are {", ".join(h36m.TRAIN_SUBJECTS + h36m.TEST_SUBJECTS)}'
        )
    tuning = h36m.load_h36m_2d(
        options.data, [s for s in h36m.TRAIN_SUBJECTS if s not in subjects], every=25 * options.every
    )
    if options.holdout:
        test = split_holdout(h36m.load_h36m_2d(options.data, h36m.TRAIN_SUBJECTS), options.holdout)[1][:: options.every]
    else:
        test = h36m.load_h36m_2d(options.data, subjects, every=options.every)
    methods = {'input': shipped_filter(dict(type='none'))}
    if not options.no_filters:
        methods.update(tuned_filters(tuning))
    for entry in options.refiner:
        name, spec = entry.split('=', 1)
        refiner = load_refiner(spec, device)
        step = options.step or max(refiner.window // 4, 1)
        methods.update(network_rows(name, refiner, h36m.MPII_NAMES, step, not options.no_flip, options.threads, device))
    plain, without = {}, {}
    true_jerk = measure(test, [sequence.truth for sequence in test])['jerk']
    print(f'{len(test)} sequences, {sum(map(len, test))} frames; jerk of the truth {true_jerk:.2f} px/frame³\n')
    print_head()
    for name, smoother in methods.items():
        begin = time.perf_counter()
        refined = refine(smoother, test)
        speed = sum(map(len, test)) / (time.perf_counter() - begin)
        offset = own_offset(tuning, smoother)
        plain[name] = dict(measure(test, refined), fps=speed)
        print_row(name, plain[name], plain['input'])
        without[name] = dict(measure(test, [offset.remove(r, s.truth) for r, s in zip(refined, test)]), fps=speed)
    print('\nafter removing the mean offset of each joint, learned on training subjects\n')
    print_head()
    for name, row in without.items():
        print_row(name, row, without['input'])
    if options.out:
        Path(options.out).write_text(json.dumps(dict(plain=plain, without_offset=without), indent=1))


if __name__ == '__main__':
    sys.exit(main())
