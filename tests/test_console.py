"""Nobody has to read what a command prints: the work goes on, without a traceback."""

import subprocess
import sys

import pytest

TOOL = """
import sys
from pathlib import Path
from pipeline.console import lost_output
from pipeline.errors import InputError, exit_cleanly

@exit_cleanly
def main():
    for i in range(20000):
        print('line', i)
    print('warning', file=sys.stderr)
    if sys.stderr.isatty():
        raise AssertionError
    file = open(sys.argv[1], 'w')
    print('name \\udcff \\u65e5')
    import os
    os.write(2, b'a library complains')
    file.write('work')
    file.close()
    if len(sys.argv) > 2 and lost_output():
        raise InputError('lost: ' + lost_output())

sys.exit(main())
"""


def run(tmp_path, repository, how, *more):
    """``how`` is of a shell, with ``{}`` for the command: its exit code and messages; the work is checked."""
    (tmp_path / 'tool.py').write_text(TOOL)
    command = ' '.join(map(str, [sys.executable, tmp_path / 'tool.py', tmp_path / 'work', *more]))
    ended = subprocess.run(
        ['bash', '-c', how.format(command)],
        cwd=tmp_path,
        env=dict(PYTHONPATH=str(repository), PYTHONIOENCODING='ascii', PATH='/usr/bin:/bin'),
        capture_output=True,
        text=True,
    )
    assert (tmp_path / 'work').read_text() == 'work'
    assert 'Traceback' not in ended.stderr and 'Exception ignored' not in ended.stderr
    return ended.returncode, ended.stderr


@pytest.mark.parametrize(
    'how',
    [
        '{} | true; exit ${{PIPESTATUS[0]}}',
        '{} | head -1; exit ${{PIPESTATUS[0]}}',
        '{} > /dev/full',
        '{} 2> /dev/full',
        '{} > /dev/full 2> /dev/full',
        '{} >&-',
        '{} 2>&-',
        '{} <&- >&- 2>&-',
        '{} 2>&1 | true; exit ${{PIPESTATUS[0]}}',
        '{} > /dev/null',
    ],
)
def test_the_work_is_kept(tmp_path, repository, how):
    assert run(tmp_path, repository, how)[0] == 0


@pytest.mark.parametrize('how, code', [('{} > /dev/full', 2), ('{} >&-', 2), ('{} | true; exit ${{PIPESTATUS[0]}}', 0)])
def test_a_command_whose_answer_is_what_it_prints_says_that_it_was_lost(tmp_path, repository, how, code):
    ended, message = run(tmp_path, repository, how, 'answer')
    assert ended == code and ('error: lost' in message) == (code == 2)
