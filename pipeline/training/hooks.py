"""Training hooks in addition to MMEngine's."""

import math
from pathlib import Path

from mmengine.hooks import EMAHook, Hook
from mmengine.optim.scheduler.param_scheduler import INF as ENDLESS
from mmengine.registry import HOOKS


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Tell datasets that draw their items (``set_epoch``) which epoch begins, so that resuming draws the same.

    Ranks that train together draw what one process would in as many epochs: rank 0 what it draws first.
    """

    def before_train(self, runner) -> None:
        # the loader says 1 where items are whole batches
        loader = runner.train_dataloader
        samples = runner.world_size * (getattr(loader.dataset, 'batch_size', None) or loader.batch_size)
        runner.logger.info(f'{samples} samples an iteration, on {runner.world_size} rank(s)')
        runner.message_hub.update_scalar('train/batch_size', samples)
        end = max(map(_last_iteration, _schedulers(runner)), default=0)
        if end > 1.05 * runner.max_iters:  # published schedules end an epoch after the training
            runner.logger.warning(
                f'the training ends at iteration {runner.max_iters}, its schedule at {end}: the learning rate stays '
                'high; --cfg-options iterations=N changes both'
            )

    def before_train_epoch(self, runner) -> None:
        set_epoch = getattr(runner.train_dataloader.dataset, 'set_epoch', None)
        if set_epoch:
            set_epoch(runner.epoch * runner.world_size + runner.rank)


def _schedulers(runner) -> list:
    schedulers = runner.param_schedulers or []
    return schedulers if isinstance(schedulers, list) else []  # a dictionary: several optimizers, none of ours


def _last_iteration(scheduler) -> int:
    """Where a schedule over iterations ends; 0 for one over epochs, or without end."""
    return 0 if scheduler.by_epoch or scheduler.end >= ENDLESS else scheduler.end


@HOOKS.register_module()
class StopOnNaNHook(Hook):
    """End a training whose loss is no number any more, before a checkpoint keeps it."""

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        loss = outputs['loss'].item() if outputs else 0.0
        if not math.isfinite(loss):
            raise FloatingPointError(
                f'the loss is {loss} at iteration {runner.iter + 1}; lower the learning rate or look at the data'
            )


@HOOKS.register_module()
class ExportRefinerHook(Hook):
    """Keep ``refiner.pth`` in the work dir, a file for ``load_refiner``, as good as the latest checkpoint.

    A Runner's checkpoint holds the optimizer and pickled logs; this holds the weights (the
    moving average where there is one), their config, and where they come from.

    Args:
        interval: epochs between exports; the last epoch always exports.
    """

    priority = 'VERY_LOW'

    def __init__(self, interval: int = 2):
        self.interval = interval

    def after_train_epoch(self, runner) -> None:
        if self.every_n_epochs(runner, self.interval) or self.is_last_train_epoch(runner):
            self._export(runner)

    def _export(self, runner) -> None:
        from pipeline.networks.refiners.sequence_refiner import save_refiner

        if runner.rank != 0:
            return
        model = runner.model.module if hasattr(runner.model, 'module') else runner.model
        average = next((hook.ema_model.module for hook in runner.hooks if isinstance(hook, EMAHook)), model)
        meta = dict(
            config=Path(runner.cfg.filename or '').name, epoch=runner.epoch + 1, iteration=runner.iter, seed=runner.seed
        )
        save_refiner(Path(runner.work_dir) / 'refiner.pth', average, runner.cfg.model.to_dict(), meta, force=True)
