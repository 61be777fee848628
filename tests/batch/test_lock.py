"""Two runs never write into one folder, and a killed one leaves no lock."""

import os
import signal
import subprocess
import sys

import pytest

from pipeline.batch.lock import folder_lock
from pipeline.errors import InputError

HOLD = """
import sys
from pathlib import Path
from pipeline.batch.lock import folder_lock
with folder_lock(Path(sys.argv[1])):
    print('held', flush=True)
    sys.stdin.read()
"""


def test_a_second_run_is_refused_until_the_first_is_gone(tmp_path, repository):
    out = tmp_path / 'out'
    first = subprocess.Popen(
        [sys.executable, '-c', HOLD, str(out)], cwd=repository, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert first.stdout.readline() == 'held\n'
        with pytest.raises(InputError, match=rf'another run is writing there \(process {first.pid} on '):
            with folder_lock(out):
                pass
        first.send_signal(signal.SIGKILL)
    finally:
        first.kill()
        first.communicate()
    with folder_lock(out):
        assert os.listdir(out) == ['.batch.lock']


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(InputError, match='cannot be written to'):
        with folder_lock(tmp_path / 'file' / 'out'):
            pass
