"""Draw people into pictures."""

from fractions import Fraction
from typing import List, Optional, Tuple, Union

import cv2
import numpy as np

from pipeline.errors import InputError
from pipeline.render.angle_labels import AngleLabels
from pipeline.render.canvas import Canvas, RgbCanvas, YuvCanvas, fill
from pipeline.render.figure import FigurePainter, FigureSize
from pipeline.render.labels import SMALLEST, LabelLayout, draw_plate, plate_width
from pipeline.render.options import RenderOptions
from pipeline.render.palette import Colour, colour_of, person_colours
from pipeline.render.trails import Trails
from pipeline.skeletons import Skeleton
from pipeline.types import People
from pipeline.video.yuv import Planes, YuvPicture

_CAPTION = (18, 20, 26)
_DEFAULT_RATE = Fraction(30)
_FAINT = 0.35  # of the opacity, for those who were not chosen


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

    def draw(
        self,
        picture: Union[np.ndarray, YuvPicture, Planes],
        people: People,
        in_place: bool = False,
        others: Optional[People] = None,
    ) -> Union[np.ndarray, Planes]:
        """Draw the people of the next frame.

        Args:
            picture: ``(H, W, 3)`` uint8, RGB, or a video's YUV picture.
            people: the frame's; their skeleton is the renderer's.
            in_place: draw into an RGB picture if it can be written to (and without
                ``compare``), or into planes, which saves copying them. Otherwise, and of a :class:`YuvPicture`, which
                belongs to its decoder, always a copy is drawn upon.
            others: of the same skeleton, drawn beneath ``people``: faint, grey, without ids, boxes and trails.

        Returns:
            A picture of :meth:`output_size`: of RGB ``(H', W', 3)`` uint8 RGB, a new
            array, or ``picture`` if it was drawn into; of YUV planes of the same
            colours, equal to the picture's wherever nothing was drawn.

        Raises:
            InputError: if the image is not RGB bytes or the people have another
                number of joints.
        """
        is_rgb = isinstance(picture, np.ndarray)
        if is_rgb and (picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8):
            raise InputError(f'image of shape {picture.shape} and type {picture.dtype}: (H, W, 3) uint8 is needed')
        if people.keypoints.shape[1] != self.skeleton.num_keypoints:
            raise InputError(
                f'people have {people.keypoints.shape[1]} joints, '
                f'skeleton {self.skeleton.name!r} has {self.skeleton.num_keypoints}'
            )
        others = people[:0] if others is None else others
        if self.options.compare:
            beside = self._rgb_side_by_side if is_rgb else self._yuv_side_by_side
            return beside(picture, people, others)
        if is_rgb:
            usable = in_place and picture.flags.writeable and picture.flags.c_contiguous
            drawn = picture if usable else np.array(picture, order='C')
            self._panels[0].draw(RgbCanvas(drawn), people, people.keypoints, others)
        else:
            drawn = picture if in_place and isinstance(picture, Planes) else picture.copy()
            self._panels[0].draw(YuvCanvas(drawn), people, people.keypoints, others)
        return drawn

    def _rgb_side_by_side(self, image: np.ndarray, people: People, others: People) -> np.ndarray:
        height, width = image.shape[:2]
        # an odd side is evened with a copy of its last row or column, which H.264 asks for
        half = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
        joined = np.concatenate([half, half], axis=1)
        self._draw_halves(
            *(RgbCanvas(part) for part in np.split(joined, 2, axis=1)),
            RgbCanvas(joined),
            people,
            others,
            min(height, width),
        )
        return joined

    def _yuv_side_by_side(self, picture: Union[YuvPicture, Planes], people: People, others: People) -> Planes:
        height, width = picture.shape[:2]
        joined = Planes(2 * width, height, picture.colours)
        for plane, given in zip((joined.y, joined.u, joined.v), picture.planes):
            plane[:, : given.shape[1]] = given
            plane[:, given.shape[1] :] = given
        self._draw_halves(
            YuvCanvas(joined, 0, width),
            YuvCanvas(joined, width, width),
            YuvCanvas(joined),
            people,
            others,
            min(height, width),
        )
        return joined

    def _draw_halves(
        self, left: Canvas, right: Canvas, both: Canvas, people: People, others: People, side: int
    ) -> None:
        seen = people[~people.filled]
        for panel, caption, half, shown, keypoints in zip(
            self._panels, self.options.captions, (left, right), (seen, people), (seen.keypoints_raw, people.keypoints)
        ):
            panel.draw(half, shown, keypoints, others)
            size = int(np.clip(0.035 * side, SMALLEST, 60))
            draw_plate(half, caption, 0.6 * size, 0.6 * size, size, _CAPTION)
        seam = left.shape[1]
        fill(both, seam - 1, 0, seam + 1, both.shape[0], (255, 255, 255))


class _Panel:
    """One picture's worth of drawing, with its memory of the frames before."""

    def __init__(self, skeleton: Skeleton, options: RenderOptions, fps: Fraction):
        self._options = options
        self._painter = FigurePainter(skeleton, options)
        self._sizes, self._other_sizes = FigureSize(), FigureSize()
        length = max(2, round(options.trail_seconds * fps))
        self._trails = None
        if options.trails:
            self._trails = Trails(skeleton, options.trails, length, options.line_width)
        self._angles = AngleLabels(skeleton, fps, options.facing) if options.draw_angles else None

    def draw(self, picture: Canvas, people: People, keypoints: np.ndarray, others: People) -> None:
        """Draw ``others``, and over them ``people`` with ``keypoints`` ``(P, K, 2)``."""
        self._draw_faintly(picture, others)
        opacities, sizes = self._visible(picture, people, keypoints, self._sizes)
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
            if self._angles and alpha.any():
                drawn = np.where(alpha[:, None] > 0, points, np.nan)
                self._angles.draw(picture, track_id, drawn, sizes[p], colour, layout)

    def _draw_faintly(self, picture: Canvas, others: People) -> None:
        opacities, sizes = self._visible(picture, others, others.keypoints, self._other_sizes)
        for points, alpha, size, filled in zip(others.keypoints, opacities, sizes, others.filled):
            self._painter.draw(picture, points, _FAINT * alpha, size, person_colours(-1), bool(filled))

    def _visible(
        self, picture: Canvas, people: People, keypoints: np.ndarray, known: FigureSize
    ) -> Tuple[List[np.ndarray], List[float]]:
        """Opacities ``(K,)`` of each person's joints, and each figure's size in px."""
        # how sure the refiner is of its poses says nothing of those before it
        refined = people.keypoint_sigmas is not None and keypoints is people.keypoints
        opacities = [
            self._painter.opacities(
                points, people.keypoint_scores[p], picture.shape, people.keypoint_sigmas[p] if refined else None
            )
            for p, points in enumerate(keypoints)
        ]
        sizes = [
            known.update(int(i), points[alpha > 0]) if alpha.any() else 0.0
            for i, points, alpha in zip(people.track_ids, keypoints, opacities)
        ]
        known.forget_others(people.track_ids)
        return opacities, sizes

    def _label(
        self, picture: Canvas, text: str, joints: np.ndarray, size: float, colour: Colour, layout: LabelLayout
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


def draw_box(canvas: Canvas, box: np.ndarray, colour: Colour) -> None:
    """Outline ``box`` (``(4,)``, x1 y1 x2 y2 in px); skip it if not finite."""
    if not np.isfinite(box).all():
        return
    height, width = canvas.shape[:2]
    line = max(1, round(min(height, width) / 540))
    limit = 2 * max(height, width)
    x1, y1, x2, y2 = (int(v) - line // 2 for v in np.clip(np.rint(box), -limit, limit))
    fill(canvas, x1, y1, x2 + line, y1 + line, colour)
    fill(canvas, x1, y2, x2 + line, y2 + line, colour)
    fill(canvas, x1, y1 + line, x1 + line, y2, colour)
    fill(canvas, x2, y1 + line, x2 + line, y2, colour)
