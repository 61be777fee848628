"""Batches in this process, with toys for networks: what is kept, retried, refused and told."""

import json
import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from pipeline.batch import find_videos, run_batch
from pipeline.batch.manifest import NAME, Manifest
from pipeline.batch.worker import Outcome
from pipeline.errors import InputError
from pipeline.files import Claim, Outputs
from pipeline.options import OutputOptions
from tests.batch.toy_chain import InlinePool, ToySettings, write_video


@pytest.fixture
def batch(tmp_path):
    """Three short videos and settings for them: ``(videos, settings)``."""
    for i, name in enumerate('abc'):
        write_video(tmp_path / 'in' / f'{name}.mp4', 3 + i, seed=i)
    return find_videos([str(tmp_path / 'in')]), ToySettings(OutputOptions(tmp_path / 'out', formats=('json', 'csv')))


def files_in(folder: Path) -> dict:
    """Content by relative name, without the batch's own files."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob('*'))
        if path.is_file() and path.name not in (NAME, '.batch.lock')
    }


def test_everything_is_done_once(batch):
    videos, settings = batch
    lines = []
    report = run_batch(videos, settings, InlinePool, notify=lines.append)
    assert (report.done, report.skipped, report.failed, report.left) == (['a', 'b', 'c'], [], {}, [])
    told = ['a: 3 frames, 1 person', 'b: 4 frames, 1 person', 'c: 5 frames, 1 person']
    assert [line.rpartition(', ')[0] for line in lines] == told
    out = settings.outputs.out_dir
    assert sorted(files_in(out)) == [
        f'{n}_{what}' for n in 'abc' for what in ('overlay.mp4', 'poses.csv', 'poses.csv.run.json', 'poses.json')
    ]
    records = Manifest(out).records
    assert records['b']['frames'] == 4 and records['b']['people'] == 1
    assert records['b']['files'] == {name: len(content) for name, content in files_in(out).items() if name[0] == 'b'}
    again = run_batch(videos, settings, make_pool=None)  # nobody is needed
    assert (again.done, again.skipped) == ([], ['a', 'b', 'c'])


def test_what_changed_is_done_again(batch):
    videos, settings = batch
    run_batch(videos, settings, InlinePool)
    write_video(Path(videos[0].spec), 6)
    (settings.outputs.out_dir / 'b_poses.json').unlink()
    assert run_batch(videos, settings, InlinePool).done == ['a', 'b']
    assert run_batch(videos, replace(settings, refiner='gaussian'), InlinePool).done == ['a', 'b', 'c']


def test_a_failure_is_told_and_stops_nobody(batch, tmp_path):
    videos, settings = batch
    Path(videos[1].spec).write_text('this is no video')
    videos += find_videos([str(tmp_path / 'gone.mp4')])
    report = run_batch(videos, settings, InlinePool)
    assert report.done == ['a', 'c']
    assert set(report.failed) == {'b', 'gone'}
    assert 'not a video' in report.failed['b'] and 'no such file' in report.failed['gone']
    assert str(report).splitlines()[0] == '2 done, 2 failed'
    assert not [name for name in files_in(settings.outputs.out_dir) if name.startswith(('b', '.b'))]
    write_video(Path(videos[1].spec), 4)
    assert run_batch(videos[:3], settings, InlinePool).done == ['b']


def test_files_of_others_are_kept(batch):
    videos, settings = batch
    mine = settings.outputs.out_dir / 'b_poses.json'
    mine.parent.mkdir()
    mine.write_text('mine')
    for _ in range(2):  # having failed once must not make the file ours
        report = run_batch(videos, settings, InlinePool)
        assert 'b_poses.json: exists already' in report.failed['b']
        assert mine.read_text() == 'mine'
    assert run_batch(videos, settings, InlinePool, force=True).done == ['b']


class Flaky(InlinePool):
    """Fails the first ``failures`` tasks of every video with ``outcome``."""

    failures, outcome = 1, Outcome(error='its worker died (signal SIGKILL)', again=True)

    def __init__(self, settings):
        super().__init__(settings)
        self.left = {}

    def wait(self):
        task = self._tasks[-1]
        left = self.left.setdefault(task.video.key, self.failures)
        if not left:
            return super().wait()
        self.left[task.video.key] -= 1
        return [(self._tasks.pop(), self.outcome)]


@pytest.mark.parametrize('failures, retries, done', [(1, 1, True), (2, 1, False), (2, 2, True), (1, 0, False)])
def test_failures_that_may_pass_are_tried_again(batch, failures, retries, done):
    videos, settings = batch
    report = run_batch(videos, settings, type('Pool', (Flaky,), dict(failures=failures)), retries)
    assert report.done == (['a', 'b', 'c'] if done else [])
    assert done or set(report.failed.values()) == {'its worker died (signal SIGKILL)'}
    record = Manifest(settings.outputs.out_dir).records['a']
    assert record['attempts'] == min(failures, retries) + 1


def test_settings_that_fit_nobody_end_the_batch_at_once(batch):
    videos, settings = batch
    with pytest.raises(InputError, match='no such weights'):
        run_batch(videos, replace(settings, broken='x.pth: no such weights'), InlinePool)
    assert files_in(settings.outputs.out_dir) == {}
    assert run_batch(videos, settings, InlinePool).done == ['a', 'b', 'c']


def test_a_full_disk_ends_the_batch_and_what_was_done_stays(batch):
    videos, settings = batch

    class Full(InlinePool):
        def wait(self):
            if self._tasks[-1].video.key == 'a':
                return super().wait()
            return [(self._tasks.pop(), Outcome(error='out/b_poses.json: no space left on the disk', fatal=True))]

    report = run_batch(videos, settings, Full)
    assert (report.done, set(report.failed), report.left) == (['a'], {'b'}, ['c'])
    assert str(report).splitlines()[-1].startswith('stopped: ') and 'no space left' in report.stopped
    assert run_batch(videos, settings, InlinePool).skipped == ['a']


def test_the_disk_being_full_is_recognised(batch, monkeypatch):
    import errno

    from pipeline.batch.tasks import Whole
    from pipeline.batch.worker import Worker

    videos, settings = batch
    real_open = open

    def full(path, mode='r', *args, **kwargs):
        if 'w' in mode and '.part' in str(path):
            raise OSError(errno.ENOSPC, 'No space left on device')
        return real_open(path, mode, *args, **kwargs)

    monkeypatch.setattr('builtins.open', full)
    outcome = Worker(settings).run(Whole(videos[0]))
    assert outcome.fatal and 'no space left' in outcome.error and '\n' not in outcome.error


def test_an_interrupted_batch_leaves_nothing_half_written(batch):
    videos, settings = batch

    class Interrupted(InlinePool):
        def wait(self):
            if self._tasks[-1].video.key == 'b':
                killed_at_work(settings.outputs.out_dir, 'b')
                (settings.outputs.out_dir / '.b2_overlay-abcd1234.part.mp4').touch()  # somebody else's
                raise KeyboardInterrupt
            return super().wait()

    with pytest.raises(KeyboardInterrupt):
        run_batch(videos, settings, Interrupted)
    left = [name for name in os.listdir(settings.outputs.out_dir) if name[0] in '.b']
    assert sorted(left) == ['.b2_overlay-abcd1234.part.mp4', '.batch.lock']
    assert run_batch(videos, settings, InlinePool).done == ['b', 'c']


def killed_at_work(folder: Path, name: str) -> None:
    """Leave what a worker leaves that is killed: a passing file of each kind, and the list of them."""
    child = os.fork()
    if child == 0:
        with Claim(folder, name) as claim:
            for suffix in ('_overlay.mp4', '_poses.csv.run.json', '.trc.run.json', '_id3.trc'):
                Outputs(claim).add(folder / f'{name}{suffix}')
            os._exit(0)  # without a word
    os.waitpid(child, 0)
    assert len([entry for entry in os.listdir(folder) if '.part' in entry and entry.startswith(f'.{name}')]) == 4


def killed_after(events: int, run) -> bool:
    """Run ``run()`` in a forked process that is gone without a word at its ``events``-th event; whether it got there.

    An event is a frame detected, a file opened, renamed or removed, a line of the manifest.
    """
    child = os.fork()
    if child == 0:
        left = [events]

        def watched(function):
            def call(*args, **kwargs):
                left[0] -= 1
                if left[0] < 0:
                    os._exit(99)  # like SIGKILL: nothing is flushed, closed or cleaned up
                return function(*args, **kwargs)

            return call

        from pipeline.batch import manifest
        from tests.batch import toy_chain

        toy_chain.ToyDetector.detect = watched(toy_chain.ToyDetector.detect)
        manifest.os.fsync = watched(os.fsync)
        os.replace, os.link, os.unlink = watched(os.replace), watched(os.link), watched(os.unlink)
        os.write, os.pwrite = watched(os.write), watched(os.pwrite)
        try:
            run()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 99


def test_a_kill_at_any_moment_and_a_resume_give_the_same_files(batch, tmp_path):
    videos, settings = batch
    run_batch(videos, settings, InlinePool)
    expected = files_in(settings.outputs.out_dir)
    kills, events = 0, 0
    step = 1 if os.environ.get('POSE_NIGHTLY') else 7
    while True:
        out = tmp_path / f'killed{events}'
        settings_here = replace(settings, outputs=replace(settings.outputs, out_dir=out))
        if not killed_after(events, partial(run_batch, videos, settings_here, InlinePool)):
            break
        kills += 1
        report = run_batch(videos, settings_here, InlinePool)
        assert not report.failed and len(report.done) + len(report.skipped) == 3
        assert files_in(out) == expected, f'after event {events}'
        events += step
    assert kills * step >= 50  # moments, among them each frame and each file's renaming


def test_the_manifest_is_plain_json_lines(batch):
    videos, settings = batch
    run_batch(videos, settings, InlinePool)
    rows = [json.loads(line) for line in (settings.outputs.out_dir / NAME).read_text().splitlines()]
    assert [(row['video'], row['status']) for row in rows] == [('a', 'done'), ('b', 'done'), ('c', 'done')]
