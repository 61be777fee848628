"""Building registered modules by name, without importing anything on a config's word."""

from typing import Mapping, Union

from mmpose.registry import MODELS
from torch import nn

from pipeline.errors import InputError


def build_registered(config: Union[nn.Module, Mapping]):
    """Build ``config`` from what MMPose's registry holds by now.

    Unlike ``MODELS.build`` it never imports (which takes seconds for all of MMPose)
    and takes no dotted names, so that a checkpoint's config can name registered
    classes only.

    Args:
        config: a dictionary with ``type``, or a module, which is given back.

    Raises:
        InputError: if the type is not registered or does not take these arguments.
    """
    if isinstance(config, nn.Module):
        return config
    arguments = dict(config)
    name = arguments.pop('type', None)
    kind = MODELS.module_dict.get(name)
    if kind is None:
        raise InputError(f'type {name!r} is not a registered model or loss')
    try:
        return kind(**arguments)
    except TypeError as error:
        raise InputError(f'{name}: {error}') from error
