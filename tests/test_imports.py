"""Imports point one way: the contract of pyproject.toml holds, and would notice if it did not."""

import os
import shutil
import subprocess
import sys

import pytest

COMMAND = [sys.executable, '-c', 'from importlinter.cli import lint_imports_command; lint_imports_command()']


def _lint(folder) -> subprocess.CompletedProcess:
    """``lint-imports`` on the package and the contract in ``folder``."""
    return subprocess.run(
        [*COMMAND, '--no-cache'],
        cwd=folder,
        env={**os.environ, 'PYTHONPATH': str(folder), 'NO_COLOR': '1', 'COLUMNS': '200'},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture
def copy(repository, tmp_path):
    """A copy of the package and its contract, to be harmed."""
    shutil.copytree(repository / 'pipeline', tmp_path / 'pipeline', ignore=shutil.ignore_patterns('__pycache__'))
    shutil.copy(repository / 'pyproject.toml', tmp_path)
    return tmp_path


def _append(file, line: str) -> None:
    file.write_text(f'{file.read_text()}\n\n{line}\n')


def test_the_package_keeps_the_contract(repository):
    run = _lint(repository)
    assert run.returncode == 0, run.stdout + run.stderr
    assert ' 0 broken' in run.stdout


@pytest.mark.parametrize(
    ('file', 'line', 'importer'),
    [
        ('refine/stream.py', 'from pipeline.training import losses', 'pipeline.refine'),
        ('tracking/tracker.py', 'def f():\n    import pipeline.posetrack', 'pipeline.tracking'),
        ('detection/classes.py', 'import pipeline.estimation', 'pipeline.detection'),
        ('pipeline.py', 'def f():\n    from pipeline.cli import arguments', 'pipeline.pipeline'),
        ('posetrack/ap.py', 'import pipeline.batch', 'pipeline.posetrack'),
        ('errors.py', 'def f():\n    import tools.demo', 'pipeline'),
        ('tracking/motion.py', 'def f():\n    from pipeline.tracking import tracker', ''),
    ],
    ids=['product to training', 'product to PoseTrack, inside a function', 'beside', 'up', 'door', 'tools', 'circle'],
)
def test_a_forbidden_import_breaks_the_contract(copy, file, line, importer):
    _append(copy / 'pipeline' / file, line)
    run = _lint(copy)
    assert run.returncode == 1, run.stdout + run.stderr
    assert (f'{importer} is not allowed to import' if importer else 'No cycles are allowed') in run.stdout


def test_a_new_room_has_to_be_given_a_place(copy):
    (copy / 'pipeline' / 'annexe.py').write_text('"""A room of which the contract does not know."""\n')
    run = _lint(copy)
    assert run.returncode == 1 and 'annexe' in run.stdout


def test_no_module_imports_itself_through_others(repository, monkeypatch):
    """Over all modules and the package itself, which siblings' contracts leave out."""
    import grimp

    monkeypatch.syspath_prepend(str(repository))
    graph = grimp.build_graph('pipeline', cache_dir=None)
    left = {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}
    while free := [module for module, below in left.items() if not below & left.keys()]:
        for module in free:
            del left[module]
    assert not left, f'in circles or above one: {sorted(left)}'
