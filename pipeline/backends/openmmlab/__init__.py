"""What the wrappers of MMDetection and MMPose share: configs, checkpoints, networks ready to run."""

from pipeline.backends.devices import check_device
from pipeline.backends.openmmlab.channels import accepts_rgb, takes_frame, to_bgr
from pipeline.backends.openmmlab.config import (
    config_name,
    first_line,
    load_config,
    pipeline_config,
    resolve_config,
    type_name,
)
from pipeline.backends.openmmlab.network import (
    Speed,
    build_network,
    build_transforms,
    check_weights_given,
    runs_in_torch,
)

__all__ = [
    'Speed',
    'accepts_rgb',
    'build_network',
    'build_transforms',
    'check_device',
    'check_weights_given',
    'config_name',
    'first_line',
    'load_config',
    'pipeline_config',
    'resolve_config',
    'runs_in_torch',
    'takes_frame',
    'to_bgr',
    'type_name',
]
