"""What refiners make of clean, jittery, occluded and left-right inverted tracks (experiment 4).

    tools/research/evaluate_robustness.py --penn FOLDER --jhmdb FOLDER --refiner NAME=WEIGHTS ...

Truth of Penn Action and JHMDB, of Human3.6M's test subjects, or of annotated tracks in PoseTrack's
layout, with modelled estimator errors; sequences of the first two are those that training with the
same ``--holdout`` never saw. Every row runs a smoother as it ships. Errors are in percent of the figure's size.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.evaluation.keypoint_metrics import (  # noqa: E402
    acceleration_errors,
    jerk,
    joint_errors,
    velocity_errors,
)
from pipeline.evaluation.smoothing import network_rows, shipped_filter, smooth, track_of, tune  # noqa: E402
from pipeline.posetrack.tracks import load_annotated_tracks  # noqa: E402
from pipeline.refine.smoother import Smoother  # noqa: E402
from pipeline.skeletons import Skeleton  # noqa: E402
from pipeline.training.augmentation.error_model import ESTIMATORS, ErrorModel  # noqa: E402
from pipeline.training.augmentation.resample import cut_windows, nearest  # noqa: E402
from pipeline.training.joint_sets import JOINT_SETS  # noqa: E402
from pipeline.training.motion import PoseSequence, figure_size  # noqa: E402
from pipeline.training.sources import h36m  # noqa: E402
from pipeline.training.sources.coco_motion import h36m_as, load_picture_sequences  # noqa: E402

MOTION = ('clean', 'ordinary')  # scenarios whose MPJVE, acceleration error and jerk are shown


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--penn', help='folder of Penn Action')
    parser.add_argument('--jhmdb', help='folder of JHMDB')
    parser.add_argument(
        '--h36m',
        help='folder of Human3.6M: its test subjects, motion capture without label noise, instead of the other two',
    )
    parser.add_argument('--posetrack', help='folder of PoseTrack annotations, 25 fps, instead of them')
    parser.add_argument('--joints', choices=tuple(JOINT_SETS), default='coco17', help='of the refiners (%(default)s)')
    parser.add_argument('--refiner', action='append', default=[], metavar='NAME=WEIGHTS')
    parser.add_argument('--holdout', type=int, default=10)
    parser.add_argument(
        '--estimator', choices=tuple(ESTIMATORS), default='hourglass', help='whose errors are modelled (%(default)s)'
    )
    parser.add_argument(
        '--tune',
        type=int,
        metavar='N',
        help='also give each family of filters its best parameters, those of least '
        'ordinary error on every N-th sequence that is not tested (Penn Action and JHMDB, or Human3.6M)',
    )
    parser.add_argument('--every', type=int, default=1, help='use every n-th sequence only')
    parser.add_argument('--rates', action='store_true', help='also print errors at 120, 60, 30 and 15 frames a second')
    parser.add_argument('--device', default='auto', help='cpu, cuda, cuda:1 …; auto: a GPU where torch sees one')
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--seed', type=int, default=0)
    return parser.parse_args(arguments)


class Scenario:
    """Estimates of held out sequences under one kind of trouble, and where it struck."""

    def __init__(self, sequences: Sequence[PoseSequence], trouble: Callable, seed: int):
        self.sequences, self.size, self.estimates, self.scores, self.hit = sequences, [], [], [], []
        for i, sequence in enumerate(sequences):
            rng = np.random.default_rng((seed, i))
            size = float(np.median(figure_size(sequence.truth, sequence.weight)))
            estimate, scores, hit = trouble(sequence, size, rng)
            self.size.append(size)
            self.estimates.append(estimate.astype(np.float32))
            self.scores.append(scores.astype(np.float32))
            self.hit.append(hit & (sequence.weight > 0))

    def refine(self, smoother: Smoother) -> List[np.ndarray]:
        rows = zip(self.estimates, self.sequences, self.scores)
        return smooth(smoother, [track_of(estimate, s.fps, scores) for estimate, s, scores in rows])

    def errors(self, refined: Sequence[np.ndarray]) -> np.ndarray:
        """Errors of the struck joints, percent of the figure's size, flat."""
        return np.concatenate(
            [
                100 * joint_errors(r, s.truth)[hit] / size
                for r, s, hit, size in zip(refined, self.sequences, self.hit, self.size)
            ]
        )

    def motion_errors(self, refined: Sequence[np.ndarray]) -> Tuple[float, float, float]:
        """MPJVE, acceleration error and jerk of the refined poses, percent of the figure's size per frame, ² and ³."""
        parts: List[List[np.ndarray]] = [[], [], []]
        for r, s, size in zip(refined, self.sequences, self.size):
            known = s.weight > 0
            parts[0].append(100 * velocity_errors(r, s.truth)[known[1:] & known[:-1]] / size)
            parts[1].append(100 * acceleration_errors(r, s.truth)[known[1:-1]] / size)
            parts[2].append(100 * jerk(r)[known[1:-2] & known[2:-1]] / size)
        velocity, acceleration, third = (float(np.mean(np.concatenate(part))) for part in parts)
        return velocity, acceleration, third

    def recovered(self, refined: Sequence[np.ndarray], flip: Sequence[int]) -> float:
        """Share of struck joints that end up nearer to their own truth than to their mirror joint's."""
        nearer = [
            (joint_errors(r, s.truth) < joint_errors(r, s.truth[:, flip]))[hit]
            for r, s, hit in zip(refined, self.sequences, self.hit)
        ]
        return float(np.concatenate(nearer).mean())


def everywhere(sequence: PoseSequence) -> np.ndarray:
    return np.ones(sequence.truth.shape[:2], bool)


def clean(sequence, size, rng):
    return sequence.truth.copy(), np.full(sequence.truth.shape[:2], 0.9), everywhere(sequence)


def jittery(sequence, size, rng):
    """White jitter of 0.5 % and high scores: the tracks of a good estimator."""
    noise = rng.normal(0, 0.005 * size, sequence.truth.shape)
    return sequence.truth + noise, np.full(sequence.truth.shape[:2], 0.9), everywhere(sequence)


def modelled(model: ErrorModel, severity: float):
    def trouble(sequence, size, rng):
        estimate, scores = model.apply(
            sequence.truth[None], np.array([size]), np.array([sequence.fps]), np.array([severity]), rng
        )
        return estimate[0], scores[0], everywhere(sequence)

    return trouble


def occluded(model: ErrorModel, seconds: float):
    """One limb is out of sight for a while: guesses around it, with low scores, on top of ordinary errors."""
    ordinary = modelled(model, 0.5)

    def trouble(sequence, size, rng):
        estimate, scores, _ = ordinary(sequence, size, rng)
        hit = np.zeros(sequence.truth.shape[:2], bool)
        joints = model.limb_ends[rng.integers(len(model.limb_ends))]
        length = min(max(int(round(seconds * sequence.fps)), 1), max(len(sequence) - 8, 1))
        start = rng.integers(0, len(sequence) - length + 1)
        rows = np.ix_(np.arange(start, start + length), joints)
        away = rng.normal(0, 0.1 * size, (1, len(joints), 2)) + rng.normal(0, 0.03 * size, (length, len(joints), 2))
        estimate[rows] = sequence.truth[rows] + away
        scores[rows] = rng.uniform(0.05, 0.4, scores[rows].shape)
        hit[rows] = True
        return estimate, scores, hit

    return trouble


def inverted(model: ErrorModel, seconds: float):
    """Left and right leg (hip to ankle) or arm are exchanged for a while; the scores say nothing of it."""
    ordinary = modelled(model, 0.3)

    def trouble(sequence, size, rng):
        estimate, scores, _ = ordinary(sequence, size, rng)
        hit = np.zeros(sequence.truth.shape[:2], bool)
        joints = model.legs if rng.random() < 0.6 else model.arms
        length = min(max(int(round(seconds * sequence.fps)), 1), len(sequence) // 3)
        start = rng.integers(len(sequence) // 4, len(sequence) - length - len(sequence) // 4 + 1)
        frames = slice(start, start + length)
        estimate[frames, joints] = estimate[frames, model.flip[joints]]
        apart = joint_errors(sequence.truth, sequence.truth[:, model.flip]) > 0.06 * size
        hit[frames, joints] = apart[frames, joints]
        return estimate, scores, hit

    return trouble


def lag(refined: Sequence[np.ndarray], sequences: Sequence[PoseSequence], joints: Sequence[int]) -> float:
    """Frames by which the velocity of ``joints`` is late, by the peak of its correlation with the truth's."""
    shifts = np.arange(-4, 5)
    correlation = np.zeros(len(shifts))
    for pose, sequence in zip(refined, sequences):
        if len(pose) < 20:
            continue
        v, w = (np.diff(p[:, joints], axis=0) for p in (pose, sequence.truth))
        for i, shift in enumerate(shifts):
            correlation[i] += (v[4 + shift : len(v) - 4 + shift] * w[4:-4]).sum()
    peak = int(np.clip(correlation.argmax(), 1, len(shifts) - 2))
    left, middle, right = correlation[peak - 1 : peak + 2]
    return float(shifts[peak] + 0.5 * (left - right) / (left - 2 * middle + right))


def report(
    sequences: Sequence[PoseSequence], methods: Dict[str, Smoother], model: ErrorModel, skeleton: Skeleton, seed: int
) -> None:
    """Print a row a method."""
    flip = list(skeleton.flip_indices)
    wrists_ankles = [skeleton.index(f'{side}_{part}') for side in ('left', 'right') for part in ('wrist', 'ankle')]
    scenarios = {
        'clean': clean,
        'jitter 0.5 %': jittery,
        'ordinary': modelled(model, 1.0),
        'severe': modelled(model, 2.0),
        **{f'occluded {s} s': occluded(model, s) for s in (0.2, 0.5, 1.0)},
        **{f'inverted {s} s': inverted(model, s) for s in (0.1, 0.3)},
    }
    motion = [f'{name}, {label}' for label in MOTION for name in ('MPJVE', 'accel', 'jerk')]
    print('| method | ' + ' | '.join([*scenarios, 'lag (frames)', *motion]) + ' |')
    print('|' + ' --- |' * (len(scenarios) + 2 + len(motion)))
    prepared = {name: Scenario(sequences, trouble, seed) for name, trouble in scenarios.items()}
    for name, smoother in methods.items():
        cells, motion, late = [], [], 0.0
        for label, scenario in prepared.items():
            refined = scenario.refine(smoother)
            cell = f'{scenario.errors(refined).mean():.2f}'
            if label == 'clean':
                late = lag(refined, sequences, wrists_ankles)
                cell += f' (99 %: {np.quantile(scenario.errors(refined), 0.99):.2f})'
            if label in MOTION:
                motion += scenario.motion_errors(refined)
            if label.startswith('inverted'):
                cell += f' ({100 * scenario.recovered(refined, flip):.0f} % right)'
            cells.append(cell)
        cells += [f'{late:+.2f}', *(f'{value:.2f}' for value in motion)]
        print(f'| {name} | ' + ' | '.join(cells) + ' |', flush=True)


RATES = (120.0, 60.0, 30.0, 15.0)
# seconds of the clips that rates are compared on: how bad an estimator is is drawn once for each, so they must be many
CLIP = 5.0


def at_rate(sequence: PoseSequence, fps: float) -> PoseSequence:
    """The same motion with another number of frames a second."""
    count = int((len(sequence) - 1) * fps / sequence.fps) + 1
    positions = np.arange(count)[None] * (sequence.fps / fps)
    whole = (np.zeros(1, int), np.array([len(sequence)]), positions)
    return replace(
        sequence, truth=cut_windows(sequence.truth, *whole)[0], weight=nearest(sequence.weight, *whole)[0], fps=fps
    )


def clips(sequence: PoseSequence) -> List[PoseSequence]:
    """The whole clips of :data:`CLIP` seconds in a sequence; the sequence itself if it is shorter."""
    length = int(CLIP * sequence.fps)
    starts = range(0, max(len(sequence) - length, 0) + 1, length)
    parts = [slice(start, start + length) for start in starts]
    return [replace(sequence, truth=sequence.truth[part], weight=sequence.weight[part]) for part in parts]


def report_rates(sequences: Sequence[PoseSequence], methods: Dict[str, Smoother], model: ErrorModel, seed: int) -> None:
    """Print, a row a method, what is left of ordinary errors at several frame rates."""
    sequences = [clip for sequence in sequences for clip in clips(sequence)]
    print(f'\n{len(sequences)} clips of up to {CLIP:g} s')
    print('| method | ' + ' | '.join(f'{fps:.0f} fps' for fps in RATES) + ' |\n|' + ' --- |' * (1 + len(RATES)))
    ordinary = modelled(model, 1.0)
    scenarios = [Scenario([at_rate(s, fps) for s in sequences], ordinary, seed) for fps in RATES]
    for name, smoother in methods.items():
        errors = [scenario.errors(scenario.refine(smoother)).mean() for scenario in scenarios]
        print(f'| {name} | ' + ' | '.join(f'{error:.2f}' for error in errors) + ' |', flush=True)


def load_sequences(options: argparse.Namespace, tested: bool = True) -> List[PoseSequence]:
    """Sequences with the chosen joints: those that training has not seen, or, to tune filters on, others.

    Raises:
        InputError: if no source is named, or it has other joints.
    """
    joints, every = JOINT_SETS[options.joints], options.every if tested else options.tune
    if options.posetrack:
        if options.joints != 'posetrack15':
            raise InputError(f'--joints {options.joints}: --posetrack has the joints posetrack15')
        if not tested:
            raise InputError('--tune: of --posetrack every sequence is tested')
        return [s for s in load_annotated_tracks(options.posetrack) if len(s) >= 16][::every]
    if options.h36m:
        rng, sequences = np.random.default_rng(options.seed), []
        subjects = h36m.TEST_SUBJECTS if tested else h36m.TRAIN_SUBJECTS
        for recording in h36m.load_recordings(options.h36m, subjects, every=every):
            truth = recording.camera.project(h36m_as(recording.world, rng, joints)).astype(np.float32)
            sequences.append(PoseSequence(recording.name, truth, np.ones(truth.shape[:2], np.float32), h36m.FPS))
        return sequences
    if not (options.penn and options.jhmdb):
        raise InputError('name --penn and --jhmdb, --h36m, or --posetrack')
    sources = load_picture_sequences(options.penn, options.jhmdb, options.holdout, joints=joints)
    return [s for pair in sources for s in pair[tested] if len(s) >= 16][::every]


def tuned(options: argparse.Namespace, model: ErrorModel) -> Dict[str, Smoother]:
    """The filter of each family that leaves the least ordinary error on sequences that are not tested."""
    others = Scenario(load_sequences(options, tested=False), modelled(model, 1.0), options.seed)
    tracks = [track_of(e, s.fps, c) for e, s, c in zip(others.estimates, others.sequences, others.scores)]
    return tune(tracks, lambda refined: float(others.errors(refined).mean()))


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = parse_arguments(arguments)
    import torch

    from pipeline.backends.devices import check_device
    from pipeline.networks.refiners.sequence_refiner import load_refiner

    torch.set_num_threads(options.threads)
    device = check_device(options.device)
    sequences = load_sequences(options)
    skeleton = JOINT_SETS[options.joints].skeleton
    filters = {
        'input': dict(type='none'),
        'Gaussian, sigma 1': dict(type='gaussian', sigma=1.0),
        'Gaussian, sigma 2': dict(type='gaussian', sigma=2.0),
        'Savitzky-Golay 11, 2': dict(type='savgol', window=11, order=2),
        'One-Euro (shipped: 1.5 Hz, 15)': dict(type='one-euro'),
        'Butterworth, 6 Hz': dict(type='butterworth', cutoff=6.0),
        'Hampel, then Butterworth, 6 Hz': dict(type='hampel', cutoff=6.0),
        'median of 7, then Gaussian, sigma 2': dict(type='median', width=7, sigma=2.0),
    }
    model = ErrorModel(skeleton, ESTIMATORS[options.estimator])
    methods = {name: shipped_filter(parameters, skeleton) for name, parameters in filters.items()}
    if options.tune:
        methods.update({f'tuned: {name}': smoother for name, smoother in tuned(options, model).items()})
    for entry in options.refiner:
        name, spec = entry.split('=', 1)
        refiner = load_refiner(spec, device)
        methods.update(network_rows(name, refiner, skeleton.names, None, False, options.threads, device))
    print(f'{len(sequences)} sequences, {sum(map(len, sequences))} frames; errors in % of the figure\n')
    report(sequences, methods, model, skeleton, options.seed)
    if options.rates:
        report_rates(sequences, methods, model, options.seed)


if __name__ == '__main__':
    sys.exit(main())
