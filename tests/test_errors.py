"""How a command ends on what its user can change."""

import os
import subprocess
import sys

import pytest

from pipeline.errors import InputError, exit_cleanly
from pipeline.summary import Summary


def ending(error):
    @exit_cleanly
    def main():
        raise error

    return main()


def test_an_input_error_is_one_line_and_code_2(capsys):
    assert ending(InputError('a.mp4: no such\nfile')) == 2
    assert capsys.readouterr().err == 'error: a.mp4: no such file\n'


def test_opencv_without_libgl_is_one_line_with_the_command_that_helps(capsys, repository):
    assert ending(ImportError('libGL.so.1: cannot open shared object file: No such file or directory')) == 2
    error = capsys.readouterr().err
    assert error.startswith('error: OpenCV needs libGL') and error.count('\n') == 1
    requirement = error.split()[-1]
    assert requirement in (repository / 'requirements.txt').read_text() and 'pip install --no-deps' in error


def test_any_other_import_error_keeps_its_traceback():
    with pytest.raises(ImportError, match='torch'):
        ending(ImportError('No module named torch'))


def test_a_name_that_is_no_text_can_be_printed(repository):
    code = "from pipeline.errors import exit_cleanly\nexit_cleanly(lambda: print('out/\\udcff.mp4'))()"
    done = subprocess.run([sys.executable, '-c', code], cwd=repository, env={**os.environ, 'PYTHONIOENCODING': 'utf-8'})
    assert done.returncode == 0


def test_a_name_cannot_steer_the_terminal(capsys):
    assert ending(InputError('a\x1b[2J\x07.mp4: no such file')) == 2
    assert capsys.readouterr().err == 'error: a\ufffd[2J\ufffd.mp4: no such file\n'
    assert '\x1b' not in str(Summary(files=['out/\x1b[2J.mp4']))
