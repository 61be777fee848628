"""One video into files: what stays after which fault, who may write, and what another run may replace."""

import errno
import os
import re
import resource
import signal
import subprocess
import sys
import time
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from pipeline.batch.lock import folder_lock
from pipeline.errors import InputError
from pipeline.files import Claim
from pipeline.formats.csv_file import CsvExporter
from pipeline.formats.json_file import JsonExporter
from pipeline.options import OutputOptions
from pipeline.run import check_outputs, run_video
from pipeline.video import ArraySource, open_source
from tests.batch.test_run_batch import killed_after
from tests.batch.toy_chain import ToySettings, write_video

ALL = ('csv', 'json', 'posetrack', 'trc')
FILES = [
    'clip.trc.run.json',
    'clip_id1.trc',
    'clip_overlay.mp4',
    'clip_poses.csv',
    'clip_poses.csv.run.json',
    'clip_poses.json',
    'clip_posetrack.json',
]


@pytest.fixture
def clip(tmp_path):
    return write_video(tmp_path / 'in' / 'clip.mp4', 12)


@pytest.fixture
def out(tmp_path):
    return tmp_path / 'out'


def run(clip, out, **options):
    outputs = OutputOptions(out, **{**dict(formats=ALL), **options})
    return run_video(ToySettings(outputs).build(), str(clip), outputs)


def content(out: Path) -> dict:
    return {name: (out / name).read_bytes() for name in sorted(os.listdir(out))}


def test_all_files_and_nothing_else(clip, out):
    run(clip, out)
    assert list(content(out)) == FILES
    with pytest.raises(InputError, match='exists already'):
        run(clip, out)


@pytest.mark.parametrize('name', ['...mp4', '..mp4', '.mp4.mp4', 'a\nb.mp4', 'concat:a|b.mp4', f'{"é" * 120}.mp4'])
def test_odd_names_make_files_of_the_folder(tmp_path, out, name):
    clip = write_video(tmp_path / 'in' / 'clip.mp4', 3).rename(tmp_path / 'in' / name)
    here = os.getcwd()
    try:
        out.mkdir()
        os.chdir(out)  # where a name might be taken for an address
        files = run(clip, Path('.')).files
    finally:
        os.chdir(here)
    assert len(files) == 7 and sorted(files) == sorted(os.listdir(out))
    assert not any(file.startswith('.') or '\n' in file for file in files)
    with open_source(next(out.glob('*_overlay.mp4'))) as source:
        assert source.info.num_frames == 3


class Camera(ArraySource):
    """Pictures without an end, and whether somebody still looks at them."""

    def __init__(self, name):
        super().__init__((np.zeros((16, 16, 3), np.uint8) for _ in range(3)), name=name)
        self.open = True

    def close(self):
        self.open = False


@pytest.mark.parametrize('hidden, refusal', [(True, 'cannot be read twice'), (False, 'would both write')])
def test_cameras_are_let_go_when_an_input_is_refused_and_kept_open_else(out, monkeypatch, hidden, refusal):
    cameras = {'0': Camera('hall'), '1': Camera('hall')}
    monkeypatch.setattr('pipeline.run.open_source', lambda spec, **reading: cameras[spec])
    with pytest.raises(InputError, match=refusal):
        check_outputs(['0', '1'], OutputOptions(out, blur_faces=hidden))
    assert not cameras['0'].open and (hidden or not cameras['1'].open)
    cameras['0'] = Camera('hall')
    assert check_outputs(['0'], OutputOptions(out)) == [cameras['0']] and cameras['0'].open


def full(*args, **more):
    raise OSError(errno.ENOSPC, 'No space left on device')


def test_a_full_disk_at_the_end_costs_only_the_file_that_is_incomplete(clip, out, monkeypatch):
    run(clip, out)
    expected = content(out)
    other = out.with_name('other')
    with monkeypatch.context() as patch:
        patch.setattr(JsonExporter, '_finish', full)
        with pytest.raises(InputError, match='clip_poses.json: no space left on the disk; complete and kept: ') as told:
            run(clip, other)
    left = [name for name in os.listdir(other) if not name.startswith('.')]
    assert sorted(left) == [name for name in FILES if name != 'clip_poses.json']
    assert all(str(other / name) in str(told.value) for name in left)
    run(clip, other)  # no --force is needed
    assert content(other) == expected


def test_a_set_of_files_that_cannot_be_completed_is_not_there_at_all(clip, out, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(CsvExporter, '_finish', full)
        with pytest.raises(InputError, match='clip_poses.csv: no space left'):
            run(clip, out)
    assert not [name for name in os.listdir(out) if 'csv' in name]


def test_a_full_disk_in_the_middle_leaves_nothing(clip, out, monkeypatch):
    monkeypatch.setattr(JsonExporter, '_write', full)
    with pytest.raises(InputError, match='clip_poses.json: no space left on the disk$'):
        run(clip, out)
    assert not out.exists()


def test_a_full_disk_during_the_report_keeps_and_names_the_rest(clip, out, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Path, 'write_text', full)
        with pytest.raises(InputError, match='clip_report.html: no space left .*clip_overlay.mp4.*clip_poses.json'):
            run(clip, out, report=True)
    assert not (out / 'clip_report.html').exists() and (out / 'clip_poses.json').exists()
    assert str(out / 'clip_report.html') in run(clip, out, report=True).files


def test_what_was_kept_is_the_users_once_it_is_changed(clip, out, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Path, 'write_text', full)
        with pytest.raises(InputError):
            run(clip, out, report=True)
    (out / 'clip_poses.json').write_text('by hand')
    with pytest.raises(InputError, match='clip_poses.json: exists already'):
        run(clip, out, report=True)
    assert (out / 'clip_poses.json').read_text() == 'by hand'


@pytest.fixture
def disk(out):
    """``disk('size=60k')``: mounts a file system of that size at ``out``."""

    def mount(size):
        out.mkdir(exist_ok=True)
        made = subprocess.run(['mount', '-t', 'tmpfs', '-o', size, 'tmpfs', str(out)], capture_output=True)
        if made.returncode:
            pytest.skip('only an administrator can mount a small file system')

    yield mount
    while os.path.ismount(out):
        subprocess.run(['umount', '--lazy', str(out)], check=True)


@pytest.mark.parametrize('limit', ['nr_inodes={}', 'size={}k'])
def test_a_full_disk_at_any_point_is_one_line_and_what_it_cost_needs_no_force(clip, out, disk, limit):
    run(clip, out.with_name('whole'))
    expected = content(out.with_name('whole'))
    for count in (2, 3, 5, 7, 8, 9) if 'inodes' in limit else (4, 12, 24, 36, 40, 44):
        disk(limit.format(count))
        with pytest.raises(InputError, match='no space left on the disk') as told:
            run(clip, out)
        left = {name: data for name, data in content(out).items() if not name.startswith('.')}
        assert left.items() <= expected.items() and all(str(out / name) in str(told.value) for name in left)
        assert not [name for name in os.listdir(out) if '.part' in name]
        subprocess.run(['mount', '-o', 'remount,size=10m,nr_inodes=1k', str(out)], check=True)
        run(clip, out)
        assert content(out) == expected
        subprocess.run(['umount', '--lazy', str(out)], check=True)


@pytest.mark.parametrize('limit', [600, 2000, 8000])
def test_a_file_size_limit_is_one_line(clip, out, limit):
    chain = ToySettings(OutputOptions(out)).build()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(InputError, match='no larger file is allowed here') as told:
            run_video(chain, str(clip), OutputOptions(out, formats=ALL))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    left = os.listdir(out) if out.exists() else []
    assert not [name for name in left if '.part' in name]
    shown = [name for name in left if not name.startswith('.')]
    assert all(str(out / name) in str(told.value) for name in shown)


def test_no_more_open_files_is_one_line_and_leaves_nothing(clip, out):
    chain = ToySettings(OutputOptions(out)).build()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard)) if soft > 64 else None
        for spare in range(1, 12):
            while True:
                try:
                    taken.append(os.open(os.devnull, os.O_RDONLY))
                except OSError:
                    break
            for _ in range(spare):
                os.close(taken.pop())
            try:
                run_video(chain, str(clip), OutputOptions(out, formats=ALL))
                break
            except InputError as error:
                assert '\n' not in str(error)
            except OSError as error:
                assert error.errno == errno.EMFILE  # commands say it in one line (test_errors.py)
            assert not out.exists() or not os.listdir(out)
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# beside others


def test_a_folder_of_a_batch_at_work_is_refused(clip, out):
    with folder_lock(out), pytest.raises(InputError, match='a batch is writing there'):
        run(clip, out)
    with folder_lock(out), pytest.raises(InputError, match='a batch is writing there'):
        check_outputs([str(clip)], OutputOptions(out))
    assert os.listdir(out) == ['.batch.lock']


def test_files_that_another_run_is_writing_are_refused_and_others_are_not(tmp_path, clip, out):
    other = write_video(tmp_path / 'in' / 'other.mp4', 3)
    with Claim(out, 'clip'):
        for refused in (run, lambda clip, out: check_outputs([str(clip)], OutputOptions(out))):
            with pytest.raises(InputError, match='another run is writing the files of clip there'):
                refused(clip, out)
        run(other, out)
    run(clip, out)
    assert len(os.listdir(out)) == 14


def test_an_input_that_is_given_twice_is_refused_before_any_work(clip, out):
    with pytest.raises(InputError, match='clip.*: is given twice'):
        check_outputs([str(clip), str(clip)], OutputOptions(out, force=True))
    assert not out.exists()


def test_a_file_that_appears_while_the_run_is_at_work_is_kept(clip, out, monkeypatch):
    real = JsonExporter._finish

    def late(self):
        (out / 'clip_poses.json').write_text('mine')
        real(self)

    monkeypatch.setattr(JsonExporter, '_finish', late)
    with pytest.raises(InputError, match='clip_poses.json: has appeared.*clip_poses-2.json; complete and kept: '):
        run(clip, out)
    assert (out / 'clip_poses.json').read_text() == 'mine'
    assert b'instance_info' in (out / 'clip_poses-2.json').read_bytes() and (out / 'clip_overlay.mp4').exists()


def test_an_interrupt_before_the_first_frame_leaves_nothing(clip, out):
    chain = ToySettings(OutputOptions(out)).build()

    class Interrupted:
        skeleton, looks_back, options = chain.skeleton, chain.looks_back, chain.options

        def results(self, source, clock):
            raise KeyboardInterrupt
            yield

    with pytest.raises(KeyboardInterrupt):
        run_video(Interrupted(), str(clip), OutputOptions(out))
    assert not out.exists()


# kills


def test_a_kill_at_any_moment_and_a_second_run_give_the_same_files(clip, out, tmp_path):
    run(clip, out)
    expected = content(out)
    kills, events = 0, 0
    step = 1 if os.environ.get('POSE_NIGHTLY') else 5
    while killed_after(events, partial(run, clip, tmp_path / f'killed{events}')):
        run(clip, tmp_path / f'killed{events}')  # no --force is needed
        assert content(tmp_path / f'killed{events}') == expected, f'after event {events}'
        kills, events = kills + 1, events + step
    assert kills * step >= 30  # moments, among them each frame and each file's naming


@pytest.mark.parametrize(
    'given, said',
    [
        (dict(background='blak'), "--background 'blak': must be keep, black or blur"),
        (dict(people=0), '--people 0: must be main, largest'),
        (dict(boxes='no'), "--boxes 'no': must be True or False"),
        (dict(scale='100'), "--scale '100': must be a number over 0"),
        (dict(start=True), '--start True: must be seconds'),
        (dict(start=-1), '-1 is not a moment of a video'),
        (dict(fps=0), 'frame rate 0: give a number above 0'),
        (dict(formats='csv'), "--formats 'csv': must be a tuple of names of formats"),
        (dict(draw_others='faint'), '--draw-others faint: say by --people'),
        (dict(report=True, formats=('csv',)), 'a report is made from the JSON file'),
    ],
)
def test_a_chain_checks_what_it_is_asked_for_as_the_command_does(clip, out, given, said):
    chain = ToySettings(OutputOptions(out)).build()
    with pytest.raises(InputError, match=f'^{re.escape(said)}'):
        chain.run(clip, out, **given)
    assert not out.exists()


def test_a_chain_takes_numbers_for_times_and_lists_for_formats(clip, out):
    chain = ToySettings(OutputOptions(out)).build()
    chain.run(clip, out, start=0.2, end=np.float32(0.4), fps=Fraction(25), formats=['csv'])
    with open(out / 'clip_poses.csv') as file:
        assert {line.split(',')[0] for line in file} == {'frame', *map(str, range(5, 10))}


# signals

SCRIPT = """
import sys
from pathlib import Path
from pipeline.errors import exit_cleanly
from pipeline.options import OutputOptions
from pipeline.run import run_video
from tests.batch.toy_chain import ToySettings

@exit_cleanly
def main():
    outputs = OutputOptions(Path(sys.argv[2]), formats=('csv', 'json', 'posetrack', 'trc'))
    chain = ToySettings(outputs, trap=Path(sys.argv[3]), patience=20).build()
    return 130 if run_video(chain, sys.argv[1], outputs).interrupted else 0

sys.exit(main())
"""


@pytest.fixture
def at_work(tmp_path, out, repository):
    """A process whose chain hangs in the middle of a video; it goes on when the file ``trap`` is gone."""
    clip = write_video(tmp_path / 'in' / 'clip.mp4', 60)
    (tmp_path / 'trap').write_text('hang')
    (tmp_path / 'script.py').write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / 'script.py'), str(clip), str(out), str(tmp_path / 'trap')],
        cwd=repository,
        env={**os.environ, 'PYTHONPATH': str(repository)},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: [signal.signal(n, signal.SIG_DFL) for n in (signal.SIGTERM, signal.SIGHUP)],
    )
    deadline = time.monotonic() + 120
    while not list(out.glob('.clip_overlay-*')) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGHUP])
def test_a_terminated_run_leaves_whole_files(at_work, tmp_path, out, number):
    at_work.send_signal(number)
    at_work.send_signal(number)
    (tmp_path / 'trap').unlink()
    _, messages = at_work.communicate(timeout=120)
    assert at_work.returncode == 130 and 'Traceback' not in messages
    assert sorted(os.listdir(out)) == FILES
    with open_source(out / 'clip_overlay.mp4') as source:
        frames = source.info.num_frames
    rows = (out / 'clip_posetrack.json').read_text().count('file_name')
    assert rows == frames > 0 and (out / 'clip_poses.json').read_text().count('frame_id') == frames


def test_what_a_killed_run_left_is_cleared_by_the_next_one(at_work, tmp_path, out):
    at_work.send_signal(signal.SIGKILL)
    at_work.communicate(timeout=120)
    assert len([name for name in os.listdir(out) if '.part' in name]) >= 5
    run(tmp_path / 'in' / 'clip.mp4', out, formats=('json',))
    assert sorted(os.listdir(out)) == ['clip_overlay.mp4', 'clip_poses.json']
