"""Score PoseTrack predictions as poseval does.

    python tools/eval_posetrack.py --gt annotations/val --pred results/ [--tracking] [--out scores.json]
"""
import argparse
import json
import sys
from pathlib import Path
from typing import Any, Dict

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.errors import exit_cleanly  # noqa: E402
from pipeline.evaluation.posetrack.folders import FORMATS  # noqa: E402
from pipeline.evaluation.posetrack import format_table, pair_folders, score_sequences  # noqa: E402
from pipeline.files import atomic_path, check_writable  # noqa: E402

_ROWS = 'AP', 'precision', 'recall', 'MOTA', 'MOTP'


def parse_arguments(arguments=None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--gt', required=True, help='folder of annotation files, one JSON per sequence')
    parser.add_argument('--pred', required=True, help='folder of prediction files with the same names')
    parser.add_argument('--format', type=int, choices=FORMATS,
                        help='PoseTrack release whose layout the files have (default: told by each file)')
    parser.add_argument('--tracking', action='store_true', help='also score track ids (MOTA, MOTP)')
    parser.add_argument('--boxes', default='not stated',
                        help='where the boxes of the predictions came from; printed with the scores, because '
                             'true boxes are worth more than any method')
    parser.add_argument('--out', help='write all scores, per joint too, to this JSON file')
    parser.add_argument('--force', action='store_true', help='replace an existing --out file')
    return parser.parse_args(arguments)


@exit_cleanly
def main(arguments=None) -> None:
    args = parse_arguments(arguments)
    if args.out:
        check_writable(args.out, args.force)
    scores = score_sequences(pair_folders(args.gt, args.pred, args.format), args.tracking)
    scores['boxes'] = args.boxes
    print(report(scores))
    if args.out:
        with atomic_path(args.out, args.force) as temporary:
            temporary.write_text(json.dumps(scores, indent=2) + '\n', encoding='utf-8')


def report(scores: Dict[str, Any]) -> str:
    """The scores as text: the table in percent, and what was counted."""
    people = scores['people']
    return '\n'.join([
        f'boxes: {scores["boxes"]}; {scores["sequences"]} sequences, {scores["frames"]} annotated frames, '
        f'{people["annotated"]} people annotated, {people["predicted"]} predicted',
        format_table({name: scores[name] for name in _ROWS if name in scores})])


if __name__ == '__main__':
    sys.exit(main())
