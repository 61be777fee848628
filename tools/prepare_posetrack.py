"""Check a PoseTrack17, 18 or 21 folder as downloaded, and convert its annotations.

python tools/prepare_posetrack.py data/PoseTrack18
python tools/prepare_posetrack.py data/PoseTrack17 --convert-to 18 --out data/posetrack17
"""

import argparse
import sys
from pathlib import Path
from typing import Dict, List

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.posetrack.folders import FORMATS  # noqa: E402
from pipeline.posetrack.release import (  # noqa: E402
    DEFAULT_VERSION,
    KNOWN_LABELS,
    Release,
    SplitReport,
    check_split,
    convert_split,
    missing_sequences,
    open_release,
)

_SHOWN = 5
BOXES = {
    17: 'the layout of PoseTrack17 has no boxes of people: those of these labels (bbox) are not in it',
    18: 'boxes of people (bbox) are those around the annotated joints; the ones that PoseTrack18 was published with, '
    'where labels come from it, can be tens of px larger',
}


def parse_arguments(arguments=None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('root', help='the folder as downloaded and unpacked')
    parser.add_argument('--release', type=int, choices=FORMATS, help='which PoseTrack it must be')
    parser.add_argument(
        '--labels',
        choices=[labels.version for labels in KNOWN_LABELS if labels.version],
        help='version of the PoseTrack18 labels that is wanted (default 0.45)',
    )
    parser.add_argument('--splits', nargs='+', default=['train', 'val'], choices=('train', 'val', 'test'))
    parser.add_argument('--convert-to', type=int, choices=(17, 18), help='write annotations in this layout')
    parser.add_argument('--out', help='folder for converted annotations; images are linked into it')
    parser.add_argument('--partial', action='store_true', help='accept an incomplete folder')
    parser.add_argument('--force', action='store_true', help='replace converted files that exist')
    args = parser.parse_args(arguments)
    if bool(args.convert_to) != bool(args.out):
        parser.error('--convert-to and --out belong together')
    return args


@exit_cleanly
def main(arguments=None) -> None:
    args = parse_arguments(arguments)
    release = open_release(args.root, args.release)
    reports = {split: check_split(release, split) for split in args.splits if split in release.splits}
    problems = missing_sequences(release, args.splits) + image_problems(reports)
    problems += label_problems(release, args.labels)
    print(describe(release, reports))
    for problem in problems:
        print(f'  ! {problem}')
    if problems and not args.partial:
        raise InputError(f'{release.root}: not as it should be ({problems[0]}); --partial goes on with what is there')
    if args.out:
        for split in reports:
            count = convert_split(release, split, args.convert_to, args.out, args.force)
            print(
                f'wrote {count} files in the layout of PoseTrack{args.convert_to} to '
                f'{Path(args.out) / "annotations" / split}'
            )
        print(f'note: {BOXES[args.convert_to]}')


def describe(release: Release, reports: Dict[str, SplitReport]) -> str:
    """The release, its labels, and a table of what each split holds."""
    labels = release.labels()
    version = f', labels v{labels.version}' if labels and labels.version else ''
    lines = [f'PoseTrack{release.number}{version} in {release.root}']
    if labels:
        lines.append(f'These labels belong to: {labels.note}.')
    rows = [('split', 'sequences', 'frames', 'labelled', 'people', 'images missing')]
    rows += [
        (split, len(report.files), report.frames, report.labeled, report.people, len(report.missing_images))
        for split, report in reports.items()
    ]
    lines += [f'{row[0]:<7}' + ''.join(f'{cell:>10}' for cell in row[1:5]) + f'{row[5]:>16}' for row in rows]
    return '\n'.join(lines)


def image_problems(reports: Dict[str, SplitReport]) -> List[str]:
    """Sentences about images that are named but not there, and people that cannot be scored."""
    problems = []
    for split, report in reports.items():
        folders = sorted({str(Path(image).parent) for image in report.missing_images})
        if folders:
            more = f' and {len(folders) - _SHOWN} more' if len(folders) > _SHOWN else ''
            problems.append(
                f'{split}: {len(report.missing_images)} images missing in {len(folders)} '
                f'folders: {", ".join(folders[:_SHOWN])}{more}'
            )
        if report.unscorable:
            problems.append(f'{split}: {report.unscorable} people have joints but no head box: cannot be scored')
    return problems


def label_problems(release: Release, wanted: str) -> List[str]:
    """A sentence if the labels are of another version than wanted."""
    wanted = wanted or DEFAULT_VERSION[release.number]
    labels = release.labels()
    if labels is None or labels.version == wanted:
        return []
    return [
        f'labels are v{labels.version} ({labels.sequences["val"]} validation sequences), '
        f'v{wanted} was wanted: numbers on the two cannot be compared'
    ]


if __name__ == '__main__':
    sys.exit(main())
