"""The cache of graphs is used only if nobody else can put something into it."""

import os

import pytest

from pipeline.backends.graphs import onnx_cache
from pipeline.errors import InputError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv('POSE_CACHE', str(tmp_path / 'cache'))
    return tmp_path / 'cache' / 'onnx'


def test_what_was_stored_is_found_and_is_for_its_owner(folder):
    path = onnx_cache.store('key', b'graph')
    assert onnx_cache.load('key') == path and onnx_cache.read(path) == b'graph'
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize('place', ['.', '..'])
def test_a_cache_that_everybody_may_write_to_is_refused(folder, place):
    onnx_cache.store('key', b'graph')
    (folder / place).chmod(0o777)
    for use in (lambda: onnx_cache.load('key'), lambda: onnx_cache.store('key', b'graph')):
        with pytest.raises(InputError, match='others may write to this cache.*chmod o-w'):
            use()


def test_a_cache_of_another_user_is_refused(folder, monkeypatch):
    onnx_cache.store('key', b'graph')
    monkeypatch.setattr(os, 'geteuid', lambda: 54321)
    mine = os.stat(folder).st_uid in (0, 54321)  # what belongs to root is the system's
    if not mine:
        with pytest.raises(InputError, match='others may write'):
            onnx_cache.load('key')
    else:
        os.chown(folder, 12345, -1)
        with pytest.raises(InputError, match='others may write'):
            onnx_cache.load('key')
        os.chown(folder, 54321, -1)
        assert onnx_cache.load('key')


@pytest.mark.parametrize('content', [b'other', b''])
def test_a_graph_that_is_not_what_its_name_says_is_removed(folder, content):
    path = onnx_cache.store('key', b'graph')
    path.write_bytes(content)
    assert onnx_cache.load('key') is None and not path.exists()


def test_a_pipe_in_the_cache_is_not_waited_for(folder):
    path = onnx_cache.store('key', b'graph')
    path.unlink()
    os.mkfifo(path)
    assert onnx_cache.load('key') is None
