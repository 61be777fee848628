"""Process many videos into one folder; resumable, with per-video error reports."""

import hashlib
import json
import re
from collections import deque
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Deque, Dict, List, Optional, Protocol, Sequence, Tuple

from pipeline.addresses import without_secrets
from pipeline.batch.lock import folder_lock
from pipeline.batch.manifest import Manifest
from pipeline.batch.settings import BatchSettings
from pipeline.batch.tasks import Join, Plan, Segment, Whole
from pipeline.batch.videos import Video
from pipeline.batch.worker import Outcome
from pipeline.errors import InputError
from pipeline.files import Claim, check_writable
from pipeline.files.folders import clear_folder, make_folder
from pipeline.signals import postponed
from pipeline.summary import frames_and_people
from pipeline.writers import output_paths

PARTS = '.segments'
# a segment's file, or what a killed worker left of it
_SEGMENT = re.compile(r'\d+-\d+\.npz|\.\d+-\d+-[0-9a-f]{8}\.part\.npz')


class Pool(Protocol):
    """Workers somewhere: :class:`LocalPool`, :class:`RayPool`."""

    @property
    def free(self) -> int: ...
    def submit(self, task) -> None: ...
    def wait(self) -> List[Tuple[object, Outcome]]: ...
    def close(self) -> None: ...


@dataclass
class BatchReport:
    """What became of the videos of a batch: keys, and for those that failed also why."""

    done: List[str] = field(default_factory=list)
    skipped: List[str] = field(default_factory=list)
    failed: Dict[str, str] = field(default_factory=dict)
    left: List[str] = field(default_factory=list)
    stopped: str = ''

    def __str__(self) -> str:
        counts = [
            (len(self.done), 'done'),
            (len(self.skipped), 'done before'),
            (len(self.failed), 'failed'),
            (len(self.left), 'not begun'),
        ]
        lines = [', '.join(f'{count} {what}' for count, what in counts if count) or 'nothing to do']
        lines += [f'  {key}: {reason}' for key, reason in self.failed.items()]
        return '\n'.join(lines + ([f'stopped: {self.stopped}'] if self.stopped else []))


def run_batch(
    videos: Sequence[Video],
    settings: BatchSettings,
    make_pool: Callable[[BatchSettings], Pool],
    retries: int = 1,
    segment: Optional[int] = None,
    force: bool = False,
    notify: Callable[[str], None] = lambda line: None,
) -> BatchReport:
    """Run every video that the folder does not hold yet, and go on where an earlier run stopped.

    Args:
        videos: see :func:`find_videos`.
        settings: of all of them; ``settings.outputs.out_dir`` is the folder.
        make_pool: makes the workers; called only if there is work.
        retries: further attempts at a task that failed for a reason that may pass, such as a
            worker that died.
        segment: pose videos of more frames in segments of so many, each a task of its own.
        force: replace any file; else only those that are still as a run of this folder has written them.
        notify: gets a line for each video that ended.

    Raises:
        InputError: if another run holds the folder, its manifest is broken, or no video
            could be done with these settings.
    """
    folder = settings.outputs.out_dir
    with folder_lock(folder):
        manifest, report, fingerprint = Manifest(folder), BatchReport(), settings.fingerprint()
        manifest.compact()
        jobs = []
        for video in videos:
            job = _Job(video, settings, fingerprint, retries, segment, force, manifest.written(video.key))
            try:
                job.state = video.state()
            except (InputError, OSError) as error:
                _end(job, str(error), manifest, report, notify)
                continue
            if manifest.is_done(video.key, job.state, fingerprint):
                report.skipped.append(video.key)
            else:
                jobs.append(job)
        if jobs:
            _work_off(deque(jobs), make_pool(settings), manifest, report, notify)
        manifest.compact()
        return report


def _work_off(waiting: Deque['_Job'], pool: Pool, manifest: Manifest, report: BatchReport, notify) -> None:
    """Keep every worker busy until nothing is left."""
    running: List[Tuple[object, _Job]] = []
    begun: List[_Job] = []
    try:
        while True:
            while pool.free and not report.stopped and (found := _next_task(begun, waiting, manifest, report, notify)):
                pool.submit(found[0])
                running.append(found)
            if not running:
                break
            for task, outcome in pool.wait():
                job = running.pop([other is task for other, _ in running].index(True))[1]
                report.stopped = report.stopped or (outcome.error if outcome.fatal else '')
                if job.take(task, outcome):
                    begun.remove(job)
                    _end(job, job.error, manifest, report, notify)
    finally:  # also after Ctrl-C: what is under way leaves nothing half-written
        with postponed():
            pool.close()
            for job in begun:
                job.clear()
        report.left += [job.video.key for job in [*begun, *waiting]]
    if report.stopped and not report.done:
        raise InputError(report.stopped)


def _next_task(
    begun: List['_Job'], waiting: Deque['_Job'], manifest: Manifest, report: BatchReport, notify
) -> Optional[tuple]:
    """A task of a video that was begun, or of the next one; None if all wait for others."""
    for job in begun:
        if job.tasks:
            return job.next_task(), job
    while waiting:
        job = waiting.popleft()
        try:
            job.check_outputs()
        except InputError as error:
            _end(job, str(error), manifest, report, notify)
            continue
        job.clear_segments_of(manifest.records.get(job.video.key))
        manifest.add(job.record('started'))
        begun.append(job)
        return job.next_task(), job
    return None


def _end(job: '_Job', error: str, manifest: Manifest, report: BatchReport, notify) -> None:
    key = job.video.key
    with ExitStack() as stack:
        claim = None
        with suppress(InputError):  # somebody else has it: then nothing new is ours
            claim = stack.enter_context(job.claim())
            job.known.update(claim.placed)
        manifest.add(job.record('failed' if error else 'done', error=error, **job.values))
        if claim is not None:
            claim.settle()
    if error:
        report.failed[key] = error
        notify(f'{key}: {error}')
    else:
        report.done.append(key)
        job.clear_segments()
        found = frames_and_people(job.values['frames'], job.values['people'])
        notify(f'{key}: {found}, {job.values["seconds"]:.1f} s')


class _Job:
    """One video on its way.

    Attributes:
        tasks: what can be started now.
        known: SHA-256 by name of what runs of this folder have written for it.
        running: tasks that were started and have not ended.
        error: why the video failed; empty as long as it did not.
        values: of the finished video.
    """

    def __init__(
        self,
        video: Video,
        settings: BatchSettings,
        fingerprint: str,
        retries: int,
        segment: Optional[int],
        force: bool,
        known: Dict[str, str],
    ):
        self.video, self.known, self._settings, self._fingerprint = video, known, settings, fingerprint
        self.state: dict = {}
        self.error, self.values, self.running = '', {}, 0
        self._force = force
        self.tasks: deque = deque([Plan(video, segment) if segment else self._whole()])
        self._tries_left, self._tries = retries, 1
        self._segments: List[Path] = []

    @property
    def _folder(self) -> Path:
        return self._settings.outputs.out_dir

    def claim(self) -> Claim:
        """On the video's files. No worker may be at them."""
        return Claim(self._folder / self.video.folder, self.video.name, self._force, self.known)

    def check_outputs(self) -> None:
        """Raise :class:`InputError` that names a file in the way, or another run that writes these files."""
        with self.claim() as claim:
            for path in output_paths(self._settings.outputs, self.video.name).values():
                check_writable(self._folder / self.video.folder / path.name, claim)

    def next_task(self):
        self.running += 1
        return self.tasks.popleft()

    def take(self, task, outcome: Outcome) -> bool:
        """Go on from what ``task`` gave; whether the video has ended by it."""
        self.running -= 1
        if self.error:
            pass
        elif outcome.damaged:
            self._segments, self.tasks = [], deque([self._whole()])
        elif outcome.error and outcome.again and self._tries_left:
            self._tries_left, self._tries = self._tries_left - 1, self._tries + 1
            self.clear()
            self.tasks.append(task)
        elif outcome.error:
            self.error = outcome.error
            self.tasks.clear()
        elif isinstance(task, Plan):
            try:
                self._cut(outcome.values['ranges'])
            except InputError as error:
                self.error = str(error)
        elif isinstance(task, Segment):
            if self._segments and not self.tasks and not self.running:
                self.tasks.append(self._join())
        else:
            self.values = outcome.values
        return not self.tasks and not self.running

    def _cut(self, ranges) -> None:
        if not ranges:
            self.tasks.append(self._whole())
            return
        folder = make_folder(self._folder, self._parts(self._fingerprint, self.state))
        self._segments = [folder / f'{r.keep[0]}-{r.keep[1]}.npz' for r in ranges]
        missing = [Segment(self.video, r, path) for r, path in zip(ranges, self._segments) if not path.exists()]
        self.tasks.extend(missing or [self._join()])

    def _whole(self) -> Whole:
        return Whole(self.video, self._force, self.known)

    def _join(self) -> Join:
        return Join(self.video, tuple(self._segments), self._force, self.known)

    def _parts(self, fingerprint: str, state: dict) -> List[str]:
        """The folder in which segments wait for each other."""
        # its name tells input and settings: a later run takes only what would come out the same
        kind = hashlib.sha256(json.dumps([fingerprint, state], sort_keys=True).encode()).hexdigest()[:16]
        return [PARTS, *self.video.key.split('/'), kind]

    def clear(self) -> None:
        """Remove what a killed worker left of this video's files under passing names: a claim lists them."""
        with suppress(InputError), self.claim():
            pass

    def clear_segments(self) -> None:
        """Remove the segments of this video."""
        clear_folder(self._folder, self._parts(self._fingerprint, self.state), _SEGMENT)

    def clear_segments_of(self, record: Optional[dict]) -> None:
        """Remove the segments that an earlier run with another input or other settings left."""
        if record and (record['settings'], record['state']) != (self._fingerprint, self.state):
            clear_folder(self._folder, self._parts(record['settings'], record['state']), _SEGMENT)

    def record(self, status: str, **values) -> dict:
        """The manifest's line."""
        return dict(
            dict(
                video=self.video.key,
                input=without_secrets(self.video.spec),
                state=self.state,
                settings=self._fingerprint,
                status=status,
                attempts=self._tries,
                frames=0,
                people=0,
                seconds=0.0,
                files={},
                written=self.known,
                error='',
            ),
            **values,
        )
