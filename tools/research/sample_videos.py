"""Stand-ins for annotated videos and for what an estimator says of them, to try a training without data.

    tools/research/sample_videos.py demo/motion/train data/sample/train
    tools/research/sample_videos.py demo/motion/test data/sample/test --views 1

The people are motion capture in CMU's layout, seen by still cameras of 1,280 x 720 px; there are no pictures. For
each view ``annotations/NAME.json`` has the truth in COCO's keypoint layout, and ``poses/NAME_poses.json`` is what
``smooth-poses NAME.mp4`` would have written: the truth with errors of the error model, of sizes unlike its defaults
(:data:`ESTIMATOR`), so that there is something to find when the model is fitted.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.files import atomic_path  # noqa: E402
from pipeline.training.augmentation.augment import virtual_view  # noqa: E402
from pipeline.training.augmentation.error_model import ErrorModel, ErrorRates  # noqa: E402
from pipeline.training.joint_sets import JOINT_SETS  # noqa: E402
from pipeline.training.motion import figure_size  # noqa: E402
from pipeline.training.sources import cmu  # noqa: E402

WIDTH, HEIGHT = 1280, 720
FIGURE = 350.0  # px, of the median figure
#: of the stand-in: it trembles twice as much as the model's default and inverts legs and arms three times as often
ESTIMATOR = ErrorRates(
    jitter=0.013, drift=0.012, inversion_rate=0.36, inversion_seconds=0.15, whole_rate=0, jump_rate=0, gap_rate=0
)


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('motion', help='folder with mocap.npz, such as demo/motion/train')
    parser.add_argument('out', type=Path, help='folder for annotations/ and poses/')
    parser.add_argument('--views', type=int, default=3, help='cameras for each piece of motion (%(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of cameras and errors')
    parser.add_argument('--force', action='store_true', help='replace existing files')
    return parser.parse_args(arguments)


def seen(world: np.ndarray, fps: float, rng: np.random.Generator) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A view of somebody: truth ``(T, 17, 2)`` px, and the stand-in's estimate and scores ``(T, 17)``."""
    truth = virtual_view(1000 * cmu.joints_as(world, fps, rng)[None], rng)[0]
    known = np.ones(truth.shape[:2], np.float32)
    size = np.median(figure_size(truth, known))
    truth = (truth * (FIGURE / size) + [WIDTH / 2, HEIGHT / 2]).astype(np.float32)
    skeleton = JOINT_SETS['coco17'].skeleton
    one = np.ones(1)
    estimate, scores = ErrorModel(skeleton, ESTIMATOR).apply(truth[None], FIGURE * one, fps * one, one, rng)
    return truth, estimate[0], scores[0]


def annotations(truth: np.ndarray) -> Dict[str, object]:
    """COCO's keypoint layout of one person."""
    low, high = truth.min(1), truth.max(1)
    points = np.concatenate([truth, np.full((*truth.shape[:2], 1), 2)], axis=-1).reshape(len(truth), -1)
    return dict(
        images=[
            dict(id=i, frame_id=i, file_name=f'{i:06d}.jpg', width=WIDTH, height=HEIGHT) for i in range(len(truth))
        ],
        annotations=[
            dict(
                id=i,
                image_id=i,
                category_id=1,
                track_id=1,
                iscrowd=0,
                num_keypoints=truth.shape[1],
                bbox=np.round([*low[i], *(high - low)[i]], 2).tolist(),
                area=float(np.prod(high[i] - low[i])),
                keypoints=np.round(points[i], 2).tolist(),
            )
            for i in range(len(truth))
        ],
        categories=[dict(id=1, name='person', keypoints=list(JOINT_SETS['coco17'].names))],
    )


def poses(name: str, estimate: np.ndarray, scores: np.ndarray, fps: float) -> Dict[str, object]:
    """The chain's pose file of one person, without a refiner."""
    frames: List[dict] = []
    for i, (pose, sure) in enumerate(zip(estimate, scores)):
        person = dict(track_id=1, filled=False, bbox=[*pose.min(0).tolist(), *pose.max(0).tolist()], bbox_score=0.9)
        person.update(keypoints=np.round(pose, 2).tolist(), keypoint_scores=np.round(sure, 3).tolist())
        frames.append(dict(frame_id=i, time=i / fps, instances=[{**person, 'keypoints_raw': person['keypoints']}]))
    names = {str(k): joint for k, joint in enumerate(JOINT_SETS['coco17'].names)}
    video = dict(name=name, width=WIDTH, height=HEIGHT, fps=str(round(fps)))
    return dict(meta_info=dict(keypoint_id2name=names, video=video), instance_info=frames)


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = parse_arguments(arguments)
    if options.views < 1:
        raise InputError(f'--views {options.views}: must be 1 or more')
    rng, count = np.random.default_rng(options.seed), 0
    for piece, world, fps in cmu.acted_sequences(options.motion):
        for view in range(options.views):
            name = f'{piece}_{view}'
            truth, estimate, scores = seen(world, fps, rng)
            for path, content in (
                (options.out / 'annotations' / f'{name}.json', annotations(truth)),
                (options.out / 'poses' / f'{name}_poses.json', poses(name, estimate, scores, fps)),
            ):
                with atomic_path(path, options.force) as temporary:
                    temporary.write_text(json.dumps(content), encoding='utf-8')
            count += 1
    print(f'{options.out}: {count} annotated videos (no pictures), and the poses of an estimator that is made up')


if __name__ == '__main__':
    sys.exit(main())
