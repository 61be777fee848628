"""Changes of a training config, and those that have to agree: number of iterations, schedule, learning rate, ranks."""

import difflib
import os
from typing import Any, Mapping, Optional

from mmengine.config import Config

from pipeline.errors import InputError

WARM_UP_SHARE = 5  # of a training that is made shorter, the warm-up takes at most a fifth


def change(config: Config, changes: Mapping[str, Any]) -> None:
    """Change entries of a config, as ``--cfg-options`` names them; new ones may be added.

    Raises:
        InputError: for an entry that the config does not have, but one of nearly that name.
    """
    for key in changes:
        name = key.split('.')[0]
        near = difflib.get_close_matches(name, list(config), 1, 0.85)
        if name not in config and near:
            raise InputError(f'--cfg-options {key}: the config has no {name}; did you mean {near[0]}?')
    config.merge_from_dict(dict(changes))


def set_iterations(config: Config, before: Optional[int]) -> None:
    """Make ``config.iterations``, where it was changed, the length of the training and of its schedule.

    The epochs are as long as they were (shorter only if there are fewer iterations than one has), and the last one is
    complete, so that the training may be longer by a part of an epoch. Warm-ups are shortened only where they
    would take more than a fifth.

    Args:
        config: with ``iterations``, changed in place.
        before: what ``iterations`` was when the config's own schedule was made.

    Raises:
        InputError: if ``iterations`` is no number from 1 up, or the config's training is not counted in them.
    """
    wanted = config.get('iterations')
    if wanted == before:
        return
    data = config.train_dataloader.dataset
    if before is None or 'num_batches' not in data:
        raise InputError(f'iterations={wanted}: this config is not counted in iterations; set train_cfg.max_epochs')
    if isinstance(wanted, bool) or not isinstance(wanted, int) or wanted < 1:
        raise InputError(f'iterations={wanted!r}: a number from 1 up is needed')
    data.num_batches = min(data.num_batches, wanted)
    epochs = -(-wanted // data.num_batches)
    config.iterations = epochs * data.num_batches
    config.train_cfg.max_epochs = epochs
    longest = max(1, config.iterations // WARM_UP_SHARE)
    for scheduler in config.param_scheduler:
        for bound in ('begin', 'end'):
            value = scheduler.get(bound)
            if value is not None and not scheduler.get('by_epoch', True):
                scheduler[bound] = config.iterations if value == before else min(value, longest)


def samples_of_a_step(config: Config) -> int:
    """Windows, frames or people that one rank sees in one iteration, whoever makes the batch."""
    loader = config.train_dataloader
    whole_batches = 'num_batches' in loader.dataset
    return loader.dataset.batch_size if whole_batches else loader.batch_size


def scale_learning_rate(config: Config, base: int, ranks: int) -> float:
    """Multiply the learning rate by how many times more samples a step has than ``base``; the factor.

    Args:
        config: changed in place.
        base: samples of a step that the config's rate was chosen for; the config's own
            ``auto_scale_lr.base_batch_size`` goes before it.
        ranks: processes that train together.
    """
    base = (config.pop('auto_scale_lr', None) or {}).get('base_batch_size', base)
    factor = ranks * samples_of_a_step(config) / base
    config.optim_wrapper.optimizer.lr *= factor
    return factor


def number_of_ranks(launcher: str) -> int:
    """Processes that train together, as the launcher's environment says; 1 without one.

    Raises:
        InputError: if the launcher has not started this process.
    """
    variable = dict(pytorch='WORLD_SIZE', slurm='SLURM_NTASKS', mpi='OMPI_COMM_WORLD_SIZE').get(launcher)
    if variable is None:
        return 1
    if variable not in os.environ:
        start = dict(pytorch='torchrun --nproc-per-node N', slurm='srun', mpi='mpirun')[launcher]
        raise InputError(f'--launcher {launcher}: {variable} is not set; start the command with {start}')
    return int(os.environ[variable])


def run_on(device: str, launcher: str = 'none') -> str:
    """Let MMEngine's runner put its networks on this device; the type of the device.

    MMEngine asks nobody: it takes a GPU where there is one.

    Args:
        device: ``cpu``, ``cuda``, ``cuda:1`` …, or ``auto``: what MMEngine takes.
        launcher: of several processes, each of which has a GPU of its own.

    Raises:
        InputError: if this machine does not have it, or a launcher is to share it out.
    """
    import mmengine.device.utils as taken
    import torch

    from pipeline.backends.devices import check_device

    if device != 'auto':
        if launcher != 'none':
            raise InputError(f'--device {device}: not with --launcher {launcher}, which gives each process its own')
        found = check_device(device)
        taken.DEVICE = str(found)  # what its get_device() answers
        if found.type == 'cuda':
            torch.cuda.set_device(found)
    return taken.DEVICE.partition(':')[0]


def join_without_gpu(config: Config, launcher: str) -> None:
    """Let ranks of a machine without GPUs train together, over gloo; MMEngine alone knows only GPUs.

    Args:
        config: of this rank, changed in place.
        launcher: 'pytorch'.

    Raises:
        InputError: for another launcher.
    """
    import torch

    if launcher != 'pytorch':
        raise InputError(f'--launcher {launcher}: needs GPUs; on CPUs: torchrun, with --launcher pytorch')
    torch.distributed.init_process_group('gloo')
    config.model_wrapper_cfg = dict(
        type='MMDistributedDataParallel',
        device_ids=None,
        broadcast_buffers=False,
        find_unused_parameters=config.get('find_unused_parameters', False),
    )
