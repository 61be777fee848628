"""Training hooks in addition to MMEngine's."""

import math
from pathlib import Path

from mmengine.hooks import EMAHook, Hook
from mmengine.registry import HOOKS


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Tell datasets that draw their items (``set_epoch``) which epoch begins, so that resuming draws the same."""

    def before_train_epoch(self, runner) -> None:
        set_epoch = getattr(runner.train_dataloader.dataset, 'set_epoch', None)
        if set_epoch:
            set_epoch(runner.epoch)


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
