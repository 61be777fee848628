"""Refiners side by side on an estimator's pairs, in 2D: is a trained one worth it?

    tools/research/evaluate_pairs.py work_dirs/own/test.npz --tune work_dirs/own/train.npz --refiner hanet

Every row is the smoother that the chain runs, over whole sequences, counted on annotated joints. ``--tune`` adds each
family of filters with its best parameters on other pairs. Joints are COCO's 17 or PoseTrack's 15, by their number.
"""

import argparse
import sys
from pathlib import Path
from typing import Dict, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.evaluation.protocols import Evaluated, evaluate  # noqa: E402
from pipeline.evaluation.smoothing import TUNING_FRAMES, first_frames, smooth, track_of, tune  # noqa: E402
from pipeline.refine import build_refiner, refiner_options  # noqa: E402
from pipeline.refine.smoother import Smoother  # noqa: E402
from pipeline.training.joint_sets import JOINT_SETS  # noqa: E402
from pipeline.training.motion import PoseSequence  # noqa: E402
from pipeline.training.sources.pairs import load_pairs  # noqa: E402

METRICS = ('mpjpe', 'mpjve', 'accel', 'jerk')


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('pairs', help='to evaluate on, npz')
    parser.add_argument('--refiner', action='append', default=[], metavar='SPEC', help='as for smooth-poses')
    parser.add_argument('--tune', metavar='PAIRS', help='pairs that filters are tuned on; without it there are none')
    parser.add_argument('--device', default='auto', help='cpu, cuda, cuda:1 …; auto: a GPU where torch sees one')
    return parser.parse_args(arguments)


def measure(sequences: Sequence[PoseSequence], refined: Sequence[np.ndarray]) -> Dict[str, float]:
    """``METRICS`` of refined poses that may be shorter than their sequences."""
    pairs = [Evaluated(r, s.truth[: len(r)], weight=s.weight[: len(r)]) for r, s in zip(refined, sequences)]
    return evaluate(pairs, METRICS, 'corrected')


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = parse_arguments(arguments)
    specs = {spec: refiner_options(spec) for spec in ('none', *options.refiner)}  # before any work
    test, tuning = load_pairs(options.pairs), load_pairs(options.tune) if options.tune else ()
    skeletons = {len(one.names): one.skeleton for one in JOINT_SETS.values()}
    shape = test[0].truth.shape[1:]
    if shape[1] != 2 or shape[0] not in skeletons or any(s.truth.shape[1:] != shape for s in (*test, *tuning)):
        raise InputError(f"{options.pairs}: needed are COCO's 17 joints or PoseTrack's 15, in 2D, and the same in all")
    skeleton = skeletons[shape[0]]
    rows: Dict[str, Smoother] = {}
    for spec, known in specs.items():
        rows[spec] = build_refiner(known, skeleton, options.device).smoother
    if tuning:
        tracks = [first_frames(track_of(s.estimate, s.fps, s.scores), TUNING_FRAMES) for s in tuning]
        rows.update(tune(tracks, lambda refined: measure(tuning, refined)['mpjpe']))
    true_jerk = measure(test, [s.truth for s in test])['jerk']
    print(f'{len(test)} sequences, {sum(map(len, test))} frames; jerk of the truth {true_jerk:.2f} px/frame³\n')
    print('| refiner | MPJPE px | MPJVE px/frame | accel px/frame² | jerk px/frame³ |\n|' + ' --- |' * 5, flush=True)
    for name, smoother in rows.items():
        table = measure(test, smooth(smoother, [track_of(s.estimate, s.fps, s.scores) for s in test]))
        print(f'| {name} | ' + ' | '.join(f'{table[key]:.2f}' for key in METRICS) + ' |', flush=True)


if __name__ == '__main__':
    sys.exit(main())
