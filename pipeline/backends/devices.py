"""Where networks run: a device by its name, or the best one that this machine has."""

from typing import Union

import torch

from pipeline.errors import InputError

AUTO = 'auto'


def check_device(device: Union[str, torch.device] = AUTO, runtime: str = 'torch') -> torch.device:
    """The device of that name.

    Args:
        device: ``cpu``, ``cuda``, ``cuda:1`` …, or ``auto``: a GPU where torch sees one, else the CPU.
        runtime: of the networks. ONNX Runtime is used on CPUs only, and ``auto`` then means one.

    Raises:
        InputError: if torch does not know it or this machine does not have it.
    """
    if device == AUTO:
        device = 'cuda' if runtime == 'torch' and torch.cuda.is_available() else 'cpu'
    allowed = 'auto, cpu' + ''.join(f', cuda:{i}' for i in range(torch.cuda.device_count()))
    try:
        found = torch.device(device)
        torch.empty(1, device=found)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise InputError(f'device {str(device)!r}: not on this machine; there is {allowed}') from error
    if found.type == 'meta':
        raise InputError(f'device {str(device)!r}: holds no numbers; there is {allowed}')
    return found
