"""Build the tracker that a preset describes."""

from typing import Mapping, Union

from pipeline.protocols import Tracker
from pipeline.registry import TRACKERS
from pipeline.skeletons import Skeleton
from pipeline.tracking import tracker  # noqa: F401, registers it
from pipeline.tracking.options import TrackerOptions


def check_tracker(options: Mapping) -> None:
    """Check what :func:`build_tracker` would refuse, as far as it is known without a skeleton.

    Raises:
        InputError: for options of our own tracker that are unknown or not allowed.
    """
    if options.get('type', 'PoseTracker') == 'PoseTracker':
        TrackerOptions.preset(**{name: value for name, value in options.items() if name != 'type'})


def build_tracker(options: Union[str, Mapping], skeleton: Skeleton) -> Tracker:
    """Make the tracker that ``options`` describe.

    Args:
        options: a name registered in :data:`pipeline.registry.TRACKERS`, or a dictionary with
            ``type`` (such a name) and its arguments; without a type those of :meth:`TrackerOptions.preset`.
        skeleton: of the poses it will be given.

    Raises:
        InputError: for an unknown type, or options that are unknown or do not fit.
    """
    options = dict(type=options) if isinstance(options, str) else options
    return TRACKERS.build({'type': 'PoseTracker', **options}, skeleton=skeleton)
