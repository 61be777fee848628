"""Options of drawing, and their checks."""

from dataclasses import dataclass
from typing import Tuple, Union

from pipeline.errors import InputError


@dataclass(frozen=True)
class RenderOptions:
    """How people are drawn.

    Attributes:
        min_score: joints with a lower score are not drawn, nor limbs that end in
            them (0..1).
        full_score: joints from this score on are opaque; between ``min_score``
            and here opacity rises linearly (0..1).
        line_width: limb width as a share of the figure's size, see
            :meth:`FigureSize.update`. Limbs are never thinner than 1 px.
        boxes: draw the bounding box of each person.
        ids: draw the track id of each person.
        trails: joints whose recent path is drawn, by name; ``hip_center`` is the
            middle of the hips. True takes the wrists and ankles that the skeleton
            has; False or an empty tuple draws none.
        trail_seconds: length of the trails.
        draw_angles: write the angles of knees, hips, ankles and elbows beside them.
        facing: for their signs: ``auto``, ``right`` or ``left``.
        compare: draw the estimate before the refiner on the left and the refined
            one on the right.
        captions: titles of the two pictures with ``compare``.

    Raises:
        InputError: if a value is outside its range.
    """

    min_score: float = 0.3
    full_score: float = 0.7
    line_width: float = 0.016
    boxes: bool = False
    ids: bool = True
    trails: Union[bool, Tuple[str, ...]] = False
    trail_seconds: float = 1.0
    draw_angles: bool = False
    facing: str = 'auto'
    compare: bool = False
    captions: Tuple[str, str] = ('before', 'after')

    def __post_init__(self):
        if not 0 <= self.min_score < self.full_score:
            raise InputError(
                f'min_score is {self.min_score}, full_score {self.full_score}: 0 <= min_score < full_score is needed'
            )
        if not 0 < self.line_width <= 0.2:
            raise InputError(f'line_width is {self.line_width}: a share of the figure in 0..0.2 is needed')
        if not 0 < self.trail_seconds <= 60:
            raise InputError(f'trail_seconds is {self.trail_seconds}: 0..60 s is allowed')
