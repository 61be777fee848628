"""Where networks run: a device by its name, or the best one that this machine has; and by what."""

from typing import Union

import torch

from pipeline.errors import InputError

AUTO = 'auto'
#: What runs networks of torch.
RUNTIMES = 'torch', 'openvino'


def check_device(device: Union[str, torch.device] = AUTO, runtime: str = 'torch') -> torch.device:
    """The device of that name.

    Args:
        device: ``cpu``, ``cuda``, ``cuda:1`` …, or ``auto``: a GPU where torch sees one, else the CPU.
        runtime: of the networks, one of :data:`RUNTIMES`. OpenVINO is used on CPUs only, and ``auto`` then means one.

    Raises:
        InputError: if torch does not know it, this machine does not have it or the runtime does not run there,
            and for an unknown runtime.
    """
    if runtime not in RUNTIMES:
        instead = 'openvino has taken its place' if runtime == 'onnxruntime' else 'not known'
        raise InputError(f'runtime {runtime!r}: {instead}; allowed are {", ".join(RUNTIMES)}')
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
    if runtime == 'openvino' and found.type != 'cpu':
        raise InputError(f'runtime openvino: runs on device cpu, not on {str(device)!r}')
    return found
