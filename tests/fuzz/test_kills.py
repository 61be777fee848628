"""A run that is killed at a random moment, and then run again, ends as one that nobody disturbed."""

import os
import random
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.batch.run import run_batch
from pipeline.batch.videos import find_videos
from pipeline.options import OutputOptions
from pipeline.run import run_video
from tests.batch.toy_chain import InlinePool, ToySettings, write_video

KILLS = 25 if os.environ.get('POSE_NIGHTLY') else 2  # of each command


def in_a_fork(function, kill_after=None) -> float:
    """Seconds that ``function`` took in a fork, which is killed after so many."""
    began = time.monotonic()
    child = os.fork()
    if not child:
        code = 1
        try:
            function()
            code = 0
        finally:
            os._exit(code)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    if kill_after is None:
        assert os.waitstatus_to_exitcode(status) == 0
    return time.monotonic() - began


def files_in(folder: Path) -> dict:
    """What a user sees in ``folder``; the manifest tells of the time it took."""
    seen = (path.relative_to(folder) for path in sorted(folder.rglob('*')) if path.is_file())
    return {
        str(path): (folder / path).read_bytes()
        for path in seen
        if path.name != 'manifest.jsonl' and not any(part.startswith('.') for part in path.parts)
    }


@pytest.mark.parametrize('command', ['demo', 'batch'])
def test_killed_at_random_moments(tmp_path, command):
    videos = [write_video(tmp_path / f'{name}.mp4', 40, seed) for seed, name in enumerate('abc')]
    outputs = OutputOptions(out_dir=tmp_path / 'calm', formats=('json', 'csv', 'trc'), force=command == 'demo')
    settings = ToySettings(outputs, refiner='gaussian')

    def run(folder: Path) -> None:
        here = replace(settings, outputs=replace(outputs, out_dir=folder))
        if command == 'batch':
            report = run_batch(find_videos(videos), here, InlinePool)
            assert not report.failed
        else:
            run_video(here.build(), str(videos[0]), here.outputs)

    took = in_a_fork(lambda: run(tmp_path / 'calm'))
    expected = files_in(tmp_path / 'calm')
    assert len(expected) == (6 if command == 'demo' else 18)
    draw = random.Random(os.environ.get('POSE_SEED', '0'))
    for i in range(KILLS):
        folder, moment = tmp_path / f'killed{i}', draw.uniform(0, took)
        in_a_fork(lambda folder=folder: run(folder), kill_after=moment)
        for name, content in files_in(folder).items():  # what is there under its name is whole
            assert content == expected[name], f'{name} after a kill at {moment:.3f} of {took:.3f} s'
        in_a_fork(lambda folder=folder: run(folder))
        assert files_in(folder) == expected, f'after a kill at {moment:.3f} of {took:.3f} s'
