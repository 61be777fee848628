"""The cache of graphs is used only if nobody else can put something into it."""

import os

import pytest

from pipeline.backends.graphs import graph_cache
from pipeline.errors import InputError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv('POSE_CACHE', str(tmp_path / 'cache'))
    return tmp_path / 'cache' / 'openvino'


def test_what_was_stored_is_found_and_is_for_its_owner(folder):
    path = graph_cache.store('key', b'graph')
    assert graph_cache.load('key') == path and graph_cache.read(path) == b'graph'
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize('place', ['.', '..'])
def test_a_cache_that_everybody_may_write_to_is_refused(folder, place):
    graph_cache.store('key', b'graph')
    (folder / place).chmod(0o777)
    for use in (lambda: graph_cache.load('key'), lambda: graph_cache.store('key', b'graph')):
        with pytest.raises(InputError, match='others may write to this cache.*chmod o-w'):
            use()


def test_a_cache_of_another_user_is_refused(folder, monkeypatch):
    graph_cache.store('key', b'graph')
    monkeypatch.setattr(os, 'geteuid', lambda: 54321)
    mine = os.stat(folder).st_uid in (0, 54321)  # what belongs to root is the system's
    if not mine:
        with pytest.raises(InputError, match='others may write'):
            graph_cache.load('key')
    else:
        os.chown(folder, 12345, -1)
        with pytest.raises(InputError, match='others may write'):
            graph_cache.load('key')
        os.chown(folder, 54321, -1)
        assert graph_cache.load('key')


@pytest.mark.parametrize('content', [b'other', b''])
def test_a_graph_that_is_not_what_its_name_says_is_removed(folder, content):
    path = graph_cache.store('key', b'graph')
    path.write_bytes(content)
    assert graph_cache.load('key') is None and not path.exists()


def test_a_pipe_in_the_cache_is_not_waited_for(folder):
    path = graph_cache.store('key', b'graph')
    path.unlink()
    os.mkfifo(path)
    assert graph_cache.load('key') is None
