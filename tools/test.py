"""Evaluate a refiner, lifter or estimator: ``tools/test.py CONFIG CHECKPOINT``.

The config's ``test_dataloader`` and ``test_evaluator`` say on what and how. The checkpoint is what its training
wrote: ``refiner.pth``, or ``epoch_N.pth`` (with its moving average, where the training kept one).
"""

import argparse
import json
import math
import os
import sys
from pathlib import Path
from typing import Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmengine.config import Config, DictAction  # noqa: E402

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.files import atomic_path  # noqa: E402
from pipeline.training.schedule import change, join_without_gpu, number_of_ranks, run_on  # noqa: E402


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='a file of configs/')
    parser.add_argument('checkpoint', help='refiner.pth or epoch_N.pth of a training, or converted published weights')
    parser.add_argument('--work-dir', help='where logs go (default: work_dirs/NAME of the config)')
    parser.add_argument('--out', help='write the metrics to this JSON file')
    parser.add_argument('--device', default='auto', help='cpu, cuda, cuda:1 …; auto: a GPU where torch sees one')
    parser.add_argument('--show-dir', help="draw an estimator's poses, one picture a person, into this folder")
    parser.add_argument('--launcher', choices=('none', 'pytorch', 'slurm', 'mpi'), default='none')
    parser.add_argument('--local-rank', '--local_rank', type=int, help='given by torch.distributed.launch')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE', help='change entries of the config'
    )
    return parser.parse_args(arguments)


def load_config(options: argparse.Namespace) -> Config:
    """The config with the command line's changes.

    Raises:
        InputError: if a file is missing, or the config says nothing about testing.
    """
    for path in (options.config, options.checkpoint):
        if not Path(path).is_file():
            raise InputError(f'{path}: no such file')
    config = Config.fromfile(options.config)
    if options.cfg_options:
        change(config, options.cfg_options)
    if 'test_dataloader' not in config or 'test_evaluator' not in config:
        raise InputError(f'{options.config}: has no test_dataloader and test_evaluator')
    if options.show_dir:
        if 'codec' not in config:
            raise InputError(
                f'--show-dir {options.show_dir}: {options.config} is not of an estimator; nothing to draw on'
            )
        draw = dict(type='PoseVisualizationHook', enable=True, out_dir=str(Path(options.show_dir).resolve()))
        config.default_hooks = {**config.get('default_hooks', {}), 'visualization': draw}
        config.visualizer = dict(type='PoseLocalVisualizer', vis_backends=[])
    config.setdefault('test_cfg', {})
    config.work_dir = options.work_dir or config.get('work_dir') or str(Path('work_dirs') / Path(options.config).stem)
    config.launcher = options.launcher
    for key in (
        'train_dataloader',
        'train_cfg',
        'optim_wrapper',
        'param_scheduler',
        'custom_hooks',
        'val_dataloader',
        'val_cfg',
        'val_evaluator',
        'load_from',  # what a training begins with
        'resume',
        'auto_scale_lr',
    ):
        config.pop(key, None)
    return config


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = parse_arguments(arguments)
    config = load_config(options)

    import torch
    from mmengine.runner import Runner

    import pipeline.evaluation  # noqa: F401, registers
    import pipeline.networks.refiners.sequence_refiner  # noqa: F401, registers
    import pipeline.training  # noqa: F401, registers
    from pipeline.backends.openmmlab.checkpoint import load_checkpoint

    if options.local_rank is not None:
        os.environ.setdefault('LOCAL_RANK', str(options.local_rank))
    number_of_ranks(options.launcher)
    run_on(options.device, options.launcher)
    if options.launcher != 'none' and not torch.cuda.is_available():
        join_without_gpu(config, options.launcher)
    runner = Runner.from_cfg(config)
    load_checkpoint(runner.model.module if hasattr(runner.model, 'module') else runner.model, options.checkpoint)
    metrics = {name: float(value) for name, value in runner.test().items()}
    if options.out and runner.rank == 0:  # JSON has no word for what is not defined
        defined = {name: value if math.isfinite(value) else None for name, value in metrics.items()}
        with atomic_path(options.out, force=True) as temporary:
            temporary.write_text(json.dumps(defined, indent=1))


if __name__ == '__main__':
    sys.exit(main())
