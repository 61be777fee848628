"""The lock file holds what requirements.txt asks for, each package with a hash."""

import importlib.util
import re
import sys

import pytest


@pytest.fixture(scope='module')
def setup_env(repository):
    spec = importlib.util.spec_from_file_location('setup_env', repository / 'tools' / 'setup_env.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_requirement_is_locked_with_a_hash(repository, setup_env):
    lock = (repository / 'requirements.lock').read_text()
    locked = dict(re.findall(r'^([a-z0-9-]+)==(\S+) \\\n    --hash=sha256:[0-9a-f]{64}$', lock, re.M))
    assert len(locked) == sum('==' in line for line in lock.splitlines()) > 60
    for line in map(setup_env.requirement, setup_env.requirement_lines()):
        name, version = re.fullmatch(r'([A-Za-z0-9-]+)(?:==(\S+)|[><=].*)?', line).groups()
        if "python_version < '3.11'" in line:  # the lock is for 3.11
            continue
        assert name.lower() in locked, f'{name}: run make lock'
        assert version in (None, locked[name.lower()]), f'{name}: run make lock'
    # this one owns the folder cv2 only if it comes last
    assert list(locked)[-1] == setup_env.HEADLESS


def test_the_lock_is_for_one_python(setup_env, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['setup_env.py', str(tmp_path / 'env'), '--locked'])
    monkeypatch.setattr(setup_env.platform, 'machine', lambda: 'aarch64')
    assert setup_env.main() == 2
    assert 'requirements.lock holds for' in capsys.readouterr().err and not (tmp_path / 'env').exists()
