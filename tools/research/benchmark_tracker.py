"""Compare trackers on annotated videos, detector and estimator simulated: MOTA, id switches, fragments, HOTA, IDF1.

    python tools/research/benchmark_tracker.py --data FOLDER                   # our presets and ablations
    python tools/research/benchmark_tracker.py --data FOLDER --bytetrack      # beside box-only ByteTrack
    python tools/research/benchmark_tracker.py --data FOLDER --bytetrack --search 30    # both tuned, cross-validated

FOLDER holds PoseTrack files with dense track ids. ByteTrack is that of the package ``trackers``
(pip install trackers==2.6.1), which nothing else here needs. HOTA and IDF1 are TrackEval's, over joints
(pipeline/posetrack/identity.py); without that package they are left out. Boxes are detections, simulated as well.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402
from tqdm import tqdm  # noqa: E402

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.files import atomic_path, check_writable  # noqa: E402
from pipeline.posetrack import load_folder  # noqa: E402
from pipeline.posetrack.assignment import FrameMatch  # noqa: E402
from pipeline.posetrack.head_boxes import with_head_boxes  # noqa: E402
from pipeline.posetrack.identity import INSTALL, load_metrics  # noqa: E402
from pipeline.posetrack.mot import MotCounts  # noqa: E402
from pipeline.tracking import TrackerOptions  # noqa: E402
from pipeline.tracking.tracker import person_scores  # noqa: E402
from pipeline.types import People  # noqa: E402
from tools.research.tracking.benchmark import (  # noqa: E402
    ERRORS,
    Tracking,
    Trial,
    count_events,
    pooled_identity,
    pooled_mota,
    pose_tracking,
    scenarios,
)

ABLATIONS: Dict[str, Dict[str, Any]] = {
    'ours': {},
    'ours, crowd': dict(scene='crowd'),
    'ours, sport': dict(scene='sport'),
    'ours, box only': dict(pose_weight=0.0),
    'ours, pose only': dict(pose_weight=1.0),
    'ours, no merging': dict(duplicate_similarity=1.0, nested_overlap=1.0),
}
# what --search draws from; scores are left alone, they depend on the networks
SPACE: Dict[str, Callable[[np.random.Generator], Any]] = {
    'pose_weight': lambda rng: rng.uniform(0.2, 0.9),
    'match_similarity': lambda rng: rng.uniform(0.05, 0.4),
    'match_similarity_low': lambda rng: rng.uniform(0.1, 0.5),
    'max_lost': lambda rng: rng.uniform(0.5, 3.0),
    'duplicate_similarity': lambda rng: rng.uniform(0.45, 0.9),
    'nested_overlap': lambda rng: rng.uniform(0.6, 1.0),
    'agility': lambda rng: np.exp(rng.uniform(0, 3)),
    'velocity_memory': lambda rng: np.exp(rng.uniform(-2, 0.7)),
}
# tried before anything is drawn
CANDIDATES: List[Dict[str, Any]] = [
    {},
    dict(scene='crowd'),
    dict(scene='sport'),
    dict(agility=3.0, velocity_memory=0.7),
]
# the ranges that its authors search, but for the scores, which are products here and so smaller
BYTETRACK_SPACE: Dict[str, Callable[[np.random.Generator], Any]] = {
    'lost_track_buffer': lambda rng: int(rng.integers(10, 91)),
    'minimum_iou_threshold': lambda rng: rng.uniform(0.05, 0.7),
    'track_activation_threshold': lambda rng: rng.uniform(0.1, 0.6),
    'high_conf_det_threshold': lambda rng: rng.uniform(0.1, 0.6),
    'minimum_consecutive_frames': lambda rng: int(rng.integers(1, 4)),
}
BYTETRACK_DEFAULT = dict(track_activation_threshold=0.25, high_conf_det_threshold=0.25, minimum_consecutive_frames=1)
FOLDS = 5


def parse_arguments(arguments=None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', required=True, help='folder of PoseTrack annotations')
    parser.add_argument('--fps', type=float, default=25.0, help='frames per second of the data (%(default)s)')
    parser.add_argument('--strides', type=int, nargs='+', default=[1, 4], help='take every n-th frame only')
    parser.add_argument('--errors', nargs='+', choices=tuple(ERRORS), default=list(ERRORS), help='kinds of estimators')
    parser.add_argument('--seeds', type=int, default=1, help='how often the errors are drawn')
    parser.add_argument('--bytetrack', action='store_true', help='also the ByteTrack of the package trackers')
    parser.add_argument(
        '--search',
        type=int,
        metavar='N',
        help=f'try N sets of options for each tracker, most of them drawn, and cross-validate over {FOLDS} folds',
    )
    parser.add_argument('--out', help='write the results to this JSON file')
    parser.add_argument('--force', action='store_true', help='replace an existing --out file')
    return parser.parse_args(arguments)


@exit_cleanly
def main(arguments=None) -> None:
    args = parse_arguments(arguments)
    if min(args.strides) < 1 or args.seeds < 1 or args.fps <= 0 or (args.search or 1) < 1:
        raise InputError('--strides, --seeds, --fps and --search must be 1 or more')
    if args.out:
        check_writable(args.out, args.force)
    if args.bytetrack:
        bytetrack({})  # says at once if it is not installed
    sequences = {name: with_head_boxes(sequence) for name, sequence in load_folder(args.data).items()}
    trials = [
        Trial(sequences, scenario, args.fps, seed)
        for scenario in scenarios(args.strides, args.fps, args.errors)
        for seed in range(args.seeds)
    ]
    print('boxes: detections, simulated as the poses are')
    if load_metrics() is None:
        print(f'HOTA and IDF1 are left out, for the package trackeval is missing: {INSTALL}')
    results = search(trials, args) if args.search else compare(trials, args)
    if args.out:
        with atomic_path(args.out, args.force) as temporary:
            temporary.write_text(json.dumps(results, indent=2) + '\n', encoding='utf-8')


def compare(trials: List[Trial], args: argparse.Namespace) -> List[Dict[str, Any]]:
    """Print a row for each tracker as it is."""
    trackings = {label: pose_tracking(TrackerOptions.preset(**options)) for label, options in ABLATIONS.items()}
    if args.bytetrack:
        trackings['ByteTrack'] = bytetrack(BYTETRACK_DEFAULT)
        trackings['ByteTrack after our merging'] = bytetrack(BYTETRACK_DEFAULT, merged=True)
    results = []
    for label, tracking in trackings.items():
        results.append(row(label, trials, [trial.matches(tracking) for trial in trials]))
        print(text(results[-1], header=len(results) == 1), flush=True)
    return results


def search(trials: List[Trial], args: argparse.Namespace) -> List[Dict[str, Any]]:
    """Print cross-validated rows: each fold is scored with what was best on the others."""
    makers = {'ours': lambda o: pose_tracking(TrackerOptions.preset(**o))}
    spaces, candidates = {'ours': SPACE}, {'ours': CANDIDATES}
    if args.bytetrack:
        makers['ByteTrack'], spaces['ByteTrack'] = bytetrack, BYTETRACK_SPACE
        candidates['ByteTrack'] = [BYTETRACK_DEFAULT]
    results = []
    for label, make in makers.items():
        rng = np.random.default_rng(0)
        drawn = [{name: draw(rng) for name, draw in spaces[label].items()} for _ in range(args.search)]
        drawn = (candidates[label] + drawn)[: args.search]
        runs = [[trial.run(make(options)) for trial in trials] for options in tqdm(drawn, desc=label)]
        chosen, folds = cross_validate(runs)
        held_out = [
            {
                name: frames
                for index, names in zip(chosen, folds)
                for name, frames in trial.matches(make(drawn[index]), names).items()
            }
            for trial in trials
        ]
        results.append(
            dict(
                row(label, trials, held_out),
                chosen=[drawn[index] for index in chosen],
                by_options=[
                    dict(options=options, mota=mean_mota([total(r.values()) for r in run]))
                    for options, run in zip(drawn, runs)
                ],
            )
        )
        print(text(results[-1], header=len(results) == 1), flush=True)
    return results


def cross_validate(runs: List[List[Dict[str, MotCounts]]]) -> Tuple[List[int], List[List[str]]]:
    """Which options each fold chose by all other sequences, and the sequences of the fold.

    Args:
        runs: for each set of options and each trial, counts per sequence.
    """
    names = list(runs[0][0])
    chosen = []
    for fold in range(FOLDS):
        train = [name for i, name in enumerate(names) if i % FOLDS != fold]
        motas = [mean_mota([total(counts[name] for name in train) for counts in run]) for run in runs]
        chosen.append(int(np.argmax(motas)))
    return chosen, [names[fold::FOLDS] for fold in range(FOLDS)]


def bytetrack(options: Dict[str, Any], merged: bool = False) -> Tracking:
    """ByteTrack on the same people: their boxes, and the scores that ours sees."""
    try:
        import supervision
        from trackers import ByteTrackTracker
    except ImportError as error:
        raise InputError(f'--bytetrack needs the package trackers: pip install trackers==2.6.1 ({error})') from error

    def track(found: List[People], fps: float) -> List[People]:
        tracker = ByteTrackTracker(frame_rate=fps, **options)
        merge = pose_tracking(TrackerOptions(start_score=0.0, high_score=0.0, low_score=0.0, keep_score=0.0))
        tracked = []
        for index, people in enumerate(found):
            if merged:
                people = merge([people], fps)[0]
            detections = supervision.Detections(
                xyxy=people.bboxes.reshape(-1, 4),
                confidence=person_scores(people),
                data={'row': np.arange(len(people))},
            )
            result = tracker.update(detections, timestamp=index / fps)
            shown = np.asarray(result.tracker_id) >= 0
            people = people[np.asarray(result.data.get('row', []), int)[shown]]
            people.track_ids = np.asarray(result.tracker_id, np.int64)[shown]
            tracked.append(people)
        return tracked

    return track


def row(label: str, trials: List[Trial], tracked: List[Dict[str, List[FrameMatch]]]) -> Dict[str, Any]:
    """Per scenario, seeds together: MOTA, HOTA, IDF1, switches and fragments of joints.

    Args:
        tracked: of each trial, what was tracked in each sequence.
    """
    by_name: Dict[str, List[Dict[str, List[FrameMatch]]]] = {}
    for trial, matches in zip(trials, tracked):
        by_name.setdefault(trial.scenario.name, []).append(matches)
    counted = {name: total(c for m in parts for c in count_events(m).values()) for name, parts in by_name.items()}
    return dict(
        tracker=label,
        scenarios={
            name: dict(
                MOTA=pooled_mota(count),
                **pooled_identity(by_name[name]),
                switches=int(count.switches.sum()),
                fragments=int(count.fragments.sum()),
                misses=int(count.misses.sum()),
                false_positives=int(count.false_positives.sum()),
                objects=int(count.objects.sum()),
            )
            for name, count in counted.items()
        },
    )


def text(result: Dict[str, Any], header: bool) -> str:
    """A result as a line of a table: MOTA, HOTA, IDF1, switches and fragments per scenario."""
    columns = [name for name in ('MOTA', 'HOTA', 'IDF1') if all(name in s for s in result['scenarios'].values())]
    cells = [
        ' '.join(f'{s[name]:6.2f}' for name in columns) + f' {s["switches"]:6d} {s["fragments"]:7d}'
        for s in result['scenarios'].values()
    ]
    line = f'{result["tracker"]:<28}' + '  |'.join(cells)
    if header:
        names = '  |'.join(f'{name:^{len(cells[0])}}' for name in result['scenarios'])
        words = ' '.join(f'{name:>6}' for name in columns) + ' switch. fragm.'
        line = f'{"":<28}{names}\n{"":<28}' + '  |'.join([words] * len(cells)) + f'\n{line}'
    return line


def total(counts) -> MotCounts:
    """Sum of counts."""
    return sum(counts, MotCounts.zeros())


def mean_mota(counts: List[MotCounts]) -> float:
    """Mean over trials, so that long scenarios do not outweigh the others."""
    return float(np.mean([pooled_mota(count) for count in counts]))


if __name__ == '__main__':
    sys.exit(main())
