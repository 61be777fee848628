"""How right 3D poses are on motion capture before virtual cameras, with an estimator's errors.

    tools/research/evaluate_3d_motion.py --data ../shared/data/h36m

Windows of six seconds of Human3.6M's test subjects, on bodies of somewhat other proportions, seen as
``pipeline/training/batches/virtual_lifting_batches.py`` lets lifters see their training motion (at 0.3 to 3 times its
speed, half of it backwards), through a known lens; lifted by the chain (bones, limbs and smoothing included). Windows
in which somebody comes nearer than half a metre are left out. Where ``evaluate_3d_views.py`` has one man, this has two,
in fifteen actions.
"""

import argparse
import sys
from pathlib import Path
from typing import List, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402

import pipeline.training  # noqa: E402, F401, registers data sets
from pipeline.errors import exit_cleanly  # noqa: E402
from pipeline.lift.camera import PinholeCamera  # noqa: E402
from pipeline.lift.lifting import Lifting, load_lifter  # noqa: E402
from pipeline.lift.refining import load_space_refiner  # noqa: E402
from pipeline.resources import WEIGHTS  # noqa: E402
from pipeline.training.augmentation.error_model import ESTIMATORS  # noqa: E402
from pipeline.training.batches.virtual_lifting_batches import VirtualLiftingBatches  # noqa: E402
from pipeline.training.sources.h36m import TEST_SUBJECTS  # noqa: E402
from tools.research.evaluate_3d_views import lifted, measure, print_header, print_row  # noqa: E402

CAMERA = PinholeCamera(1000.0, 0.0, 0.0)
FRAMES, RATE = 150, 25.0


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', required=True, help='folder of the Human3.6M pairs')
    parser.add_argument('--lifter', type=Path, default=WEIGHTS / 'lifter_coco17.pth')
    parser.add_argument('--refiner-3d', default='none', help='hanet, none (default) or a checkpoint')
    parser.add_argument('--estimator', choices=tuple(ESTIMATORS), default='fused', help='whose errors (%(default)s)')
    parser.add_argument('--windows', type=int, default=48, help='how many (%(default)s)')
    parser.add_argument('--seed', type=int, default=5)
    return parser.parse_args(arguments)


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = parse_arguments(arguments)
    lifter = load_lifter(options.lifter)
    refiner = load_space_refiner(options.refiner_3d, lifter.joint_names, lifter.rate)
    batches = VirtualLiftingBatches(
        options.data,
        motion='h36m',
        subjects=TEST_SUBJECTS,
        window=FRAMES,
        batch_size=options.windows,
        num_batches=1,
        rate=RATE,
        body_spread=0.05,
        mixed=0.0,
        lying=0.0,
        cut=0.0,
        lens=0.0,
        severity=(0.3, 1.0),
        estimators=(options.estimator,),
        seed=options.seed,
    )
    batch = batches[0]
    rays, scores = (batch['inputs'][name].numpy() for name in ('rays', 'scores'))
    truth = batch['data_samples']['target'].numpy()  # relative to the hips: places are not compared
    seen = batch['data_samples']['target_weight'].numpy().min((1, 2)) > 0
    rays, scores, truth = rays[seen], scores[seen], truth[seen]
    rows: List[dict] = []
    for window_rays, window_scores, poses in zip(rays, scores, truth):
        lifting = Lifting(lifter, CAMERA, refiner=refiner)
        joints = lifted(lifting, window_rays * CAMERA.focal, window_scores, np.arange(FRAMES) / RATE)
        rows.append({**measure(joints, poses), 'place': np.array([np.nan])})
    print_header()
    print_row(f'{len(rows)} windows of {FRAMES / RATE:.0f} s', rows)


if __name__ == '__main__':
    sys.exit(main())
