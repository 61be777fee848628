"""A worker of a batch: loads the chain once and runs one task after another."""

from dataclasses import dataclass, field
from typing import Any, Dict, Optional

from pipeline.addresses import one_line
from pipeline.batch.settings import BatchSettings
from pipeline.batch.tasks import Damaged, Unfit
from pipeline.errors import DISK_FULL, InputError, exhausted


@dataclass(frozen=True)
class Outcome:
    """How a task ended.

    Attributes:
        values: what it gives, if it succeeded.
        error: why it did not; one line.
        again: whether another try could end otherwise.
        damaged: a segment of a video that has to be done in one piece.
        fatal: every other task would fail in the same way.
    """

    values: Dict[str, Any] = field(default_factory=dict)
    error: str = ''
    again: bool = False
    damaged: bool = False
    fatal: bool = False


class Worker:
    """Runs tasks, and answers with an outcome whatever happens.

    Args:
        settings: of the batch.
        device: in place of the settings' device.
    """

    def __init__(self, settings: BatchSettings, device: Optional[str] = None):
        self._settings, self._device = settings, device
        self._pipeline = None

    def run(self, task) -> Outcome:
        try:
            if self._pipeline is None:
                self._pipeline = self._settings.build(self._device)
        except InputError as error:
            return Outcome(error=_line(error), fatal=True)
        try:
            return Outcome(task.run(self._pipeline, self._settings))
        except Damaged as error:
            return Outcome(error=_line(error), damaged=True)
        except InputError as error:
            fatal = isinstance(error, Unfit) or _disk_is_full(error)
            # a stream that broke off may come back; a file stays as it is
            return Outcome(error=_line(error), fatal=fatal, again='://' in task.video.spec)
        except OSError as error:
            if exhausted(error) is None:
                return Outcome(error=f'{type(error).__name__}: {_line(error)}', again=True)
            fault = f'{error.filename or task.video.spec}: {exhausted(error)}'
            return Outcome(error=fault, fatal=error.errno in DISK_FULL, again=True)
        except Exception as error:  # one video must not end the batch, whatever is wrong with it
            return Outcome(error=f'{type(error).__name__}: {_line(error)}', again=True)


def _line(error: BaseException) -> str:
    return one_line(str(error))


def _disk_is_full(error: InputError) -> bool:
    return getattr(error.__cause__, 'errno', None) in DISK_FULL
