"""Workers in processes of their own: they load once, die alone, and do not outlive the batch."""

import errno
import multiprocessing
import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from pipeline.batch import LocalPool, RayPool, find_videos, run_batch
from pipeline.errors import InputError
from pipeline.options import OutputOptions
from tests.batch.test_run_batch import files_in
from tests.batch.toy_chain import InlinePool, ToySettings, write_video

# a process needs seconds to import all networks' code
nightly = pytest.mark.skipif(not os.environ.get('POSE_NIGHTLY'), reason='takes a minute: POSE_NIGHTLY=1')


@pytest.fixture
def batch(tmp_path):
    for i, name in enumerate('abcd'):
        write_video(tmp_path / 'in' / f'{name}.mp4', 12 + i, seed=i)
    return find_videos([str(tmp_path / 'in')]), ToySettings(OutputOptions(tmp_path / 'out'))


@pytest.fixture(params=['fork', pytest.param('spawn', marks=nightly)])
def start(request, monkeypatch):
    """How processes begin: as they do in earnest, or as copies of this one, which is quick."""
    get_context = multiprocessing.get_context
    monkeypatch.setattr(multiprocessing, 'get_context', lambda kind: get_context(request.param))


def with_folder(settings, folder, **changes):
    return replace(settings, outputs=replace(settings.outputs, out_dir=folder), **changes)


def test_processes_give_what_one_process_gives_even_if_one_dies(start, batch, tmp_path):
    videos, settings = batch
    assert run_batch(videos, settings, InlinePool).done == list('abcd')
    trap = tmp_path / 'trap'
    trap.write_text('once')  # whoever detects first is killed
    killed = with_folder(settings, tmp_path / 'killed', trap=trap)
    report = run_batch(videos, killed, lambda s: LocalPool(s, 2), segment=6)
    assert sorted(report.done) == list('abcd') and not report.failed and not trap.exists()
    assert files_in(tmp_path / 'killed') == files_in(settings.outputs.out_dir)


def test_a_video_that_kills_its_workers_fails_alone(start, batch, tmp_path):
    videos, settings = batch
    trap = tmp_path / 'trap'
    trap.write_text('always')
    trapped = with_folder(settings, tmp_path / 'out', trap=trap)
    report = run_batch(videos[:1], trapped, lambda s: LocalPool(s, 1), retries=1)
    assert report.failed == {'a': 'its worker died (signal SIGKILL)'}
    assert files_in(tmp_path / 'out') == {}


def test_no_process_to_be_had_is_said_and_nothing_is_left(start, batch, monkeypatch):
    videos, settings = batch

    def none(process):
        raise OSError(errno.EMFILE, 'Too many open files')

    monkeypatch.setattr(multiprocessing.process.BaseProcess, 'start', none)
    with pytest.raises(OSError, match='Too many open files'):
        run_batch(videos, settings, lambda s: LocalPool(s, 2))
    assert files_in(settings.outputs.out_dir) == {}


LONG = """
import sys
from pathlib import Path
from pipeline.batch import LocalPool, find_videos, run_batch
from pipeline.options import OutputOptions
from tests.batch.toy_chain import ToySettings
settings = ToySettings(OutputOptions(Path(sys.argv[2])), trap=Path(sys.argv[3]), patience=20)
if __name__ == '__main__':
    run_batch(find_videos([sys.argv[1]]), settings, lambda s: LocalPool(s, 1),
              notify=lambda line: print(line, flush=True))
"""


def test_workers_of_a_killed_batch_end_and_the_next_run_goes_on(batch, tmp_path, repository):
    videos, settings = batch
    trap = tmp_path / 'trap'
    trap.write_text('hang')  # in the middle of the second video
    script = tmp_path / 'long.py'
    script.write_text(LONG)
    out = tmp_path / 'out'
    run = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / 'in'), str(out), str(trap)],
        cwd=repository,
        text=True,
        stdout=subprocess.PIPE,
        env={**os.environ, 'PYTHONPATH': str(repository)},
    )
    assert run.stdout.readline().startswith('a: 12 frames')
    children = subprocess.run(['pgrep', '-P', str(run.pid)], capture_output=True, text=True).stdout.split()
    with pytest.raises(InputError, match=f'another run is writing there .process {run.pid}'):
        run_batch(videos, settings, InlinePool)
    run.kill()
    run.communicate()
    deadline = time.monotonic() + 60
    while any(os.path.exists(f'/proc/{child}') for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert children and not any(os.path.exists(f'/proc/{child}') for child in children)
    report = run_batch(videos, settings, InlinePool)
    assert (report.skipped, report.done) == (['a'], ['b', 'c', 'd'])
    assert sorted(files_in(out)) == [f'{n}_{what}' for n in 'abcd' for what in ('overlay.mp4', 'poses.json')]


def test_ray_that_is_not_there_is_said(batch, monkeypatch):
    monkeypatch.setitem(sys.modules, 'ray', None)
    with pytest.raises(InputError, match='Ray is not installed: pip install -r requirements-ray.txt'):
        RayPool(batch[1])


@nightly
def test_ray_gives_what_one_process_gives_even_if_a_worker_dies(batch, tmp_path, monkeypatch, repository):
    pytest.importorskip('ray')
    monkeypatch.syspath_prepend(str(repository))
    videos, settings = batch
    run_batch(videos, settings, InlinePool)
    trap = tmp_path / 'trap'
    trap.write_text('once')
    on_ray = with_folder(settings, tmp_path / 'ray', trap=trap)
    report = run_batch(videos, on_ray, lambda s: RayPool(s, 2, cpus=0.5), segment=6)
    assert sorted(report.done) == list('abcd') and not report.failed and not trap.exists()
    assert files_in(tmp_path / 'ray') == files_in(settings.outputs.out_dir)
