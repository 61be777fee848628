"""Folders of passing files: nobody else's files go, nor what is behind a link."""

import os
import re

import pytest

from pipeline.errors import InputError
from pipeline.files.folders import clear_folder, make_folder

OURS = re.compile(r'\d+\.npz')


def test_only_our_files_and_what_is_empty_then_go(tmp_path):
    for parts, stays in (['a', 'x'], False), (['b', 'x'], True):
        folder = make_folder(tmp_path, ['.parts', *parts])
        (folder / '1.npz').touch()
        if stays:
            (folder / 'notes.txt').write_text('mine')
        clear_folder(tmp_path, ['.parts', *parts], OURS)
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob('*')) == [
        '.parts',
        '.parts/b',
        '.parts/b/x',
        '.parts/b/x/notes.txt',
    ]
    clear_folder(tmp_path, ['.parts', 'gone'], OURS)  # is no fault


@pytest.mark.parametrize('link', ['.parts', '.parts/a', '.parts/a/x', '.parts/a/x/1.npz'])
def test_nothing_behind_a_link_goes(tmp_path, link):
    behind = tmp_path / 'behind' / 'a' / 'x'
    behind.mkdir(parents=True)
    (behind / '1.npz').write_text('mine')
    path = tmp_path / 'out' / link
    path.parent.mkdir(parents=True)
    depth = link.count('/')
    path.symlink_to(tmp_path.joinpath('behind', *['a', 'x', '1.npz'][:depth]))
    clear_folder(tmp_path / 'out', ['.parts', 'a', 'x'], OURS)
    assert (behind / '1.npz').read_text() == 'mine' and path.is_symlink()


def test_a_link_is_refused_as_a_folder_to_write_to(tmp_path):
    (tmp_path / 'elsewhere').mkdir()
    (tmp_path / '.parts').symlink_to(tmp_path / 'elsewhere')
    with pytest.raises(InputError, match='.parts: is a link'):
        make_folder(tmp_path, ['.parts', 'a'])
    (tmp_path / '.parts').unlink()
    (tmp_path / '.parts').touch()
    with pytest.raises(InputError, match='.parts: cannot make this folder'):
        make_folder(tmp_path, ['.parts', 'a'])
    assert os.listdir(tmp_path / 'elsewhere') == []
