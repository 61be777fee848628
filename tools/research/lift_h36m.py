"""Lift the hourglass's 2D poses of Human3.6M to 3D and write them beside the truth.

    tools/research/lift_h36m.py --data DATA/h36m --out train.npz --lifter S1,S6=A.pth --lifter S5,S8=B.pth

Every subject goes through the lifter that is named for it. For a refiner's training data
these must be lifters that did not see the subject: on its own training data a lifter
is better than it will ever be again. The file is one of ``pipeline.training.sources.pairs``:
poses relative to the pelvis, as the camera sees them, in mm.
"""

import argparse
import sys
from pathlib import Path
from typing import Any, Dict, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.training.motion import PoseSequence  # noqa: E402
from pipeline.training.sources import h36m  # noqa: E402
from pipeline.training.sources.pairs import save_pairs  # noqa: E402


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', required=True, help='folder of the Human3.6M pairs')
    parser.add_argument('--lifter', action='append', required=True, metavar='SUBJECT,...=WEIGHTS')
    parser.add_argument('--out', required=True, help='the pair file to write')
    parser.add_argument('--every', type=int, default=1, help='use every n-th sequence of a subject only')
    parser.add_argument('--force', action='store_true', help='replace an existing file')
    parser.add_argument('--device', default='auto', help='cpu, cuda, cuda:1 …; auto: a GPU where torch sees one')
    parser.add_argument('--threads', type=int, default=1)
    return parser.parse_args(arguments)


def lifters_by_subject(entries: Sequence[str]) -> Dict[str, str]:
    """``{'S1': 'A.pth', 'S6': 'A.pth'}`` of ``['S1,S6=A.pth']``.

    Raises:
        InputError: if an entry is malformed, or a subject unknown or named twice.
    """
    weights = {}
    for entry in entries:
        subjects, sign, path = entry.partition('=')
        if not sign:
            raise InputError(f'--lifter {entry}: SUBJECT,...=WEIGHTS is needed')
        for subject in subjects.split(','):
            if subject not in h36m.TRAIN_SUBJECTS + h36m.TEST_SUBJECTS:
                raise InputError(
                    f'--lifter {entry}: subjects are {", ".join(h36m.TRAIN_SUBJECTS + h36m.TEST_SUBJECTS)}'
                )
            if subject in weights:
                raise InputError(f'--lifter {entry}: {subject} has a lifter already, {weights[subject]}')
            weights[subject] = path
    return weights


def lifted(lifter: Any, recording: h36m.Recording) -> np.ndarray:
    """``(T, 17, 3)`` mm relative to the pelvis; a temporal lifter sees frames 25 a second, each phase by itself."""
    if not hasattr(lifter, 'rate'):
        return lifter.lift(recording.estimate)
    from pipeline.training.batches.hourglass_windows import rays_of

    rays, step = rays_of(recording), round(h36m.FPS / lifter.rate)
    poses = np.empty((len(rays), 17, 3), np.float32)
    for phase in range(min(step, len(rays))):
        part = rays[phase::step]
        poses[phase::step] = lifter.lift(part, np.ones(part.shape[:2], np.float32)) * 1000
    return poses


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = parse_arguments(arguments)
    weights = lifters_by_subject(options.lifter)
    import torch

    from pipeline.backends.checkpoint import load_model, read_checkpoint
    from pipeline.backends.devices import check_device
    from pipeline.networks.lifters.keypoint_lifter import KeypointLifter
    from pipeline.networks.lifters.temporal_lifter import TemporalLifter

    torch.set_num_threads(options.threads)
    device = check_device(options.device)
    kinds = dict(KeypointLifter=KeypointLifter, TemporalLifter=TemporalLifter)
    loaded = {}
    for path in sorted(set(weights.values())):
        config = read_checkpoint(path).get('config')
        kind = config.get('type') if isinstance(config, dict) else None
        loaded[path] = load_model(path, kinds.get(kind, KeypointLifter), device)[0]
    sequences = []
    for subject, path in weights.items():
        first = len(sequences)
        for recording in h36m.load_recordings(options.data, [subject], every=options.every):
            truth = h36m.camera_poses(recording)
            sequences.append(
                PoseSequence(
                    recording.name,
                    truth,
                    np.ones(truth.shape[:2], np.float32),
                    h36m.FPS,
                    lifted(loaded[path], recording),
                )
            )
        errors = [np.linalg.norm(s.estimate - s.truth, axis=-1).mean(1) for s in sequences[first:]]
        print(
            f'{subject}: {len(errors)} sequences, {sum(map(len, errors))} frames, '
            f'MPJPE {np.concatenate(errors).mean():.1f} mm',
            flush=True,
        )
    save_pairs(options.out, sequences, options.force)


if __name__ == '__main__':
    sys.exit(main())
