import numpy as np
import pytest

from pipeline.video.orientation import Orientation

ONE = 0x10000
MATRICES = [
    (a, b, c, d)
    for a, b, c, d in [
        (ONE, 0, 0, ONE),
        (0, ONE, -ONE, 0),
        (-ONE, 0, 0, -ONE),
        (0, -ONE, ONE, 0),
        (-ONE, 0, 0, ONE),
        (0, -ONE, -ONE, 0),
        (ONE, 0, 0, -ONE),
        (0, ONE, ONE, 0),
    ]
]


def by_the_standard(image, a, b, c, d):
    """Move every pixel to (a x + c y, b x + d y), then shift the picture back into view."""
    height, width = image.shape[:2]
    y, x = np.mgrid[:height, :width]
    u, v = (a * x + c * y) // ONE, (b * x + d * y) // ONE
    u, v = u - u.min(), v - v.min()
    shown = np.empty((v.max() + 1, u.max() + 1, 3), image.dtype)
    shown[v, u] = image
    return shown


@pytest.mark.parametrize('a, b, c, d', MATRICES)
def test_turns_pictures_as_the_display_matrix_says(a, b, c, d):
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    orientation = Orientation.from_matrix([a, b, 0, c, d, 0, 0, 0, 1 << 30])
    shown = orientation.apply(image)
    assert np.array_equal(shown, by_the_standard(image, a, b, c, d))
    assert shown.flags.c_contiguous
    assert orientation.swaps_sides == (shown.shape[0] != 5)


def test_odd_angles_go_to_the_nearest_quarter_and_empty_matrices_do_nothing():
    angle = np.radians(80)
    turn = [round(ONE * v) for v in (np.cos(angle), np.sin(angle), 0, -np.sin(angle), np.cos(angle))]
    assert Orientation.from_matrix(turn + [0] * 4) == Orientation(1)
    assert Orientation.from_matrix([0] * 9) == Orientation()
