"""Make files that trainings read.

    tools/convert_dataset.py npz FOLDER OUT                     DeciWatch's, SmoothNet's or HANet's gt/ and det/
    tools/convert_dataset.py pairs ANNOTATIONS POSES OUT.npz    an estimator's tracks beside annotations (PoseTrack)
    tools/convert_dataset.py coco ANNOTATIONS POSES OUT.npz     the same, in COCO's layout and the chain's

``npz`` makes safe copies of pickled arrays. Opening a pickled file can run code: convert files from a source you
trust, once, and use the safe copies from then on.

``pairs`` matches poses with annotations, both in PoseTrack's layout (17 or 18), one file a video; poses are those
before the refiner, as ``tools/eval_posetrack.py --data-root`` writes them (``raw/poses``).

``coco`` takes annotated videos of any joints: for each ``NAME.json`` in COCO's keypoint layout, as annotation tools
export it, the ``NAME_poses.json`` that ``smooth-poses`` wrote. Joints meet by their names.
"""

import argparse
import sys
from pathlib import Path
from typing import Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.files import check_writable, is_clutter  # noqa: E402
from pipeline.training.sequences.npz_layouts import read_sequences, write_safe  # noqa: E402


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest='kind', required=True)
    npz = kinds.add_parser('npz', help='npz files of the DeciWatch family, a whole folder')
    npz.add_argument('folder', help='holds gt/ and det/')
    npz.add_argument('out', help='the same files, safe')
    npz.add_argument('--force', action='store_true', help='replace existing files')
    pairs = kinds.add_parser('pairs', help="an estimator's tracks beside annotations, as one pair file")
    pairs.add_argument('annotations', help='folder of annotation files')
    pairs.add_argument('poses', help="folder of the estimator's files, of the same names, with scores and track ids")
    pairs.add_argument('out', help='the npz to write')
    pairs.add_argument('--fps', type=float, default=25.0, help='frames per second of the videos (default: %(default)s)')
    pairs.add_argument('--force', action='store_true', help='replace an existing file')
    coco = kinds.add_parser('coco', help="an estimator's tracks beside annotations in COCO's layout, as one pair file")
    coco.add_argument('annotations', help='folder of annotation files, one a video')
    coco.add_argument('poses', help='folder of the pose files of the chain, NAME_poses.json for each NAME.json')
    coco.add_argument('out', help='the npz to write')
    coco.add_argument('--force', action='store_true', help='replace an existing file')
    return parser.parse_args(arguments)


def convert_folder(folder: Path, out: Path, force: bool = False) -> int:
    """Convert every npz below ``folder`` into the same place below ``out``; how many there were.

    Raises:
        InputError: if there is none, or one cannot be read or written.
    """
    paths = sorted(path for path in folder.rglob('*.npz') if not is_clutter(path.relative_to(folder)))
    if not paths:
        raise InputError(f'{folder}: no npz files in this folder')
    if out.resolve() == folder.resolve():
        raise InputError(f'{out}: the safe files need a folder of their own')
    for path in paths:
        write_safe(out / path.relative_to(folder), read_sequences(path, allow_pickle=True), force)
    return len(paths)


def write_pairs(options: argparse.Namespace) -> None:
    """Write the pair file, and print how far apart estimates and truths are.

    Raises:
        InputError: if a file is missing, malformed or there, or nothing is annotated.
    """
    from pipeline.evaluation.protocols import Evaluated, evaluate
    from pipeline.training.sources.pairs import save_pairs

    if options.kind == 'pairs' and not 0 < options.fps < 1000:
        raise InputError(f'--fps {options.fps}: must be above 0 and below 1000')
    check_writable(options.out, options.force)
    if options.kind == 'pairs':
        from pipeline.posetrack.tracks import load_posetrack

        found = load_posetrack(options.annotations, options.poses, options.fps)
    else:
        from pipeline.training.sources.coco_video import load_coco_videos

        found = load_coco_videos(options.annotations, options.poses)
    sequences = [s for s in found if s.weight.any()]
    if not sequences:
        raise InputError(f'{options.poses}: no pose of these is of an annotated person in {options.annotations}')
    save_pairs(options.out, sequences, options.force)
    error = evaluate([Evaluated(s.estimate, s.truth, weight=s.weight) for s in sequences], ['mpjpe'], 'corrected')
    print(
        f'{options.out}: {len(sequences)} tracks, {sum(map(len, sequences))} frames, '
        f'{sum(int(s.weight.sum()) for s in sequences)} annotated joints, mean error {error["mpjpe"]:.1f} px'
    )


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = parse_arguments(arguments)
    if options.kind in ('pairs', 'coco'):
        write_pairs(options)
        return
    count = convert_folder(Path(options.folder), Path(options.out), options.force)
    print(f'{count} files written to {options.out}')


if __name__ == '__main__':
    sys.exit(main())
