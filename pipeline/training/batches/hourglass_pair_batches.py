"""Human3.6M for refiners of 2D: what the hourglass said and what was there, and the same of other bodies and motion."""

from typing import Optional, Sequence

import numpy as np
import torch
from mmpose.registry import DATASETS

from pipeline.errors import InputError
from pipeline.training.augmentation.bodies import turn_about_z
from pipeline.training.augmentation.face import unit
from pipeline.training.augmentation.resample import cut_windows, draw_windows
from pipeline.training.batches.drawn_batches import float_tensor
from pipeline.training.batches.hourglass_windows import HourglassWindows, SeenWindows, lowest
from pipeline.training.sources import cmu, h36m

_PIXELS = 1000.0  # focal length
_DONORS = 128  # recorded windows among which one with a like pose is looked for
_TRUNK = [6, 7, 8, 9]  # of the hourglass: pelvis, thorax, neck, head


@DATASETS.register_module()
class HourglassPairBatches(HourglassWindows):
    """Item i is a complete batch of windows at 50 frames a second. Collate with ``first_item``, ``batch_size=1``.

    With ``motion`` some windows show CMU's motion by bodies of Human3.6M's subjects, in their studio, with the
    hourglass's errors of a recorded window whose pose looks alike. What CMU's skeleton says of trunk and head is not
    what Human3.6M says of them, and counts for nothing.

    Args:
        motion: folder of CMU's motion; None for none.
        share: of the windows, which show it.
        reverse: play half of the windows backwards; the hourglass knows no direction of time.
        folder, subjects, window, batch_size, num_batches, proportions, stature, turn, cache, seed: of
            :class:`HourglassWindows`.

    Raises:
        InputError: as there, if a file of the motion is missing, or ``share`` is not from 0 to 1.
    """

    def __init__(
        self,
        folder: str,
        subjects: Sequence[str] = h36m.TRAIN_SUBJECTS,
        window: int = 96,
        batch_size: int = 48,
        num_batches: int = 100,
        motion: Optional[str] = None,
        share: float = 0.2,
        reverse: bool = True,
        proportions: float = 0.0,
        stature: float = 0.0,
        turn: float = 0.0,
        cache: Optional[str] = None,
        seed: int = 0,
    ):
        super().__init__(folder, subjects, window, 1, batch_size, num_batches, proportions, stature, turn, cache, seed)
        if not 0 <= share <= 1:
            raise InputError(f'share {share}: must be from 0 to 1')
        self.share, self.reverse, self.motion = share, reverse, None
        if motion is not None:
            takes = [(joints, fps) for _, joints, fps in cmu.acted_sequences(motion)]
            self.motion = np.concatenate([joints for joints, _ in takes])
            self.lengths = np.array([len(joints) for joints, _ in takes])
            self.motion_fps = np.array([fps for _, fps in takes])

    def draw(self, rng: np.random.Generator) -> dict:
        """``inputs``: keypoints ``(B, T, 16, 2)`` px, scores ``(B, T, 16)``, fps ``(B,)``; ``data_samples``: target
        and its weight."""
        moved = 0 if self.motion is None else round(self.share * self.batch_size)
        seen = self.recorded(self.batch_size - moved, rng)
        if moved:
            seen = _joined(seen, self._moved_otherwise(moved, rng))
        weight = np.ones(seen.rays.shape[:3], np.float32)
        weight[self.batch_size - moved :, :, _TRUNK] = 0
        seen = self.half_mirrored(self.as_others(seen, rng), rng)
        estimate, truth = seen.rays * _PIXELS, seen.images * _PIXELS
        if self.reverse:
            backwards = (rng.random(self.batch_size) < 0.5)[:, None, None, None]
            estimate, truth = (np.where(backwards, poses[:, ::-1], poses) for poses in (estimate, truth))
        return dict(
            inputs=dict(
                keypoints=float_tensor(estimate),
                scores=torch.ones(estimate.shape[:3]),
                fps=torch.full((self.batch_size,), h36m.FPS),
            ),
            data_samples=dict(target=float_tensor(truth), target_weight=float_tensor(weight)),
        )

    def _moved_otherwise(self, windows: int, rng: np.random.Generator) -> SeenWindows:
        """CMU's motion on the bodies, and at the places, of recorded windows."""
        donors = self.recorded(max(_DONORS, windows), rng)
        hosts = _chosen(donors, rng.permutation(len(donors.rays))[:windows])
        world = as_h36m(self._cut(windows, rng), _bone_lengths(hosts.poses))
        world = turn_about_z(world, rng.uniform(0, 2 * np.pi, (windows, 1)))
        poses = world @ _camera_axes(hosts.ups)[:, None]
        path = poses[:, :, :1] - poses[:, self.window // 2, None, :1]
        poses = poses - poses[:, :, :1]
        places = hosts.places[:, self.window // 2, None] + path[:, :, 0]
        # stand where the host stood lowest
        up = hosts.ups[:, None]
        floor, feet = (
            ((where * up).sum(-1) + lowest(body, hosts.ups)).min(1)
            for where, body in ((hosts.places, hosts.poses), (places, poses))
        )
        places = places + (floor - feet)[:, None, None] * up
        moved = SeenWindows(hosts.rays, poses.astype(np.float32), places.astype(np.float32), hosts.ups)
        alike = _chosen(donors, _most_alike(moved.images, donors.images))
        scale = _sizes(moved.images) / _sizes(alike.images)
        moved.rays = moved.images + (alike.rays - alike.images) * scale[:, None, None, None]
        return moved

    def _cut(self, windows: int, rng: np.random.Generator) -> np.ndarray:
        """CMU's joints ``(B, T, 21, 3)`` m, z up, at somewhat other speeds."""
        shape = windows, self.window
        chosen, positions = draw_windows(self.lengths, self.motion_fps, h36m.FPS, shape, 0.2, rng)
        starts = np.cumsum(self.lengths) - self.lengths
        return cut_windows(self.motion, starts[chosen], self.lengths[chosen], positions)


def as_h36m(joints: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """CMU's motion on Human3.6M's joints: bones keep their directions, hips and shoulders lie symmetrically
    about their centres.

    Args:
        joints: ``(B, T, 21, 3)`` in the order of :data:`pipeline.training.sources.cmu.NAMES`.
        lengths: ``(B, 17)`` of the bones, from each joint to the one that it hangs on.

    Returns:
        ``(B, T, 17, 3)``.
    """

    def at(name: str) -> np.ndarray:
        return joints[:, :, cmu.NAMES.index(name)]

    left = {part: unit(at(f'left_{part}') - at(f'right_{part}')) for part in ('hip', 'shoulder')}
    hips, shoulders = ((at(f'left_{part}') + at(f'right_{part}')) / 2 for part in ('hip', 'shoulder'))
    directions = dict.fromkeys(('spine', 'thorax'), unit(shoulders - hips))
    directions.update(dict.fromkeys(('neck_base', 'head'), unit(at('head') - shoulders)))
    for side, sign in (('left', 1), ('right', -1)):
        wrist = (at(f'{side}_wrist') + at(f'{side}_hand')) / 2
        directions[f'{side}_hip'], directions[f'{side}_shoulder'] = sign * left['hip'], sign * left['shoulder']
        directions[f'{side}_knee'] = unit(at(f'{side}_knee') - at(f'{side}_hip'))
        directions[f'{side}_foot'] = unit(at(f'{side}_ankle') - at(f'{side}_knee'))
        directions[f'{side}_elbow'] = unit(at(f'{side}_elbow') - at(f'{side}_shoulder'))
        directions[f'{side}_wrist'] = unit(wrist - at(f'{side}_elbow'))
    posed = [hips]
    for joint in range(1, len(h36m.H36M_NAMES)):  # parents come before their children
        bone = directions[h36m.H36M_NAMES[joint]] * lengths[:, joint, None, None]
        posed.append(posed[h36m.H36M_PARENTS[joint]] + bone)
    return np.stack(posed, axis=2)


def _bone_lengths(poses: np.ndarray) -> np.ndarray:
    """``(B, 17)`` of ``(B, T, 17, 3)``."""
    return np.median(np.linalg.norm(poses - poses[:, :, list(h36m.H36M_PARENTS)], axis=-1), axis=1)


def _camera_axes(ups: np.ndarray) -> np.ndarray:
    """``(B, 3, 3)``: two level axes and ``ups`` ``(B, 3)``, as rows: from a room with z up to the camera's frame."""
    first = unit(np.cross(ups, [0.0, 0.0, 1.0]))  # no camera of the studio looks straight up or down
    return np.stack([first, np.cross(ups, first), ups], axis=1)


def _sizes(images: np.ndarray) -> np.ndarray:
    """Root mean square distance of joints from their centre, ``(B,)`` of ``(B, T, K, 2)``."""
    return np.sqrt(np.square(images - images.mean(2, keepdims=True)).sum(-1).mean((1, 2)))


def _most_alike(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Of ``others`` ``(N, T, K, 2)`` the one most like each of ``images`` ``(B, T, K, 2)`` in the middle, ``(B,)``."""

    def shape(windows: np.ndarray) -> np.ndarray:
        middle = windows[:, windows.shape[1] // 2]
        return ((middle - middle.mean(1, keepdims=True)) / _sizes(windows)[:, None, None]).reshape(len(windows), -1)

    return np.linalg.norm(shape(images)[:, None] - shape(others), axis=-1).argmin(1)


def _chosen(seen: SeenWindows, indices: np.ndarray) -> SeenWindows:
    return SeenWindows(*(array[indices] for array in vars(seen).values()))


def _joined(first: SeenWindows, second: SeenWindows) -> SeenWindows:
    return SeenWindows(*map(np.concatenate, zip(vars(first).values(), vars(second).values())))
