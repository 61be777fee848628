"""Train a refiner, lifter or estimator from a config: ``tools/train.py CONFIG``.

Several GPUs by MMEngine's launchers; without any GPU the same on CPUs::

    torchrun --nproc-per-node 4 tools/train.py CONFIG --launcher pytorch --auto-scale-lr
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmengine.config import Config, DictAction  # noqa: E402

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.training.schedule import (  # noqa: E402
    change,
    join_without_gpu,
    number_of_ranks,
    run_on,
    samples_of_a_step,
    scale_learning_rate,
    set_iterations,
)


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='a file of configs/')
    parser.add_argument('--work-dir', help='where logs and checkpoints go (default: work_dirs/NAME of the config)')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='go on from a checkpoint; without a name from the latest in the work dir',
    )
    parser.add_argument('--seed', type=int, help="of weights, shuffling and augmentation (default: the config's)")
    parser.add_argument('--amp', action='store_true', help='automatic mixed precision, on GPUs')
    parser.add_argument(
        '--ema',
        action='store_true',
        help='evaluate and export an exponential moving average of the weights (momentum 0.005, warmed up, so that '
        'nothing of the start remains), unless the config has one already',
    )
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='multiply the learning rate by the samples of an iteration over those of the config on one GPU',
    )
    parser.add_argument('--no-validate', action='store_true', help='train without the validation of the config')
    parser.add_argument('--tensorboard', action='store_true', help='write TensorBoard events into the work dir')
    parser.add_argument('--launcher', choices=('none', 'pytorch', 'slurm', 'mpi'), default='none')
    parser.add_argument('--local-rank', '--local_rank', type=int, help='given by torch.distributed.launch')
    parser.add_argument('--device', default='auto', help='cpu, cuda, cuda:1 …; auto: a GPU where torch sees one')
    parser.add_argument('--threads', type=int, help='CPU threads of PyTorch')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE', help='change entries of the config'
    )
    return parser.parse_args(arguments)


def load_config(path: str, options: argparse.Namespace) -> Config:
    """The config with the command line's changes.

    Raises:
        InputError: if the file is missing or no config, or a checkpoint to resume is missing.
    """
    if not Path(path).is_file():
        raise InputError(f'{path}: no such config')
    try:
        config = Config.fromfile(path)
    except (SyntaxError, OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(f'{path}: not a config ({error})') from error
    if 'model' not in config or 'train_dataloader' not in config:
        raise InputError(f'{path}: a training config needs model and train_dataloader')
    iterations, samples = config.get('iterations'), samples_of_a_step(config)
    if options.cfg_options:
        change(config, options.cfg_options)
    set_iterations(config, iterations)
    if options.auto_scale_lr:
        scale_learning_rate(config, samples, number_of_ranks(options.launcher))
    config.work_dir = options.work_dir or config.get('work_dir') or str(Path('work_dirs') / Path(path).stem)
    config.launcher = options.launcher
    if options.seed is not None:
        config.randomness = {**config.get('randomness', {}), 'seed': options.seed}
        config.merge_from_dict(
            {'train_dataloader.dataset.seed': options.seed}
        ) if 'seed' in config.train_dataloader.dataset else None
    if options.amp:
        config.optim_wrapper.type = 'AmpOptimWrapper'
    if options.ema and not any(hook['type'] == 'EMAHook' for hook in config.get('custom_hooks', [])):
        average = dict(type='EMAHook', ema_type='MomentumAnnealingEMA', momentum=0.005, gamma=10)
        config.custom_hooks = [*config.get('custom_hooks', []), average]
    if options.no_validate:
        for name in ('val_dataloader', 'val_cfg', 'val_evaluator'):
            config.pop(name, None)
    if options.tensorboard:
        config.visualizer = dict(
            type='Visualizer', vis_backends=[dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')]
        )
    if options.resume:
        if options.resume != 'auto' and not Path(options.resume).is_file():
            raise InputError(f'{options.resume}: no such checkpoint to resume')
        config.resume = True
        config.load_from = None if options.resume == 'auto' else options.resume
    return config


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = parse_arguments(arguments)
    config = load_config(options.config, options)

    import torch
    from mmengine.runner import Runner

    import pipeline.evaluation  # noqa: F401, registers
    import pipeline.networks.refiners.sequence_refiner  # noqa: F401, registers
    import pipeline.training  # noqa: F401, registers

    if options.local_rank is not None:
        os.environ.setdefault('LOCAL_RANK', str(options.local_rank))
    number_of_ranks(options.launcher)
    if run_on(options.device, options.launcher) == 'cpu' and config.optim_wrapper.type == 'AmpOptimWrapper':
        raise InputError(f'{"--amp" if options.amp else "AmpOptimWrapper"}: mixed precision needs a GPU; none here')
    if options.launcher != 'none' and not torch.cuda.is_available():
        join_without_gpu(config, options.launcher)
    if options.threads:
        torch.set_num_threads(options.threads)
    Runner.from_cfg(config).train()


if __name__ == '__main__':
    sys.exit(main())
