"""Where MMPose is missing, a person gets one line with the command, and optional imports still end well."""

import subprocess
import sys

import pytest

WITHOUT_MMPOSE = """
import sys
from importlib.machinery import PathFinder

import pipeline

find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *rest: None if name == 'mmpose' else find(name, *rest)
"""


def run(repository, code, *arguments):
    return subprocess.run(
        [sys.executable, '-c', WITHOUT_MMPOSE + code, *map(str, arguments)],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.slow
def test_the_command_ends_with_one_line_that_says_how_to_install_it(repository, tmp_path):
    done = run(
        repository,
        'from pipeline.cli.demo import main; sys.exit(main(sys.argv[1:]))',
        tmp_path / 'clip.mp4',
        '--out-dir',
        tmp_path / 'out',
    )
    assert done.returncode == 2, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith('error: MMPose is not installed')
    assert 'pip install --no-deps mmpose==' in lines[0] and not (tmp_path / 'out').exists()


@pytest.mark.slow
def test_the_library_raises_an_input_error_and_other_code_an_import_error(repository):
    done = run(
        repository,
        """
try:
    from pipeline import VideoPipeline
except pipeline.InputError as error:
    print(error)
try:
    import mmpose
except ImportError as error:
    print(error.name)
""",
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert 'pip install --no-deps mmpose==' in lines[0] and lines[1:] == ['mmpose']
