"""How a command ends on what its user can change."""

import os
import shlex
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


TALKATIVE = r"""
import sys
from pipeline.errors import exit_cleanly

@exit_cleanly
def main():
    for i in range(3000):
        print('a line of the report', i, 'caf\u00e9 \u65e5\u672c \udce9')
    print('progress', file=sys.stderr)
    open(sys.argv[1], 'w').write('done')

sys.exit(main())
"""


def talk(tmp_path, repository, **streams):
    environment = {**os.environ, 'PYTHONIOENCODING': 'ascii'}
    command = [sys.executable, '-c', TALKATIVE, str(tmp_path / 'work')]
    return subprocess.Popen(command, cwd=repository, env=environment, **streams)


def test_a_terminal_that_is_ascii_only_gets_escapes(tmp_path, repository):
    out, errors = talk(tmp_path, repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE).communicate(timeout=60)
    assert out.splitlines()[7] == rb'a line of the report 7 caf\xe9 \u65e5\u672c \udce9' and errors == b'progress\n'


@pytest.mark.parametrize('both', [False, True])
def test_output_to_a_closed_pipe_is_quiet_and_the_work_is_done(tmp_path, repository, both):
    read_end, write_end = os.pipe()
    os.close(read_end)
    process = talk(tmp_path, repository, stdout=write_end, stderr=write_end if both else subprocess.PIPE)
    os.close(write_end)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0 and (both or errors == b'progress\n')
    assert (tmp_path / 'work').read_text() == 'done'


@pytest.mark.parametrize('closed', ['>&-', '2>&-', '>&- 2>&-', '>/dev/full', '2>/dev/full'])
def test_streams_that_are_closed_or_full_cost_nothing(tmp_path, repository, closed):
    command = f'exec {shlex.quote(sys.executable)} -c "$CODE" {shlex.quote(str(tmp_path / "work"))} {closed}'
    process = subprocess.run(
        ['sh', '-c', command], cwd=repository, env={**os.environ, 'CODE': TALKATIVE}, capture_output=True, timeout=60
    )
    assert process.returncode == 0 and b'Traceback' not in process.stderr
    assert (tmp_path / 'work').read_text() == 'done'
