#!/usr/bin/env python3
"""What scores mean: how often joints of a score are right, on annotated photographs.

    python tools/research/score_curves.py --shared ../shared [--estimator configs/estimators/fused_coco17.py …]

For each estimator, and for the poses that the detector gives: a table of the scores against the share of
joints (shoulders to ankles) that lie within a tenth of the figure's size of where they should be, and the
logistic curve through it, ``1 / (1 + exp(-slope (score - centre)))``: what ``gains`` of a fused estimator
takes. Of fused scores the table is the reliability: in a row from 0.8 to 1, that share should be found right.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Dict, List, Tuple

import numpy as np
from scipy.optimize import minimize

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from pipeline.detection import build_detector  # noqa: E402
from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.estimation import PoseEstimator  # noqa: E402
from pipeline.types import Detections, Frame  # noqa: E402
from pipeline.video import open_source  # noqa: E402

CONFIGS = REPOSITORY / 'configs'
#: joints that lie within this part of the figure's size are right
NEAR = 0.1
#: a person whose median error is larger is somebody else
FOUND = 0.25
#: joints of the face come first; what counts as an ear differs between sources
FACE = 5
EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)

Annotated = Dict[str, List[np.ndarray]]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--shared', type=Path, required=True, help='folder with data/real_images')
    parser.add_argument('--detector', default=str(CONFIGS / 'detectors' / 'movenet_multipose_512.py'))
    parser.add_argument(
        '--estimator',
        nargs='+',
        default=[
            str(CONFIGS / 'estimators' / f'{name}_coco17.py') for name in ('blazepose_full', 'movenet-crop', 'fused')
        ],
    )
    parser.add_argument('--device', default='auto', help='cpu, cuda, cuda:1 …; auto: a GPU where torch sees one')
    return parser.parse_args()


def annotated(folder: Path) -> Annotated:
    """For each picture the poses ``(17, 2)`` px of its people, NaN where a joint is not annotated."""
    path = folder / 'people.json'
    if not path.is_file():
        raise InputError(f'{path}: no such file; --shared must be the folder with data/real_images')
    data = json.loads(path.read_text())
    names = {image['id']: image['file_name'] for image in data['images']}
    poses: Annotated = {}
    for person in data['annotations']:
        if not person['iscrowd']:
            points = np.array(person['keypoints'], float).reshape(-1, 3)
            points[:FACE, 2] = 0
            poses.setdefault(names[person['image_id']], []).append(np.where(points[:, 2:] > 0, points[:, :2], np.nan))
    return poses


def judged(keypoints: np.ndarray, scores: np.ndarray, people: List[np.ndarray]) -> Tuple[np.ndarray, np.ndarray]:
    """Scores of the joints of those found ``(P, 17, 2)`` who are annotated, and whether each is right."""
    all_scores, right = [np.zeros(0)], [np.zeros(0, bool)]
    for truth in people:
        size = np.max(np.nanmax(truth, axis=0) - np.nanmin(truth, axis=0))
        errors = np.linalg.norm(keypoints - truth, axis=2) / size
        if not len(errors):
            continue
        best = int(np.argmin(np.nanmedian(errors, axis=1)))
        known = np.isfinite(errors[best])
        if np.median(errors[best][known]) <= FOUND:
            all_scores.append(scores[best][known])
            right.append(errors[best][known] <= NEAR)
    return np.concatenate(all_scores), np.concatenate(right)


def curve(scores: np.ndarray, right: np.ndarray) -> Tuple[float, float]:
    """Slope and centre of the logistic curve that the outcomes are likeliest under."""

    def surprise(parameters: np.ndarray) -> float:
        slope, centre = parameters
        odds = slope * (scores - centre)
        return float(np.sum(np.logaddexp(0, np.where(right, -odds, odds))))

    slope, centre = minimize(surprise, (5.0, 0.3), method='Nelder-Mead').x
    return float(slope), float(centre)


def print_table(name: str, scores: np.ndarray, right: np.ndarray) -> None:
    print(f'\n{name}: {len(scores)} joints\n\n| score | joints | right |\n| --- | --- | --- |')
    for low, high in zip(EDGES, EDGES[1:]):
        chosen = (scores >= low) & ((scores < high) | (high == EDGES[-1]))
        if chosen.any():
            print(f'| {low:.1f} to {high:.1f} | {chosen.sum()} | {right[chosen].mean():.2f} |')
    print('\ncurve: slope {:.1f}, centre {:.2f}'.format(*curve(scores, right)))


@exit_cleanly
def main() -> int:
    args = parse_arguments()
    folder = args.shared / 'data' / 'real_images'
    people = annotated(folder)
    detector = build_detector(dict(config=args.detector, score_thr=0.1), args.device, None)
    pictures: List[Tuple[Frame, Detections, List[np.ndarray]]] = []
    for name, poses in people.items():
        with open_source(folder / 'images' / name) as source:
            frame = next(iter(source))
        if hasattr(detector, 'reset'):
            detector.reset()
        pictures.append((frame, detector.detect([frame])[0], poses))
    seeds = [(found.keypoints, found.keypoint_scores, poses) for _, found, poses in pictures if len(found)]
    print_table('detector', *map(np.concatenate, zip(*(judged(*seed) for seed in seeds))))
    for config in args.estimator:
        estimator = PoseEstimator.from_config(config, device=args.device)
        posed = [(estimator.estimate([[frame]], [found])[0], poses) for frame, found, poses in pictures]
        outcomes = [judged(each.keypoints, each.keypoint_scores, poses) for each, poses in posed if len(each)]
        print_table(Path(config).stem, *map(np.concatenate, zip(*outcomes)))
    return 0


if __name__ == '__main__':
    sys.exit(main())
