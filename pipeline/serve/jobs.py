"""One run at a time, in a process of its own, so that neither a bad file nor a lack of memory ends the page.

The child (:mod:`pipeline.serve.worker`) gets its job as one line of JSON and says how far it is in lines of JSON.
Its standard input stays open as long as this process lives: when it ends, the child stops, and leaves nothing.
"""

import asyncio
import json
import os
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Deque, Dict, List, Optional

from pipeline.serve.uploads import Taken

_PATIENCE = 20.0  # seconds for a child to stop in good order


@dataclass
class Job:
    """A run, and how far it is.

    Attributes:
        kind: ``run`` (a video into poses) or ``export`` (corrected poses into files).
        name: of the video or result, for the page.
        stem: of its files.
        number: tells it from others.
        done, of: frames; ``of`` is None until it is known.
        error: in one line, if it has failed.
        files: names of what it has written.
        ended: whether it has.
    """

    kind: str
    name: str
    stem: str
    number: int
    done: int = 0
    of: Optional[int] = None
    error: Optional[str] = None
    files: List[str] = field(default_factory=list)
    ended: bool = False


class Jobs:
    """The current run, or the last one."""

    def __init__(self) -> None:
        self.latest: Optional[Job] = None
        self._process: Optional[asyncio.subprocess.Process] = None
        self._task: Optional[asyncio.Task] = None

    async def start(self, kind: str, name: str, stem: str, order: Dict[str, Any]) -> Job:
        """Start a run; ``order`` is what :mod:`pipeline.serve.worker` is told.

        Raises:
            Taken: while another one is at work.
        """
        if self.latest and not self.latest.ended:
            raise Taken(f'{self.latest.name}: is at work; one video runs at a time')
        job = self.latest = Job(kind, name, stem, self.latest.number + 1 if self.latest else 1)
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                '-m',
                'pipeline.serve.worker',
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=_environment(),
                start_new_session=True,  # Ctrl-C in the terminal is for the server, which stops it
            )
        except OSError as error:
            job.ended, job.error = True, f'no process could be started ({error.strerror})'
            return job
        self._task = asyncio.create_task(self._watch(job, self._process, order))
        return job

    async def stop(self) -> None:
        """Stop the run, if there is one, and wait until it has cleaned up."""
        process, task = self._process, self._task
        if process is None or task is None or task.done():
            return
        if process.stdin and not process.stdin.is_closing():
            process.stdin.close()
        try:
            await asyncio.wait_for(asyncio.shield(task), _PATIENCE)
        except asyncio.TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await task

    async def _watch(self, job: Job, process: asyncio.subprocess.Process, order: Dict[str, Any]) -> None:
        assert process.stdin and process.stdout and process.stderr
        last: Deque[str] = deque(maxlen=5)
        try:
            with suppress(ConnectionError):
                process.stdin.write(json.dumps(order).encode() + b'\n')
                await process.stdin.drain()
            await asyncio.gather(_progress(process.stdout, job), _complaints(process.stderr, last))
            status = await process.wait()
            if job.error is None and not job.files:
                said = next(reversed(last), '')
                job.error = f'{job.name}: the run ended early (exit code {status}{": " + said if said else ""})'
        finally:
            job.ended = True


def _environment() -> Dict[str, str]:
    """That of this process, in which the child finds this package too."""
    package = str(Path(__file__).resolve().parents[2])
    paths = [package, *filter(None, os.environ.get('PYTHONPATH', '').split(os.pathsep))]
    return {**os.environ, 'PYTHONPATH': os.pathsep.join(dict.fromkeys(paths)), 'OPENCV_LOG_LEVEL': 'ERROR'}


async def _progress(stream: asyncio.StreamReader, job: Job) -> None:
    async for line in stream:
        said = json.loads(line)
        for name in ('done', 'of', 'error', 'files'):
            if name in said:
                setattr(job, name, said[name])


async def _complaints(stream: asyncio.StreamReader, last: Deque[str]) -> None:
    while block := await stream.read(1 << 16):
        last.extend(line.strip()[-300:] for line in block.decode('utf-8', 'replace').splitlines() if line.strip())
