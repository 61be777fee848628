"""The skeleton of one person: outlined limbs, joints marked left and right."""

from dataclasses import dataclass
from functools import partial
from typing import Dict, List, Optional, Tuple

import numpy as np

from pipeline.render.canvas import Canvas
from pipeline.render.ink import Ink
from pipeline.render.options import RenderOptions
from pipeline.render.palette import Colour, PersonColours
from pipeline.skeletons import Skeleton

OUTLINE: Colour = (20, 20, 20)
_OUTLINE_ALPHA = 0.65  # of the limb's own opacity
_FAINTEST = 0.35  # opacity of a joint just over the threshold
_CLEAR, _LOST = 0.03, 0.18  # sigmas, shares of the figure, of joints that are opaque, and that are not drawn at all
_FILLED_ALPHA = 0.75  # of people who were not seen but bridged
_DOT = {'left': (255, 255, 255), 'right': OUTLINE}  # a side must not be told by hue alone
_DOT_SHARE = 0.5  # of the joint's radius
_SMALLEST_DOTTED = 2.5  # px, radius
_JOINT_SHARE = 0.95  # radius of a joint's disc in limb widths
_STOUTEST = 0.3  # greatest width of a limb in its lengths
_DASH = 2.2  # length of a dash in limb widths
_SIZE_SMOOTHING = 0.15


@dataclass(frozen=True)
class Strokes:
    """Straight pieces of limbs: ``starts`` and ``ends`` ``(S, 2)`` and ``widths`` ``(S,)`` in px,
    ``S`` RGB ``colours``, ``alphas`` ``(S,)`` in 0..1."""

    starts: np.ndarray
    ends: np.ndarray
    widths: np.ndarray
    colours: List[Colour]
    alphas: np.ndarray

    def dashed(self) -> 'Strokes':
        """Each stroke cut into an odd number of equal parts, every second one kept, both ends included."""
        lengths = np.linalg.norm(self.ends - self.starts, axis=1)
        parts = np.maximum(lengths / (_DASH * self.widths + 2), 1).astype(int) | 1
        kept = (parts + 1) // 2
        stroke = np.repeat(np.arange(len(parts)), kept)
        first = 2 * (np.arange(len(stroke)) - np.repeat(np.cumsum(kept) - kept, kept))
        along = (self.ends - self.starts)[stroke] / parts[stroke, None]
        starts = self.starts[stroke] + along * first[:, None]
        return Strokes(
            starts, starts + along, self.widths[stroke], [self.colours[i] for i in stroke], self.alphas[stroke]
        )


class FigureSize:
    """Size of every tracked figure, smoothed so that line widths do not flicker."""

    def __init__(self):
        self._sizes: Dict[int, float] = {}

    def update(self, track_id: int, points: np.ndarray) -> float:
        """Size of a figure in px: the mean of the two sides of the box around its drawn joints.

        Args:
            track_id: a tracked figure's size follows the measured one gradually;
                that of an untracked one (id under 1) at once.
            points: ``(N, 2)`` px, at least one.
        """
        measured = float(np.ptp(points, axis=0).mean())
        if track_id < 1:
            return measured
        known = self._sizes.get(track_id, measured)
        self._sizes[track_id] = known + _SIZE_SMOOTHING * (measured - known)
        return self._sizes[track_id]

    def forget_others(self, track_ids: np.ndarray) -> None:
        """Drop the figures that are not in this frame."""
        present = {int(i) for i in track_ids}
        self._sizes = {i: size for i, size in self._sizes.items() if i in present}


class FigurePainter:
    """Draws figures of one skeleton."""

    def __init__(self, skeleton: Skeleton, options: RenderOptions):
        self._options = options
        self._sides = skeleton.sides
        self._links = np.asarray(skeleton.links, int).reshape(-1, 2)
        self._link_sides = [_link_side(skeleton.sides[a], skeleton.sides[b]) for a, b in self._links]
        self._ink = Ink()

    def opacities(
        self,
        keypoints: np.ndarray,
        scores: np.ndarray,
        image_shape: Tuple[int, ...],
        sigmas: Optional[np.ndarray] = None,
    ) -> np.ndarray:
        """Opacity of each joint, 0 where it is not drawn.

        Args:
            keypoints: ``(K, 2)`` px. Joints that are not finite, or more than a
                picture's size outside the picture, are not drawn.
            scores: ``(K,)`` in 0..1.
            image_shape: ``(H, W, 3)``.
            sigmas: ``(K,)`` px, where the refiner gave them: they then say what is drawn and how faint, in place of
                the scores. A score is of one frame and comes and goes; a joint that the refiner knows from the
                frames around stays.

        Returns:
            ``(K,)`` in 0..1.
        """
        low, high = self._options.min_score, self._options.full_score
        size = np.array([image_shape[1], image_shape[0]], float)
        with np.errstate(invalid='ignore'):
            near = np.all((keypoints > -size) & (keypoints < 2 * size), axis=1)
        rise = np.clip((scores - low) / (high - low), 0, 1)
        opacity = np.where((scores >= low) & (scores > 0), _FAINTEST + (1 - _FAINTEST) * rise, 0.0)
        if sigmas is not None:
            figure = float(np.ptp(keypoints[near], axis=0).max()) if near.any() else 1.0
            sure = np.clip((_LOST - sigmas / max(figure, 1.0)) / (_LOST - _CLEAR), 0, 1)
            opacity = np.where(np.isfinite(sigmas), sure, opacity)
        return np.where(near, opacity, 0.0)

    def draw(
        self,
        canvas: Canvas,
        keypoints: np.ndarray,
        opacities: np.ndarray,
        size: float,
        colours: PersonColours,
        filled: bool,
    ) -> None:
        """Draw one person.

        Args:
            canvas: the picture.
            keypoints: ``(K, 2)`` px.
            opacities: ``(K,)`` in 0..1 as :meth:`opacities` gives them.
            size: of the figure in px.
            colours: the person's.
            filled: dashed limbs and lighter ink, for poses that were bridged.
        """
        shown = np.flatnonzero(opacities)
        if not len(shown):
            return
        width = max(1.0, self._options.line_width * size)
        rim = max(0.8, 0.22 * width)
        if not self._ink.begin(canvas, keypoints[shown], margin=width + rim + 3):
            return
        strength = opacities * (_FILLED_ALPHA if filled else 1.0)
        strokes = self._strokes(keypoints, strength, width, colours)
        if filled:
            strokes = strokes.dashed()
        radii = self._joint_radii(keypoints, width)[shown]
        self._ink.discs(keypoints[shown], radii + rim, [OUTLINE] * len(shown), _OUTLINE_ALPHA * strength[shown])
        self._draw_strokes(strokes, rim)
        self._draw_joints(keypoints[shown], radii, strength[shown], [self._sides[k] for k in shown], colours)
        self._ink.blend()

    def _strokes(self, keypoints: np.ndarray, strength: np.ndarray, width: float, colours: PersonColours) -> Strokes:
        ends = keypoints[self._links]  # (L, 2, 2)
        alphas = strength[self._links].min(axis=1)
        drawn = np.flatnonzero(alphas)
        start, end = ends[drawn, 0], ends[drawn, 1]
        # short limbs, as between eye and ear of a distant head, must not become blots
        widths = np.clip(_STOUTEST * np.linalg.norm(end - start, axis=1), 1.0, width)
        return Strokes(start, end, widths, [colours.of(self._link_sides[i]) for i in drawn], alphas[drawn])

    def _draw_strokes(self, strokes: Strokes, rim: float) -> None:
        """All outlines first, so that none cuts through another limb."""
        twice = partial(np.tile, reps=(2, 1))
        self._ink.strokes(
            twice(strokes.starts),
            twice(strokes.ends),
            np.concatenate([strokes.widths + 2 * rim, strokes.widths]),
            [OUTLINE] * len(strokes.starts) + strokes.colours,
            np.concatenate([_OUTLINE_ALPHA * strokes.alphas, strokes.alphas]),
        )

    def _draw_joints(
        self, points: np.ndarray, radii: np.ndarray, strength: np.ndarray, sides: List[str], colours: PersonColours
    ) -> None:
        """Discs in the colour of their side, with a light dot left and a dark one right."""
        dotted = np.flatnonzero(np.array([side != '' for side in sides]) & (radii >= _SMALLEST_DOTTED))
        self._ink.discs(
            np.concatenate([points, points[dotted]]),
            np.concatenate([radii, _DOT_SHARE * radii[dotted]]),
            [colours.of(side) for side in sides] + [_DOT[sides[j]] for j in dotted],
            np.concatenate([strength, strength[dotted]]),
        )

    def _joint_radii(self, keypoints: np.ndarray, width: float) -> np.ndarray:
        """Joints close to their neighbours (eyes, ears) get smaller discs; ``(K,)`` px."""
        radii = np.full(len(keypoints), _JOINT_SHARE * width)
        ends = keypoints[self._links]
        with np.errstate(invalid='ignore'):
            limits = _STOUTEST * np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1)
        # links to missing joints say nothing of distance, nor do those to what is unseen and put at the other end
        limits[~(limits > 0)] = np.inf
        np.minimum.at(radii, self._links, limits[:, None])
        return np.maximum(radii, 0.75)


def _link_side(a: str, b: str) -> str:
    """A limb belongs to a side unless it joins both, as the shoulders' line does."""
    sides = {a, b} - {''}
    return sides.pop() if len(sides) == 1 else ''
