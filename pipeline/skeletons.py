"""Skeletons: joint names, limbs, mirror pairs and OKS sigmas, read from MMPose's metainfo."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Sequence, Tuple

import numpy as np
from mmengine.config import Config

from pipeline.errors import InputError
from pipeline.resources import CONFIGS


@dataclass(frozen=True)
class Skeleton:
    """A joint set as MMPose describes it.

    Attributes:
        name: dataset name in MMPose's metainfo, such as ``coco``.
        names: ``K`` keypoint names.
        links: ``(a, b)`` joint index pairs that are drawn as limbs.
        flip_indices: ``K`` indices; entry k is the mirror joint of k.
        sigmas: ``(K,)`` float32, the fall-off of OKS per joint (0..1).
        sides: ``K`` entries of 'left', 'right' or '' for joints on the midline.
    """

    name: str
    names: Tuple[str, ...]
    links: Tuple[Tuple[int, int], ...]
    flip_indices: Tuple[int, ...]
    sigmas: np.ndarray
    sides: Tuple[str, ...]

    @property
    def num_keypoints(self) -> int:
        return len(self.names)

    def index(self, name: str) -> int:
        """Index of joint ``name``.

        Raises:
            InputError: if the skeleton has no such joint.
        """
        try:
            return self.names.index(name)
        except ValueError:
            raise InputError(f'joint {name!r} is not in skeleton {self.name!r}: {", ".join(self.names)}') from None

    def subset(self, names: Sequence[str]) -> 'Skeleton':
        """The skeleton of some of its joints, in the order of ``names``.

        Raises:
            InputError: for a joint that it does not have, or one without its mirror joint.
        """
        rows = [self.index(name) for name in names]
        position = {row: k for k, row in enumerate(rows)}
        alone = next((row for row in rows if self.flip_indices[row] not in position), None)
        if alone is not None:
            mirror = self.names[self.flip_indices[alone]]
            raise InputError(f'joint {self.names[alone]!r} is chosen without {mirror!r}')
        links = tuple((position[a], position[b]) for a, b in self.links if a in position and b in position)
        flips = tuple(position[self.flip_indices[row]] for row in rows)
        sides = tuple(self.sides[row] for row in rows)
        return Skeleton(self.name, tuple(names), links, flips, self.sigmas[rows], sides)

    @classmethod
    def from_metainfo(cls, info: dict) -> 'Skeleton':
        """From MMPose's ``dataset_info`` dictionary (``keypoint_info``, ``skeleton_info``, ``sigmas``)."""
        joints = [info['keypoint_info'][k] for k in sorted(info['keypoint_info'])]
        names = tuple(joint['name'] for joint in joints)
        position = {name: k for k, name in enumerate(names)}
        links = tuple(
            tuple(position[name] for name in info['skeleton_info'][i]['link']) for i in sorted(info['skeleton_info'])
        )
        flips = tuple(position[joint['swap']] if joint.get('swap') else k for k, joint in enumerate(joints))
        return cls(info['dataset_name'], names, links, flips, _sigmas(info, len(names)), tuple(map(side_of, names)))

    @classmethod
    def from_parsed(cls, meta: dict) -> 'Skeleton':
        """From metainfo as MMPose's ``parse_pose_metainfo`` gives it and checkpoints hold it."""
        names = tuple(str(meta['keypoint_id2name'][k]) for k in range(int(meta['num_keypoints'])))
        links = tuple((int(a), int(b)) for a, b in meta['skeleton_links'])
        flips = tuple(int(k) for k in meta['flip_indices'])
        return cls(
            str(meta['dataset_name']), names, links, flips, _sigmas(meta, len(names)), tuple(map(side_of, names))
        )


def side_of(name: str) -> str:
    """'left', 'right' or '' for joints on the midline, told by the name."""
    return next((side for side in ('left', 'right') if side in name), '')


def mirror_name(name: str) -> str:
    """``right_knee`` of ``left_knee``; a name that begins with no side is its own."""
    for side, other in (('left_', 'right_'), ('right_', 'left_')):
        if name.startswith(side):
            return other + name[len(side) :]
    return name


@cache
def load_skeleton(name: str) -> Skeleton:
    """Skeleton ``name`` from ``configs/skeletons`` (``body25``, ``blazepose33``) or MMPose's configs (``coco`` ...).

    Raises:
        InputError: if there is no metainfo of that name.
    """
    path = CONFIGS / 'skeletons' / f'{name}.py'
    if not path.is_file():
        import mmpose

        folder = Path(mmpose.__file__).parent / '.mim' / 'configs' / '_base_' / 'datasets'
        path = folder / f'{name}.py'
        if not path.is_file():
            known = sorted(p.stem for parent in (folder, CONFIGS / 'skeletons') for p in parent.glob('*.py'))
            raise InputError(f'unknown skeleton {name!r}; known are {", ".join(known)}')
    return Skeleton.from_metainfo(Config.fromfile(str(path)).dataset_info)


def _sigmas(info: dict, count: int) -> np.ndarray:
    given = np.asarray(info.get('sigmas', ()), np.float32)
    return given if len(given) else np.full(count, 0.05, np.float32)  # some data sets define none
