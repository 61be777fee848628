"""What is opened is a plain file of ours; folders are shared by runs, but not with a batch."""

import os
from contextlib import ExitStack

import pytest

from pipeline.errors import InputError
from pipeline.files.locks import open_own, shared_folder, sole_folder


@pytest.mark.parametrize(
    'make', [os.symlink, os.link, lambda mine, path: os.mkfifo(path), lambda mine, path: path.mkdir()]
)
def test_links_pipes_and_folders_are_refused_at_once_and_left_as_they_are(tmp_path, make):
    mine = tmp_path / 'mine.txt'
    mine.write_text('precious')
    make(mine, tmp_path / 'lock')
    with pytest.raises(InputError, match='lock: is a link, a folder or a pipe'):
        open_own(tmp_path / 'lock')
    assert mine.read_text() == 'precious'


def test_a_link_to_nothing_makes_no_file(tmp_path):
    (tmp_path / 'lock').symlink_to(tmp_path / 'elsewhere')
    with pytest.raises(InputError, match='is a link'):
        open_own(tmp_path / 'lock')
    assert os.listdir(tmp_path) == ['lock']


def test_runs_share_a_folder_and_a_batch_does_not(tmp_path):
    with shared_folder(tmp_path), shared_folder(tmp_path):
        with pytest.raises(InputError, match='another run is writing there'), sole_folder(tmp_path):
            pass
    with sole_folder(tmp_path):
        with pytest.raises(InputError, match='a batch is writing there'), shared_folder(tmp_path):
            pass
        with pytest.raises(InputError, match='another run'), sole_folder(tmp_path):
            pass
    assert os.listdir(tmp_path) == []


def test_a_folder_that_was_made_for_nothing_goes_again(tmp_path):
    with shared_folder(tmp_path / 'new' / 'inner'):
        assert (tmp_path / 'new' / 'inner').is_dir()
    assert os.listdir(tmp_path) == []
    (tmp_path / 'mine').mkdir()
    with shared_folder(tmp_path / 'mine'):
        pass
    with shared_folder(tmp_path / 'new' / 'inner'):
        (tmp_path / 'new' / 'poses.json').touch()
    with shared_folder(tmp_path / 'full'):
        (tmp_path / 'full' / 'poses.json').touch()
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob('*')) == [
        'full',
        'full/poses.json',
        'mine',
        'new',
        'new/poses.json',
    ]


def test_a_folder_stays_while_another_run_has_it(tmp_path):
    with ExitStack() as other:
        with shared_folder(tmp_path / 'new'):
            other.enter_context(shared_folder(tmp_path / 'new'))
        assert (tmp_path / 'new').is_dir()


def test_who_comes_while_a_folder_is_removed_gets_a_new_one(tmp_path, monkeypatch):
    """Between opening and locking it: the lock of a folder that is gone would hold nothing."""
    opened, folder = [], tmp_path / 'new'

    def open_and_lose(path, *more):
        opened.append(os_open(path, *more))
        if len(opened) == 1:
            os.rmdir(path)
        return opened[-1]

    os_open = os.open
    monkeypatch.setattr(os, 'open', open_and_lose)
    with shared_folder(folder):
        assert len(opened) == 2 and folder.is_dir()
        with pytest.raises(InputError, match='another run is writing there'), sole_folder(folder):
            pass
