"""Score PoseTrack predictions as poseval does, or run the chain on a PoseTrack folder and score that.

python tools/eval_posetrack.py --gt annotations/val --pred results/ [--tracking] [--out scores.json]
python tools/eval_posetrack.py --data-root data/PoseTrack18 --split val --preset hrnet-w48
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Dict

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tqdm import tqdm  # noqa: E402

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.files import atomic_path, check_writable  # noqa: E402
from pipeline.posetrack import format_table, pair_folders, score_sequences  # noqa: E402
from pipeline.posetrack.folders import FORMATS  # noqa: E402
from pipeline.posetrack.identity import INSTALL  # noqa: E402

_ROWS = 'AP', 'precision', 'recall', 'MOTA', 'MOTP', 'HOTA', 'AssA', 'IDF1'


def parse_arguments(arguments=None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--format',
        type=int,
        choices=FORMATS,
        help='PoseTrack release whose layout the files have (default: told by each file)',
    )
    parser.add_argument('--out', help='write all scores, per joint too, to this JSON file')
    parser.add_argument('--force', action='store_true', help='replace an existing --out file')

    files = parser.add_argument_group('scoring files')
    files.add_argument('--gt', help='folder of annotation files, one JSON per sequence')
    files.add_argument('--pred', help='folder of prediction files with the same names')
    files.add_argument('--tracking', action='store_true', help='also score track ids (MOTA, MOTP, HOTA, IDF1)')

    chain = parser.add_argument_group('running the chain')
    chain.add_argument('--data-root', help='PoseTrack folder with images (see tools/prepare_posetrack.py)')
    chain.add_argument('--split', default='val', choices=('train', 'val', 'test'))
    chain.add_argument('--preset', help='what finds and poses people: a preset, or a preset file')
    chain.add_argument('--refiner', help="in place of the preset's")
    chain.add_argument('--refiner-checkpoint', metavar='FILE', help='weights for it, in place of the default ones')
    chain.add_argument(
        '--pred-dir',
        help='where prediction files go; sequences that are there are not run again (default: output/posetrack/PRESET)',
    )
    chain.add_argument(
        '--devices',
        '--device',
        nargs='+',
        default=['auto'],
        help='one process each: cuda:0 cuda:1 ...; auto: a GPU where there is one',
    )
    chain.add_argument('--fps', type=int, default=25, help='frames per second of the images')
    chain.add_argument(
        '--track-score',
        type=float,
        default=0.3,
        help='joints below it (joint times box score) are left out where tracks are scored',
    )
    parser.add_argument(
        '--boxes',
        help='where the boxes came from; printed with the scores, because true '
        'boxes are worth more than any method. Running the chain: '
        '"detected" (default) or "annotated"',
    )
    return parser.parse_args(arguments)


@exit_cleanly
def main(arguments=None) -> None:
    args = parse_arguments(arguments)
    if args.out:
        check_writable(args.out, args.force)
    if args.data_root:
        scores = run_and_score(args)
    elif args.gt and args.pred:
        scores = score_sequences(pair_folders(args.gt, args.pred, args.format), args.tracking)
        scores['boxes'] = args.boxes or 'not stated (--boxes: annotated ones are worth 3 to 7 points)'
        print(report(scores))
    else:
        raise InputError('give --gt and --pred to score files, or --data-root and --preset to run the chain')
    if args.out:
        with atomic_path(args.out, args.force) as temporary:
            temporary.write_text(json.dumps(scores, indent=2) + '\n', encoding='utf-8')


def run_and_score(args: argparse.Namespace) -> Dict[str, Any]:
    """Predict what is not predicted yet.

    Returns:
        the scores of the refined poses, with the others' under ``without_refiner``.
    """
    if not args.preset:
        raise InputError('--data-root needs --preset')
    boxes = args.boxes or 'detected'
    if boxes not in ('detected', 'annotated'):
        raise InputError(f'--boxes {boxes}: with --data-root must be detected or annotated')
    if args.fps < 1 or not 0 <= args.track_score <= 1:
        raise InputError(f'--fps {args.fps}, --track-score {args.track_score}: must be 1 or more, and in 0..1')
    from pipeline.posetrack.release import open_release
    from pipeline.posetrack.run import RunOptions, run_split, score_run

    release = open_release(args.data_root, args.format)
    if args.split not in release.splits:
        raise InputError(
            f'{args.data_root}: no annotations for the split {args.split}; there are {", ".join(release.splits)}'
        )
    options = RunOptions(args.preset, args.refiner, args.refiner_checkpoint, boxes, args.fps, args.track_score)
    folder = Path(args.pred_dir or Path('output') / 'posetrack' / Path(args.preset).stem)
    total = len(release.splits[args.split])
    done = tqdm(
        run_split(release, args.split, options, folder, args.devices),
        total=total,
        unit='sequence',
        disable=not sys.stderr.isatty(),
    )
    for name in done:
        done.set_postfix_str(name)
    scored = score_run(release, args.split, folder)
    scores = {**scored['refined'], 'boxes': boxes, 'without_refiner': scored['raw']}
    print(report(scores))
    print(f'prediction files: {folder}')
    return scores


def report(scores: Dict[str, Any]) -> str:
    """The scores as text: the table in percent, and what was counted."""
    people = scores['people']
    rows = {name: scores[name] for name in _ROWS if name in scores}
    if 'without_refiner' in scores:
        raw = scores['without_refiner']
        rows = {
            f'{name} {label}': source[name]
            for name in rows
            for label, source in (('unrefined', raw), ('refined', scores))
        }
    lines = [
        f'boxes: {scores["boxes"]}; {scores["sequences"]} sequences, {scores["frames"]} annotated frames, '
        f'{people["annotated"]} people annotated, {people["predicted"]} predicted',
        format_table(rows),
    ]
    if 'MOTA' in scores and 'HOTA' not in scores:
        lines.append(f'HOTA and IDF1 are left out, for the package trackeval is missing: {INSTALL}')
    joints = scores['joints']
    absent = [joint for joint, count in joints['annotated'].items() if not count]
    if absent and any(joints.get('MOTA', {}).get(joint) is not None for joint in absent):
        lines.append(
            f'MOTA of {", ".join(absent)} says nothing: nowhere annotated. poseval counts every frame without them as '
            'one miss and one false joint; so do these numbers, their columns and the mean'
        )
    return '\n'.join(lines)


if __name__ == '__main__':
    sys.exit(main())
