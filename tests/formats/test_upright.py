"""The room that people stand in."""

import numpy as np

from pipeline.formats.upright import room_of
from tests.lift.toy import BODY, NAMES


def test_two_people_at_different_heights_do_not_tilt_the_room():
    # what lies between them is far from both, so that no footprint is near the floor
    low, high = (np.repeat(BODY[None] + [0, down, 5], 20, axis=0) for down in (0.0, -1.5))
    room = room_of([low, high], NAMES)
    np.testing.assert_allclose(room.rotation @ room.rotation.T, np.eye(3), atol=1e-9)
    alone = room_of([low], NAMES)
    np.testing.assert_allclose(room.rotation[1], alone.rotation[1], atol=1e-6)
