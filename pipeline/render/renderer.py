"""People into pictures."""

from fractions import Fraction
from typing import Optional, Tuple

import cv2
import numpy as np

from pipeline.errors import InputError
from pipeline.render.figure import FigurePainter, FigureSize
from pipeline.render.labels import SMALLEST, LabelLayout, draw_plate, plate_width
from pipeline.render.options import RenderOptions
from pipeline.render.palette import Colour, colour_of, person_colours
from pipeline.render.trails import Trails
from pipeline.skeletons import Skeleton
from pipeline.types import People

_CAPTION = (18, 20, 26)
_DEFAULT_RATE = Fraction(30)


class Renderer:
    """Draws the people of consecutive frames over their pictures.

    One renderer serves one video: line widths and trails remember the frames
    before. With ``options.compare`` it draws the same frame twice, on the left
    from ``keypoints_raw`` and without people who were filled in.
    """

    def __init__(self, skeleton: Skeleton, options: RenderOptions = RenderOptions(), fps: Optional[Fraction] = None):
        """
        Args:
            skeleton: joints and limbs of the people that will come.
            options: what to draw.
            fps: frames per second, for the length of the trails (default 30).

        Raises:
            InputError: if a trail's joint is not in the skeleton.
        """
        self.skeleton = skeleton
        self.options = options
        self._panels = [_Panel(skeleton, options, fps or _DEFAULT_RATE) for _ in range(1 + options.compare)]

    def output_size(self, width: int, height: int) -> Tuple[int, int]:
        """Width and height in px of what :meth:`draw` makes of a ``width`` x ``height`` picture.

        Even with ``compare``; otherwise that of the picture itself.
        """
        if not self.options.compare:
            return width, height
        return 2 * (width + width % 2), height + height % 2

    def draw(self, image: np.ndarray, people: People, in_place: bool = False) -> np.ndarray:
        """Draw the people of the next frame.

        Args:
            image: ``(H, W, 3)`` uint8, RGB. Not changed, unless:
            people: the frame's; their skeleton is the renderer's.
            in_place: draw into ``image`` if it can be written to (and without
                ``compare``), which saves copying it.

        Returns:
            ``(H', W', 3)`` uint8, RGB, of :meth:`output_size`: a new array, or
            ``image`` if it was drawn into.

        Raises:
            InputError: if the image is not RGB bytes or the people have another
                number of joints.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise InputError(f'image of shape {image.shape} and type {image.dtype}: (H, W, 3) uint8 is needed')
        if people.keypoints.shape[1] != self.skeleton.num_keypoints:
            raise InputError(
                f'people have {people.keypoints.shape[1]} joints, '
                f'skeleton {self.skeleton.name!r} has {self.skeleton.num_keypoints}'
            )
        if not self.options.compare:
            usable = in_place and image.flags.writeable and image.flags.c_contiguous
            picture = image if usable else np.array(image, order='C')
            self._panels[0].draw(picture, people, people.keypoints)
            return picture
        return self._side_by_side(image, people)

    def _side_by_side(self, image: np.ndarray, people: People) -> np.ndarray:
        height, width = image.shape[:2]
        seen = people[~people.filled]
        halves = []
        for panel, caption, shown, keypoints in zip(
            self._panels, self.options.captions, (seen, people), (seen.keypoints_raw, people.keypoints)
        ):
            # an odd side is evened with a copy of its last row or column, which H.264 asks for
            half = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
            panel.draw(half, shown, keypoints)
            size = int(np.clip(0.035 * min(height, width), SMALLEST, 60))
            draw_plate(half, caption, 0.6 * size, 0.6 * size, size, _CAPTION)
            halves.append(half)
        joined = np.concatenate(halves, axis=1)
        seam = halves[0].shape[1]
        joined[:, seam - 1 : seam + 1] = 255
        return joined


class _Panel:
    """One picture's worth of drawing, with its memory of the frames before."""

    def __init__(self, skeleton: Skeleton, options: RenderOptions, fps: Fraction):
        self._options = options
        self._painter = FigurePainter(skeleton, options)
        self._sizes = FigureSize()
        length = max(2, round(options.trail_seconds * fps))
        self._trails = None
        if options.trails:
            self._trails = Trails(skeleton, options.trails, length, options.line_width)

    def draw(self, picture: np.ndarray, people: People, keypoints: np.ndarray) -> None:
        """Draw ``people`` with ``keypoints`` ``(P, K, 2)`` into ``picture``, in place."""
        opacities = [
            self._painter.opacities(points, scores, picture.shape)
            for points, scores in zip(keypoints, people.keypoint_scores)
        ]
        sizes = [
            self._sizes.update(int(i), points[alpha > 0]) if alpha.any() else 0.0
            for i, points, alpha in zip(people.track_ids, keypoints, opacities)
        ]
        self._sizes.forget_others(people.track_ids)
        if self._trails:
            self._trails.advance()
            for i, points, alpha, size in zip(people.track_ids, keypoints, opacities, sizes):
                self._trails.add(int(i), points, alpha > 0, size)
            self._trails.draw(picture)
        # the largest figure is likely the nearest: it is drawn last, over the others
        for p in np.argsort(sizes, kind='stable'):
            self._painter.draw(
                picture,
                keypoints[p],
                opacities[p],
                sizes[p],
                person_colours(int(people.track_ids[p])),
                bool(people.filled[p]),
            )
        layout = LabelLayout()
        for p, (points, alpha) in enumerate(zip(keypoints, opacities)):
            track_id = int(people.track_ids[p])
            colour = colour_of(track_id)
            if self._options.boxes:
                draw_box(picture, people.bboxes[p], colour)
            if self._options.ids and track_id >= 1 and alpha.any():
                self._label(picture, str(track_id), points[alpha > 0], sizes[p], colour, layout)

    def _label(
        self, picture: np.ndarray, text: str, joints: np.ndarray, size: float, colour: Colour, layout: LabelLayout
    ) -> None:
        """Put ``text`` over the uppermost of ``joints`` (``(N, 2)`` px)."""
        height = int(np.clip(0.07 * size, SMALLEST, max(SMALLEST, 0.03 * picture.shape[0])))
        width = plate_width(text, height, colour)
        top = joints[:, 1].min()
        # a soft choice of the uppermost joint: the label glides when another one takes over
        weights = np.exp(-(joints[:, 1] - top) / max(0.05 * size, 1.0))
        middle = weights @ joints[:, 0] / weights.sum()
        left, top = layout.place(middle - width / 2, top - 0.14 * size - height, width, height)
        draw_plate(picture, text, left, top, height, colour)


def draw_box(picture: np.ndarray, box: np.ndarray, colour: Colour) -> None:
    """Outline ``box`` (``(4,)``, x1 y1 x2 y2 in px) in ``picture``, in place; skip it if not finite."""
    if not np.isfinite(box).all():
        return
    limit = 2 * max(picture.shape)
    x1, y1, x2, y2 = np.clip(np.rint(box), -limit, limit).astype(int).tolist()
    cv2.rectangle(picture, (x1, y1), (x2, y2), colour, max(1, round(min(picture.shape[:2]) / 540)))
