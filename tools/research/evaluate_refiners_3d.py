"""Tables of experiment 2: lifted 3D poses, refined in every way.

    tools/research/evaluate_refiners_3d.py --train train.npz --test test.npz --refiner NAME=WEIGHTS[@STEP] ...

Every row runs the smoothers that ship. A refiner gives two: as it ships, and its best case with more windows
to a frame and mirrored windows averaged in. The files are pairs of ``tools/research/lift_h36m.py``, in mm
relative to the pelvis. Classical filters are tuned on the first ten seconds of every 25th training sequence,
for the smallest MPJPE.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Dict, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.evaluation.keypoint_metrics import fill_missing, joint_errors, relative_to_root  # noqa: E402
from pipeline.evaluation.protocols import Evaluated, evaluate  # noqa: E402
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
from pipeline.training.motion import PoseSequence  # noqa: E402
from pipeline.training.sources.h36m import H36M_NAMES  # noqa: E402
from pipeline.training.sources.pairs import load_pairs  # noqa: E402

METRICS = ('mpjpe', 'pa-mpjpe', 'mpjve', 'accel', 'jerk')


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--train', help='pairs that classical filters are tuned on; without it there are none')
    parser.add_argument('--test', required=True, help='pairs to evaluate on')
    parser.add_argument(
        '--refiner',
        action='append',
        default=[],
        metavar='NAME=WEIGHTS[@STEP]',
        help='with the frames between its windows in the best case (default: an eighth of the window, made odd)',
    )
    parser.add_argument('--no-flip', action='store_true', help='do not average with mirrored windows in the best case')
    parser.add_argument(
        '--every', type=int, default=1, help='use every n-th sequence only, of those that filters are tuned on too'
    )
    parser.add_argument('--device', default='auto', help='cpu, cuda, cuda:1 …; auto: a GPU where torch sees one')
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--out', help='also write all numbers to this JSON file')
    return parser.parse_args(arguments)


def parse_refiner(entry: str) -> Tuple[str, str, Optional[int]]:
    """Name, weights and step of ``NAME=WEIGHTS[@STEP]``.

    Raises:
        InputError: if it is none.
    """
    name, sign, spec = entry.partition('=')
    path, _, step = spec.partition('@')
    if not sign or not path or (step and not step.isdigit()):
        raise InputError(f'--refiner {entry}: NAME=WEIGHTS or NAME=WEIGHTS@STEP is needed')
    return name, path, int(step) if step else None


def compared(sequence: PoseSequence, poses: np.ndarray) -> Evaluated:
    """Poses beside their truth, both with joint 0 at zero, where this one is annotated."""
    known = Evaluated(poses, sequence.truth, weight=sequence.weight).known()
    poses, truth, known = relative_to_root(fill_missing(poses), sequence.truth, known, [0])
    return Evaluated(poses, truth, weight=known.astype(np.float32), fps=sequence.fps)


def measure(sequences: Sequence[PoseSequence], smoother: Smoother) -> Dict[str, float]:
    """``METRICS`` over all frames of all sequences, and frames per second."""
    begin = time.perf_counter()
    refined = smooth(smoother, [track_of(s.estimate, s.fps, s.scores) for s in sequences])
    seconds = time.perf_counter() - begin
    table = evaluate([compared(s, r) for r, s in zip(refined, sequences)], METRICS, 'corrected')
    return dict(table, speed=sum(map(len, sequences)) / max(seconds, 1e-9))


def tuned_filters(sequences: Sequence[PoseSequence]) -> Dict[str, Smoother]:
    """The shipped filter of least MPJPE of every family."""

    def error(refined: Sequence[np.ndarray]) -> float:
        pairs = [(joint_errors(r, s.truth[: len(r)]), s.weight[: len(r)] > 0) for r, s in zip(refined, sequences)]
        return np.mean([errors[known].mean() for errors, known in pairs if known.any()])

    return tune([first_frames(track_of(s.estimate, s.fps, s.scores), TUNING_FRAMES) for s in sequences], error)


def print_head() -> None:
    columns = ('MPJPE mm', 'PA-MPJPE mm', 'MPJVE mm/frame', 'accel mm/frame²', 'jerk mm/frame³')
    print('| method | ' + ' | '.join(f'{column} | to input' for column in columns) + ' | accel m/s² | frames/s |')
    print('|' + ' --- |' * (3 + 2 * len(columns)), flush=True)


def print_row(name: str, row: dict, first: dict) -> None:
    changes = (f'{row[key]:.2f} | {100 * (row[key] / first[key] - 1):+.1f} %' for key in METRICS)
    print(f'| {name} | {" | ".join(changes)} | {row["accel_s2"] / 1000:.1f} | {row["speed"]:.0f} |', flush=True)


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = parse_arguments(arguments)
    import torch

    from pipeline.backends.devices import check_device
    from pipeline.networks.refiners.sequence_refiner import load_refiner

    torch.set_num_threads(options.threads)
    device = check_device(options.device)
    refiners = [parse_refiner(entry) for entry in options.refiner]
    methods = {'input': shipped_filter(dict(type='none'))}
    for name, path, step in refiners:
        refiner = load_refiner(path, device)
        if refiner.dims != 3:
            raise InputError(f'{path}: refines {refiner.dims}D poses, 3D is needed')
        step = step or refiner.window // 8 | 1
        methods.update(network_rows(name, refiner, H36M_NAMES, step, not options.no_flip, options.threads, device))
    if options.train:
        methods.update(tuned_filters(load_pairs(options.train)[:: 25 * options.every]))
    test = load_pairs(options.test)[:: options.every]
    rows = {}
    true_jerk = evaluate([compared(s, s.truth) for s in test], ['jerk'], 'corrected')['jerk']
    print(f'{len(test)} sequences, {sum(map(len, test))} frames; jerk of the truth {true_jerk:.2f} mm/frame³\n')
    print_head()
    for name, smoother in methods.items():
        rows[name] = measure(test, smoother)
        print_row(name, rows[name], rows['input'])
    if options.out:
        Path(options.out).write_text(json.dumps(rows, indent=1))


if __name__ == '__main__':
    sys.exit(main())
