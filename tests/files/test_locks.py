"""What is opened is a plain file of ours; folders are shared by runs, but not with a batch."""

import os

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
