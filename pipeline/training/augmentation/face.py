"""A rigid synthetic face for motion data that knows only where the head is.

COCO's five face joints have no truth in Human3.6M, Penn Action or JHMDB. A face that
turns slowly on the annotated head teaches a refiner how such joints move: together.
"""

import numpy as np

# nose, eyes, ears in (forward, left, up), in units of the head's height (chin to crown, about 0.23 m);
# proportions of an adult head, origin between the ears
FACE = np.array(
    [[0.50, 0.0, -0.10], [0.40, 0.14, 0.06], [0.40, -0.14, 0.06], [0.0, 0.33, 0.0], [0.0, -0.33, 0.0]], np.float32
)


def attach_face(
    centre: np.ndarray,
    forward: np.ndarray,
    left: np.ndarray,
    up: np.ndarray,
    height: np.ndarray,
    yaw: np.ndarray,
    shape: np.ndarray = FACE,
) -> np.ndarray:
    """The joints of heads (nose, left and right eye, left and right ear) that look ``yaw`` to the left of ``forward``.

    Args:
        centre: ``(T, D)`` between the ears.
        forward, left, up: ``(T, D)`` unit axes of the head before it turns; in a picture (D = 2)
            ``forward`` is what of it shows in the picture plane.
        height: ``(T,)`` of the head, in the unit of ``centre``.
        yaw: ``(T,)`` rad.
        shape: ``(F, 3)``, other joints of a head than :data:`FACE`.

    Returns:
        ``(T, F, D)`` float32; ``F`` is 5 for :data:`FACE`.
    """
    cos, sin = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
    axes = np.stack([cos * forward + sin * left, cos * left - sin * forward, up], axis=1)  # (T, 3, D)
    return (centre[:, None] + height[:, None, None] * (shape @ axes)).astype(np.float32)


def wandering_yaw(frames: int, fps: float, spread: float, rng: np.random.Generator) -> np.ndarray:
    """A slowly turning head: two sinusoids of 0.1 to 0.6 Hz; ``(T,)`` rad."""
    time = np.arange(frames) / fps
    yaw = np.zeros(frames)
    for _ in range(2):
        yaw += rng.normal(0, spread) * np.sin(2 * np.pi * rng.uniform(0.1, 0.6) * time + rng.uniform(0, 2 * np.pi))
    return yaw.astype(np.float32)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors ``(..., D)`` of length 1; zero stays zero."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
