"""Angles of joints, written beside them."""

from fractions import Fraction

import numpy as np

from pipeline.kinematics import FacingMemory, angles_of, body_angles
from pipeline.kinematics.facing import SIDES
from pipeline.kinematics.points import members
from pipeline.render.canvas import Canvas
from pipeline.render.labels import SMALLEST, LabelLayout, draw_plate, plate_width
from pipeline.render.palette import Colour
from pipeline.skeletons import Skeleton

_SHOWN = ('knee', 'hip', 'ankle', 'elbow')
_HEIGHT = 0.045  # of a plate, in figure sizes
_BESIDE = 0.03  # of a plate from its joint, likewise


class AngleLabels:
    """Writes angles of knees, hips, ankles and elbows, in whole degrees, as :mod:`pipeline.kinematics` defines them.

    Pictures are drawn as they come, so that the way a person faces is told from the frames up to now.

    Args:
        skeleton: of the people.
        fps: frames per second.
        facing: which way people face, one of :data:`pipeline.kinematics.facing.SIDES`.
    """

    def __init__(self, skeleton: Skeleton, fps: Fraction, facing: str):
        self._skeleton, self._interval = skeleton, float(1 / fps)
        self._memory, self._fixed = FacingMemory(skeleton), SIDES[facing] or None
        names = [angle.name for angle in angles_of(skeleton)]
        self._shown = [
            (row, joint[0])
            for row, name in enumerate(names)
            if name.split('_')[-1] in _SHOWN and (joint := members(skeleton, name)) is not None
        ]

    def draw(
        self, canvas: Canvas, track_id: int, keypoints: np.ndarray, size: float, colour: Colour, layout: LabelLayout
    ) -> None:
        """Write the angles of one person.

        Args:
            keypoints: ``(K, 2)`` px, NaN where a joint is not drawn.
            size: of the figure in px.
        """
        towards = self._fixed or self._memory.update(track_id, keypoints, self._interval)
        angles = body_angles(self._skeleton, keypoints[None], np.array([towards]))[0]
        height = int(np.clip(_HEIGHT * size, SMALLEST, max(SMALLEST, 0.03 * canvas.shape[0])))
        for row, joint in self._shown:
            if not np.isfinite(angles[row] + keypoints[joint].sum()):
                continue
            text = f'{round(angles[row])}°'
            x, y = keypoints[joint] + [_BESIDE * size, -height / 2]
            left, top = layout.place(x, y, plate_width(text, height, colour), height)
            draw_plate(canvas, text, left, top, height, colour)
