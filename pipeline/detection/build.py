"""Build the detector that a preset describes."""

from typing import Mapping, Optional

from pipeline.detection import detector  # noqa: F401, registers it
from pipeline.protocols import Detector
from pipeline.registry import DETECTORS


def build_detector(options: Mapping, device: str = 'cpu', speed: Optional[Mapping] = None) -> Detector:
    """Make the detector that ``options`` describe.

    Args:
        options: ``type``, a name registered in :data:`pipeline.registry.DETECTORS`, and its arguments;
            without a type those of :meth:`PersonDetector.from_config`.
        device: for its network.
        speed: how its network is run, see :class:`pipeline.backends.openmmlab.Speed`.

    Raises:
        InputError: for an unknown type, or options that are unknown or do not fit.
    """
    return DETECTORS.build({'type': 'PersonDetector', **options}, device=device, speed=dict(speed or {}))
