"""A user id without an account, as ``docker run -u 12345`` gives it, runs the chain as any other does."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.assets import find
from pipeline.assets.fetch import cache_folder
from pipeline.assets.table import EMBEDDED
from pipeline.backends import accounts

STRANGER = 12345


@pytest.fixture
def open_folder():
    """A folder that everybody may read and write; pytest's own are private."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o777)
        yield Path(name)


def as_stranger(command, cwd, **variables):
    """Run ``command`` with an id that no account has, and with these environment variables only."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=dict(PATH=os.defpath, **variables),
        user=STRANGER,
        group=STRANGER,
        extra_groups=[],
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, 'getuid') or os.getuid() != 0, reason='only root can become another user')
def test_the_command_works_for_an_id_without_an_account(repository, open_folder):
    try:
        reads = as_stranger([sys.executable, repository / 'tools' / 'assets.py', '--help'], repository).returncode == 0
    except PermissionError:
        reads = False
    if not reads:
        pytest.skip(f'others may not read {repository} or {sys.executable}')
    models = [find(name) for name in EMBEDDED if name != 'sample-clip']
    if None in models:
        pytest.skip('the embedded models are not on this machine: make demo')
    assets = open_folder / 'assets'
    assets.mkdir()
    for model in models:
        shutil.copy(model, assets)
    with av.open(str(open_folder / 'clip.mp4'), 'w') as container:
        stream = container.add_stream('libx264', rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuv420p'
        for level in (90, 100, 110):
            picture = np.full((48, 64, 3), level, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format='rgb24')))
        container.mux(stream.encode(None))
    temporary = open_folder / 'tmp'
    temporary.mkdir()
    temporary.chmod(0o777)

    done = as_stranger(
        [sys.executable, repository / 'tools' / 'demo.py', open_folder / 'clip.mp4', '--out-dir', open_folder / 'out'],
        open_folder,
        POSE_ASSETS=str(assets),
        TMPDIR=str(temporary),
        HOME='/',  # as docker sets it
    )
    assert done.returncode == 0, done.stderr
    assert sorted(os.listdir(open_folder / 'out')) == ['clip_overlay.mp4', 'clip_poses.json', 'clip_run.toml']
    assert f'pose-{STRANGER}' in os.listdir(temporary)


def test_a_user_with_a_home_is_left_alone(monkeypatch, tmp_path):
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.setenv('USER', 'somebody')
    before = dict(os.environ)
    assert accounts.lend_a_home() is None and dict(os.environ) == before


def test_without_an_account_and_without_home_every_cache_has_a_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, 'tempdir', str(tmp_path))
    monkeypatch.setattr(os, 'environ', {})
    monkeypatch.setattr(pwd, 'getpwuid', _no_such_account)
    lent = accounts.lend_a_home()
    assert lent == tmp_path / f'pose-{os.getuid()}'
    assert cache_folder() == lent / 'pose'  # and not an error about an unknown home
    for variable in ('TORCHINDUCTOR_CACHE_DIR', 'NUMBA_CACHE_DIR', 'MPLCONFIGDIR'):
        assert Path(os.environ[variable]).parent == lent


def _no_such_account(number):
    raise KeyError(f'getpwuid(): uid not found: {number}')


def test_what_the_user_has_set_stays_and_a_folder_of_another_user_is_not_trusted(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, 'tempdir', str(tmp_path))
    monkeypatch.setattr(os, 'environ', dict(HOME='/nowhere', NUMBA_CACHE_DIR='/mine'))
    lent = accounts.lend_a_home()
    assert lent.parent == tmp_path and lent.stat().st_mode & 0o777 == 0o700
    assert os.environ['NUMBA_CACHE_DIR'] == '/mine' and os.environ['XDG_CACHE_HOME'] == str(lent)
    assert accounts.lend_a_home() == lent  # the next run finds the same caches

    monkeypatch.setattr(os, 'getuid', lambda: STRANGER + os.stat(tmp_path).st_uid)
    planted = tmp_path / f'pose-{os.getuid()}'
    planted.mkdir()  # it belongs to whoever runs this test
    other = accounts.lend_a_home()
    assert other != planted and other.parent == tmp_path
