"""What training needs beside MMEngine's own hooks."""
import math

from mmengine.hooks import Hook
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
            raise FloatingPointError(f'the loss is {loss} at iteration {runner.iter + 1}; '
                                     'lower the learning rate or look at the data')
