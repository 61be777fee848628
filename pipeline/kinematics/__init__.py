"""What bodies do, from their joints: angles, directions, and lengths. Pure functions on arrays."""

from pipeline.kinematics.angles import ANGLES, Angle, angles_of, angular_speed, body_angles
from pipeline.kinematics.facing import FacingMemory, facing

__all__ = ['ANGLES', 'Angle', 'FacingMemory', 'angles_of', 'angular_speed', 'body_angles', 'facing']
