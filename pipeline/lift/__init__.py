"""Three dimensions from one camera: 2D tracks to joints in metres before the camera."""

from pipeline.lift.build import LiftOptions, build_lift, frames_held
from pipeline.lift.refining import refiner_weights
from pipeline.lift.stillness import Stillness
from pipeline.lift.stream import StreamLifter, latency

__all__ = ['LiftOptions', 'Stillness', 'StreamLifter', 'build_lift', 'frames_held', 'latency', 'refiner_weights']
