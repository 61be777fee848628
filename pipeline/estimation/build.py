"""Build the estimator that a preset describes."""

from typing import Mapping, Optional

from pipeline.estimation import estimator  # noqa: F401, registers it
from pipeline.protocols import Estimator
from pipeline.registry import ESTIMATORS


def build_estimator(options: Mapping, device: str = 'cpu', speed: Optional[Mapping] = None) -> Estimator:
    """Make the estimator that ``options`` describe.

    Args:
        options: ``type``, a name registered in :data:`pipeline.registry.ESTIMATORS`, and its arguments;
            without a type those of :meth:`PoseEstimator.from_config`.
        device: for its network.
        speed: how its network is run, see :class:`pipeline.backends.openmmlab.Speed`.

    Raises:
        InputError: for an unknown type, or options that are unknown or do not fit.
    """
    return ESTIMATORS.build({'type': 'PoseEstimator', **options}, device=device, speed=dict(speed or {}))
