"""Workers on a Ray cluster (https://docs.ray.io), or on a local Ray.

Every worker is an actor that loads the chain once. Its machine must see this
project, the inputs and the output folder under the same paths, as on a shared file
system.
"""

import logging
import os
import sys
from typing import Dict, List, Optional, Tuple

from pipeline.batch.settings import BatchSettings
from pipeline.batch.worker import Outcome
from pipeline.errors import InputError


class RayPool:
    """``size`` actors; one that dies, or whose machine does, is replaced.

    Args:
        settings: of the batch.
        size: actors; None takes as many as the cluster has room for.
        address: of a running cluster, such as ``auto`` or ``ray://HOST:10001``; None starts Ray here.
        cpus, gpus: what an actor needs of its machine; a GPU is shared by fractions such as 0.25.

    Raises:
        InputError: if Ray is not installed, does not answer, or has no room for a single actor.
    """

    def __init__(
        self,
        settings: BatchSettings,
        size: Optional[int] = None,
        address: Optional[str] = None,
        cpus: float = 1.0,
        gpus: float = 0.0,
    ):
        try:
            import ray
        except ImportError as error:
            raise InputError(
                'Ray is not installed: pip install -r requirements-ray.txt, or use --workers without --ray'
            ) from error
        self._ray, self._settings = ray, settings
        try:
            ray.init(
                address=address or 'local',
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
                ignore_reinit_error=True,
                runtime_env=dict(env_vars=dict(PYTHONPATH=os.pathsep.join(filter(None, sys.path)))),
            )
        except Exception as error:  # connections, versions and ports fail in as many ways as there are clusters
            raise InputError(
                f'Ray at {address or "this machine"}: cannot be used '
                f'({type(error).__name__}: {(str(error).splitlines() or [""])[0]})'
            ) from error
        room = _room(ray.cluster_resources(), cpus, gpus)
        if room < 1:
            self.close()
            raise InputError(f'Ray has no room for a worker of {cpus:g} CPUs and {gpus:g} GPUs')
        self.size = min(size or room, room)
        self._actor = ray.remote(num_cpus=cpus, num_gpus=gpus, max_restarts=0)(_Actor)
        self._idle: list = []
        self._running: Dict[object, Tuple[object, object]] = {}  # answer to come: (actor, task)

    @property
    def free(self) -> int:
        """Workers without a task."""
        return self.size - len(self._running)

    def submit(self, task) -> None:
        """Give ``task`` to a free worker."""
        actor = self._idle.pop() if self._idle else self._actor.remote(self._settings, os.getcwd())
        self._running[actor.run.remote(task)] = actor, task

    def wait(self) -> List[Tuple[object, Outcome]]:
        """The tasks that have ended since, with their outcomes; waits for at least one."""
        ready, _ = self._ray.wait(list(self._running), num_returns=1)
        return [self._take(answer) for answer in ready]

    def close(self) -> None:
        """End all workers, at once."""
        self._ray.shutdown()

    def _take(self, answer) -> Tuple[object, Outcome]:
        actor, task = self._running.pop(answer)
        try:
            outcome = self._ray.get(answer)
        except self._ray.exceptions.RayError as error:  # the actor, its machine or its memory is gone
            self._ray.kill(actor)
            return task, Outcome(error=f'its worker died ({type(error).__name__})', again=True)
        self._idle.append(actor)
        return task, outcome


class _Actor:
    """A :class:`Worker` in Ray's hands."""

    def __init__(self, settings: BatchSettings, folder: str):
        os.chdir(folder)
        from pipeline.batch.worker import Worker  # loads all networks' code: in the actor only

        self._worker = Worker(settings)

    def run(self, task) -> Outcome:
        return self._worker.run(task)


def _room(resources: dict, cpus: float, gpus: float) -> int:
    """How many workers fit; whole machines are not told apart."""
    needs = (('CPU', cpus), ('GPU', gpus))
    return int(min((resources.get(name, 0.0) / need for name, need in needs if need > 0), default=1))
