"""Other bodies and other poses from motion capture in space. Legend: ``B`` windows, ``T`` frames, ``K`` joints.

The joints are COCO's 17 where nothing else is said.
"""

from typing import Sequence, Tuple

import numpy as np

from pipeline.training.augmentation.augment import other_proportions

LEFT_HIP, RIGHT_HIP, LEFT_SHOULDER, RIGHT_SHOULDER = 11, 12, 5, 6
LOWER = (11, 12, 13, 14, 15, 16)  # hips, knees, ankles
UPPER = tuple(k for k in range(17) if k not in LOWER)
# COCO's joints, then the centres of hips (17), shoulders (18) and head (19): where each hangs, and its mirror joint
_PARENTS = (19, 19, 19, 19, 19, 18, 18, 5, 6, 7, 8, 17, 17, 11, 12, 13, 14, 17, 17, 18)
_FLIP = (0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15, 17, 18, 19)


def hips_centre(pose: np.ndarray) -> np.ndarray:
    """``(..., 17, 3)`` to ``(..., 1, 3)``."""
    return (pose[..., LEFT_HIP : LEFT_HIP + 1, :] + pose[..., RIGHT_HIP : RIGHT_HIP + 1, :]) / 2


def other_bodies(pose: np.ndarray, spread: float, rng: np.random.Generator) -> np.ndarray:
    """Bodies with bones of other lengths, as tall over all as before. The faces of a window are all of one size.

    Args:
        pose: ``(B, T, 17, 3)``.
        spread: standard deviation of the logarithms of the lengths.
        rng: source of randomness.
    """
    shoulders = pose[:, :, [LEFT_SHOULDER, RIGHT_SHOULDER]].mean(2, keepdims=True)
    head = pose[:, :, :5].mean(2, keepdims=True)
    whole = np.concatenate([pose, hips_centre(pose), shoulders, head], axis=2)
    return pose + other_proportions(whole, _PARENTS, _FLIP, spread, rng)[:, :, :17].astype(pose.dtype)


def exchange_trunks(pose: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Put the trunk, arms and head of one window upon the legs of another: poses that nobody took before a camera.

    Args:
        pose: ``(B, T, 17, 3)``, z up; the trunk is turned about z so that both halves face alike.
        share: of the windows, which get a trunk of another.
        rng: source of randomness.
    """
    chosen = np.flatnonzero(rng.random(len(pose)) < share)
    if len(chosen) < 2:
        return pose
    legs, trunks = pose[chosen], pose[np.roll(chosen, 1)]
    angle = _heading(legs) - _heading(trunks)
    upper = turn_about_z(trunks[:, :, UPPER, :] - hips_centre(trunks), angle) + hips_centre(legs)
    mixed = pose.copy()
    mixed[np.ix_(chosen, np.arange(pose.shape[1]), UPPER)] = upper
    return mixed


def exchange_limbs(
    pose: np.ndarray, limbs: Sequence[Sequence[int]], hips: Sequence[int], share: float, rng: np.random.Generator
) -> np.ndarray:
    """Give some windows the arms, or the legs, of another: few recordings become many motions.

    A limb keeps its course in space, turned about the vertical so that it belongs to a body that faces the same way in
    the middle of the window.

    Args:
        pose: ``(B, T, K, 3)``, z up, of any joints.
        limbs: chains of joint indices, from the one that stays (a shoulder, a hip) outwards; the first half are arms.
        hips: left and right hip.
        share: part of the windows that get other arms, and part that get other legs.
        rng: source of randomness.

    Returns:
        ``(B, T, K, 3)``, a new array.
    """
    mixed = pose.copy()
    frames, middle = np.arange(pose.shape[1]), pose.shape[1] // 2
    facing = _heading(pose[:, middle : middle + 1], hips)
    half = len(limbs) // 2
    for chains in (limbs[:half], limbs[half:]):
        rows = np.flatnonzero(rng.random(len(pose)) < share)
        givers = rng.integers(len(pose), size=len(rows))
        for root, *others in chains:
            limb = pose[np.ix_(givers, frames, others)] - pose[givers][:, :, [root]]
            course = turn_about_z(limb, facing[rows] - facing[givers])
            mixed[np.ix_(rows, frames, others)] = pose[rows][:, :, [root]] + course
    return mixed


def tumble(pose: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Lay windows down: turn them about a level axis through the hips in the window's middle, by up to 110 degrees.

    Args:
        pose: ``(B, T, 17, 3)``, z up.
        share: of the windows.
        rng: source of randomness.
    """
    chosen = np.flatnonzero(rng.random(len(pose)) < share)
    centre = hips_centre(pose[chosen, pose.shape[1] // 2])[:, None]
    heading, angle = rng.uniform(0, 2 * np.pi, len(chosen)), np.radians(rng.uniform(20, 110, len(chosen)))
    turned = pose.copy()
    turned[chosen] = _turn_about_level(pose[chosen] - centre, -heading, angle[:, None]) + centre
    return turned


def roll_over(
    pose: np.ndarray, fps: np.ndarray, hips: Sequence[int], share: float, rng: np.random.Generator
) -> np.ndarray:
    """Let some windows turn head over heels in a second or so: somersaults (two of three), cartwheels and falls.

    Args:
        pose: ``(B, T, K, 3)``, z up, of any joints.
        fps: ``(B,)`` frames per second.
        hips: left and right hip.
        share: of the windows.
        rng: source of randomness.

    Returns:
        ``(B, T, K, 3)``, a new array.
    """
    rolled = pose.copy()
    chosen = np.flatnonzero(rng.random(len(pose)) < share)
    if not len(chosen):
        return rolled
    frames, count = pose.shape[1], len(chosen)
    turns = rng.uniform(0.25, 1.3, count)
    seconds = turns * np.exp(rng.uniform(np.log(0.55), np.log(1.5), count))
    begin = rng.uniform(-seconds / 2, np.maximum(frames / fps[chosen] - seconds / 2, seconds / 2))
    done = np.clip((np.arange(frames) / fps[chosen, None] - begin[:, None]) / seconds[:, None], 0, 1)
    angle = 2 * np.pi * (rng.choice((-1, 1), count) * turns)[:, None] * done * done * (3 - 2 * done)
    # about the axis through both hips, or that which points ahead
    sideways = np.where(rng.random(count) < 2 / 3, 0.0, np.pi / 2) + rng.normal(0, 0.25, count)
    axis = _heading(pose[chosen, frames // 2][:, None], hips)[:, 0] + sideways
    centre = pose[chosen][:, :, list(hips)].mean(2, keepdims=True)
    rolled[chosen] = _turn_about_level(pose[chosen] - centre, axis, angle) + centre
    return rolled


def turn_about_z(points: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """``(B, T, K, 3)`` by ``(B, T)`` or ``(B, 1)`` rad, about the origin."""
    cos, sin = np.cos(angle)[..., None], np.sin(angle)[..., None]
    x, y, z = np.moveaxis(points, -1, 0)
    return np.stack([cos * x - sin * y, sin * x + cos * y, z], axis=-1).astype(points.dtype)


def _turn_about_level(points: np.ndarray, heading: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """``(B, T, K, 3)`` by ``(B, T)`` or ``(B, 1)`` rad, about level axes through the origin that point to ``heading``,
    ``(B,)`` rad about z."""
    x, y, z = np.moveaxis(turn_about_z(points, -heading[:, None]), -1, 0)
    cos, sin = np.cos(angle)[..., None], np.sin(angle)[..., None]
    turned = np.stack([x, cos * y - sin * z, sin * y + cos * z], axis=-1).astype(points.dtype)
    return turn_about_z(turned, heading[:, None])


def _heading(pose: np.ndarray, hips: Sequence[int] = (LEFT_HIP, RIGHT_HIP)) -> np.ndarray:
    """Which way the hips' left is, ``(B, T)`` rad about z."""
    left = pose[:, :, hips[0]] - pose[:, :, hips[1]]
    return np.arctan2(left[..., 1], left[..., 0])


def seen_by_cameras(world: np.ndarray, rng: np.random.Generator) -> Tuple[np.ndarray, np.ndarray]:
    """Watch windows from random places: 15 degrees from below to 50 from above, 1.6 to 14 m away, rolled.

    Args:
        world: ``(B, T, K, 3)`` m, z up.
        rng: source of randomness.

    Returns:
        pose: ``(B, T, K, 3)`` float32 m in the camera's frame, x right, y down, z ahead.
        rays: ``(B, T, K, 2)`` float32, x / z and y / z; nothing is nearer than 0.3 m.
    """
    windows, frames = world.shape[:2]
    centre = world[:, frames // 2].mean(1)[:, None, None]
    level = turn_about_z(world - centre, rng.uniform(0, 2 * np.pi, (windows, 1)))
    x, ahead, up = np.moveaxis(level, -1, 0)
    elevation = np.radians(np.clip(rng.normal(10, 15, windows), -15, 50))[:, None, None]
    distance = np.exp(rng.uniform(np.log(1.6), np.log(14), windows))[:, None, None]
    cos, sin = np.cos(elevation), np.sin(elevation)
    pose = np.stack([x, sin * -ahead - cos * up, cos * ahead - sin * up], axis=-1)
    # most cameras are held level; a third are not
    roll = rng.normal(0, np.where(rng.random(windows) < 0.33, np.radians(25), np.radians(4)))[:, None]
    pose = turn_about_z(pose, roll)
    aside = rng.normal(0, 0.22, (windows, 1, 1, 2)) * distance[..., None]
    pose = pose + np.concatenate([aside, distance[..., None]], axis=-1)
    return pose.astype(np.float32), (pose[..., :2] / np.maximum(pose[..., 2:], 0.3)).astype(np.float32)
