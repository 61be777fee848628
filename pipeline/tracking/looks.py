"""Appearance of people: colour histograms of torso and thighs, and their similarity.

A description is cheap (some hundred sampled pixels a person) and needs no network. It
tells clothes apart, not faces: two people in one uniform look the same.

Legend: ``P`` people, ``K`` keypoints, ``R`` = 2 parts (torso, thighs), ``B`` bins.
"""

from typing import Optional, Sequence

import numpy as np

from pipeline.types import Frame

#: Shoulders, hips and knees, left and right in turn, in COCO's order.
COCO_BODY = (5, 6, 11, 12, 13, 14)

_HUES, _SHADES, _GREYS = 18, 2, 4
BINS = _HUES * _SHADES + _GREYS
#: Numbers in a description: the bins of both parts, and each part's evidence.
LENGTH = 2 * (BINS + 1)

# a difference of the largest and smallest channel that is surely a colour and no noise (0..255)
_COLOURED = 64.0
# joints below it do not say where a part is
_LEAST_SCORE = 0.25
# what thighs count beside the torso: they are hidden by tables, and most trousers are dark
_THIGH_WEIGHT = 0.4
# samples over the torso from shoulder to hip and from left to right; the rim is background too often
_DOWN, _ACROSS = np.linspace(0.12, 0.85, 10), np.linspace(0.15, 0.85, 7)
_ALONG = np.linspace(0.15, 0.9, 12)


def describe(frame: Frame, keypoints: np.ndarray, scores: np.ndarray, body: Sequence[int] = COCO_BODY) -> np.ndarray:
    """Colours of the torso and the thighs of every person.

    Each part is a histogram over hue (in two shades) for what is coloured and over
    lightness for what is grey, and its evidence: the mean score of its joints times the
    part of its samples inside the picture; 0 where a joint is unknown.

    Args:
        frame: of which only the sampled pixels are read.
        keypoints: ``(P, K, 2)`` px.
        scores: ``(P, K)`` in 0..1.
        body: indices of left and right shoulder, hip and knee.

    Returns:
        ``(P, LENGTH)`` float32: per part ``BINS`` numbers of sum 1 and the evidence in 0..1.
    """
    points, scores = keypoints[:, list(body)].astype(np.float32), scores[:, list(body)]
    if not len(points):
        return np.zeros((0, LENGTH), np.float32)
    top = points[:, 0, None] + _ACROSS[:, None] * (points[:, 1] - points[:, 0])[:, None]  # (P, A, 2)
    bottom = points[:, 2, None] + _ACROSS[:, None] * (points[:, 3] - points[:, 2])[:, None]
    torso = (top[:, None] + _DOWN[:, None, None] * (bottom - top)[:, None]).reshape(len(points), -1, 2)
    thighs = points[:, 2:4, None] + _ALONG[:, None] * (points[:, 4:] - points[:, 2:4])[:, :, None]
    parts = []
    for where, joints, rows in ((torso, slice(0, 4), 1), (thighs.reshape(len(points), -1, 2), slice(2, 6), 2)):
        known = scores[:, joints] >= _LEAST_SCORE
        # a leg that is hidden leaves the other one to be looked at
        sides = known.all(axis=1, keepdims=True) if rows == 1 else known[:, :2] & known[:, 2:]
        weight = np.repeat(sides, where.shape[1] // sides.shape[1], axis=1).astype(np.float32)
        parts.append(_histogram(frame, where, weight, scores[:, joints].mean(axis=1)))
    return np.concatenate(parts, axis=1)


def alike(a: np.ndarray, b: np.ndarray):
    """How alike descriptions are, and how much is known about that.

    Args:
        a: ``(N, LENGTH)``.
        b: ``(M, LENGTH)``.

    Returns:
        ``(N, M)`` in 0..1, the Bhattacharyya coefficient of the histograms averaged over the
        parts known on both sides (1 where none is), and ``(N, M)`` in 0..1, its evidence.
    """
    a, b = a.reshape(len(a), 1, 2, BINS + 1), b.reshape(1, len(b), 2, BINS + 1)
    common = np.minimum(a[..., BINS], b[..., BINS]) * (1.0, _THIGH_WEIGHT)
    overlap = np.sqrt(a[..., :BINS] * b[..., :BINS]).sum(axis=3)
    total = common.sum(axis=2)
    likeness = np.divide((overlap * common).sum(axis=2), total, out=np.ones_like(total), where=total > 0)
    return likeness, np.clip(total, 0, 1)


def remembered(memory: Optional[np.ndarray], looks: np.ndarray, rate: float) -> np.ndarray:
    """``memory`` moved towards ``looks`` by ``rate`` (0..1), part by part and weighted by evidence. ``(LENGTH,)``."""
    if memory is None:
        return looks.astype(np.float64)
    old, new = memory.reshape(2, BINS + 1), looks.reshape(2, BINS + 1).astype(np.float64)
    # a part that was never known is taken as it is; one that is hidden is not forgotten
    share = np.where(old[:, BINS:] > 0, rate * new[:, BINS:], new[:, BINS:] > 0)
    mixed = old + share * (new - old)
    mixed[:, BINS] = np.where(new[:, BINS] > old[:, BINS], np.maximum(mixed[:, BINS], new[:, BINS]), old[:, BINS])
    return mixed.ravel()


def _histogram(frame: Frame, where: np.ndarray, weight: np.ndarray, evidence: np.ndarray) -> np.ndarray:
    """``(P, BINS + 1)`` of pixels at ``where`` ``(P, S, 2)``, weighted by ``weight`` ``(P, S)``."""
    width, height = frame.width, frame.height
    where = np.nan_to_num(where, nan=-1.0, posinf=-1.0, neginf=-1.0)
    x, y = np.rint(where[..., 0]), np.rint(where[..., 1])
    weight = weight * ((x >= 0) & (x < width) & (y >= 0) & (y < height))
    columns, rows = (np.clip(at, 0, size - 1).astype(int).ravel() for at, size in ((x, width), (y, height)))
    pixels = frame.colours_at(columns, rows).reshape(*x.shape, 3).astype(np.float32)
    high, low = pixels.max(axis=2), pixels.min(axis=2)
    span = np.maximum(high - low, 1e-6)
    red, green, blue = np.moveaxis(pixels, 2, 0)
    hue = (
        np.where(
            high == red,
            (green - blue) / span % 6,
            np.where(high == green, (blue - red) / span + 2, (red - green) / span + 4),
        )
        / 6
        * _HUES
    )
    colour = np.clip((high - low) / _COLOURED, 0, 1) ** 2
    first, shade = np.floor(hue).astype(int), np.clip(high / 96 - 0.5, 0, 1)
    grey = high / 255 * (_GREYS - 1)
    dark = np.minimum(grey.astype(int), _GREYS - 2)
    # each pixel is shared between two neighbouring hues in two shades, and two neighbouring greys
    near, far = weight * colour * (1 - (hue - first)), weight * colour * (hue - first)
    bins = [first % _HUES, first % _HUES + _HUES, (first + 1) % _HUES, (first + 1) % _HUES + _HUES]
    bins += [_HUES * _SHADES + dark, _HUES * _SHADES + dark + 1]
    amounts = [near * (1 - shade), near * shade, far * (1 - shade), far * shade]
    amounts += [weight * (1 - colour) * (1 - (grey - dark)), weight * (1 - colour) * (grey - dark)]
    place = np.stack(bins) + BINS * np.arange(len(where))[:, None]
    histogram = np.bincount(place.ravel(), np.stack(amounts).ravel(), len(where) * BINS).reshape(-1, BINS)
    total = histogram.sum(axis=1, keepdims=True)
    histogram = np.divide(histogram, total, out=histogram, where=total > 0)
    return np.concatenate([histogram, (evidence * weight.mean(axis=1))[:, None]], axis=1).astype(np.float32)
