"""Silence messages of other packages about things that a user here cannot change.

Each is named; everything else is left to be seen.
"""

import warnings
from types import ModuleType

#: Printed by MMDetection's fork where its maker's own data set package is absent.
PRINTED = ('Could not import OneDL.',)
#: Regular expressions for the beginning of warnings.
WARNED = (
    'faster_coco_eval is not installed',  # optional, of MMDetection's metrics
    'torch.meshgrid: in an upcoming release',  # in MMDetection's anchor generators
    'The metainfo config file "configs/_base_',  # named by its path in MMPose's source tree, and found
)


def adapt(logging: ModuleType) -> None:
    """Leave out the notes above, in ``mmengine.logging`` and among warnings."""
    for message in WARNED:
        warnings.filterwarnings('ignore', message)
    original = logging.print_log

    def print_log(msg, logger=None, *args, **kwargs):
        if not (logger is None and str(msg).startswith(PRINTED)):
            original(msg, logger, *args, **kwargs)

    logging.print_log = print_log
