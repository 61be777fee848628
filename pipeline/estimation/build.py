"""Build the estimator that a preset describes."""

from typing import Mapping, Optional

from pipeline.backends.openmmlab import load_config
from pipeline.estimation import estimator  # noqa: F401, registers it
from pipeline.estimation.metainfo import find_metainfo
from pipeline.layouts import Arrangement
from pipeline.protocols import Estimator
from pipeline.registry import ESTIMATORS
from pipeline.skeletons import Skeleton


def build_estimator(
    options: Mapping, device: str = 'cpu', speed: Optional[Mapping] = None, keypoints: Optional[str] = None
) -> Estimator:
    """Make the estimator that ``options`` describe.

    Args:
        options: ``type``, a name registered in :data:`pipeline.registry.ESTIMATORS`, and its arguments;
            without a type those of :meth:`PoseEstimator.from_config`, and ``more_points``, the config that
            takes the place of ``config`` where more than COCO's 17 joints are asked for.
        device: for its network.
        speed: how its network is run, see :class:`pipeline.backends.openmmlab.Speed`.
        keypoints: the layout that is asked for, of :data:`pipeline.layouts.LAYOUTS`; None for whatever comes.

    Raises:
        InputError: for an unknown type, options that are unknown or do not fit, or if the layout cannot be had.
    """
    options = dict(options)
    more_points = options.pop('more_points', None)
    if keypoints not in (None, 'coco17'):
        if more_points:
            options['config'] = more_points
        elif options.get('type', 'PoseEstimator') == 'PoseEstimator':  # said before its weights are fetched
            Arrangement(Skeleton.from_parsed(find_metainfo(load_config(options['config']), {})), keypoints)
    return ESTIMATORS.build({'type': 'PoseEstimator', **options}, device=device, speed=dict(speed or {}))
