"""Workers as processes of this machine."""

import multiprocessing
import os
import signal
import threading
from contextlib import suppress
from multiprocessing import connection
from typing import Dict, List, Optional, Sequence, Tuple

from pipeline.backends.threads import available_cores
from pipeline.batch.settings import BatchSettings
from pipeline.batch.worker import Outcome, Worker
from pipeline.signals import leave_to_parent

_GRACE_SECONDS = 5.0


class LocalPool:
    """``size`` processes, each with a chain of its own; one that dies is replaced.

    The cores are shared out among them.

    Args:
        settings: of the batch.
        size: processes.
        devices: the processes take them in turn.
    """

    def __init__(self, settings: BatchSettings, size: int, devices: Sequence[str] = ('auto',)):
        self._settings, self.size = settings, size
        self._slots: List[_Slot] = [_Slot(settings, devices[i % len(devices)], size) for i in range(size)]

    @property
    def free(self) -> int:
        """Workers without a task."""
        return sum(slot.task is None for slot in self._slots)

    def submit(self, task) -> None:
        """Give ``task`` to a free worker."""
        next(slot for slot in self._slots if slot.task is None).start(task)

    def wait(self) -> List[Tuple[object, Outcome]]:
        """The tasks that have ended since, with their outcomes; waits for at least one."""
        waiting: Dict[object, _Slot] = {slot.pipe: slot for slot in self._slots if slot.task is not None}
        return [waiting[pipe].take() for pipe in connection.wait(list(waiting))]

    def close(self) -> None:
        """End all workers, busy ones too."""
        for slot in self._slots:
            slot.end()


class _Slot:
    """A place for one process after another."""

    def __init__(self, settings: BatchSettings, device: str, size: int):
        self._settings, self._device, self._size = settings, device, size
        self._process: Optional[multiprocessing.Process] = None
        self.pipe, self.task = None, None

    def start(self, task) -> None:
        if self._process is None:
            context = multiprocessing.get_context('spawn')
            self.pipe, other = context.Pipe()
            process = context.Process(target=_work, args=(other, self._settings, self._device, self._size), daemon=True)
            with other:  # closed here, so that the pipe breaks when the process ends
                process.start()
            self._process = process
        self.task = task
        try:
            self.pipe.send(task)
        except BrokenPipeError:  # it died idle; take() finds out
            pass

    def take(self) -> Tuple[object, Outcome]:
        task, self.task = self.task, None
        try:
            return task, self.pipe.recv()
        except (EOFError, OSError):
            self._process.join()
            code = self._process.exitcode
            how = f'signal {signal.Signals(-code).name}' if code < 0 else f'code {code}'
            self.end()
            return task, Outcome(error=f'its worker died ({how})', again=True)

    def end(self) -> None:
        if self._process is not None:
            if self.task is None and self._process.is_alive():
                with suppress(OSError):
                    self.pipe.send(None)  # an idle process goes by itself
                self._process.join(_GRACE_SECONDS)
            self._process.kill()
            self._process.join()
            self.pipe.close()
        self._process = None


def _work(pipe, settings: BatchSettings, device: str, size: int) -> None:
    """Main loop of a worker process."""
    leave_to_parent()  # a video is whole or not there
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import torch

    torch.set_num_threads(max(1, available_cores() // size))
    worker = Worker(settings, device)
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        if task is None:
            return
        pipe.send(worker.run(task))


def _end_with_parent() -> None:
    # else a killed batch's workers would go on writing beside the run that resumes it
    connection.wait([multiprocessing.parent_process().sentinel])
    os._exit(1)
