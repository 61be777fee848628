"""Files appear whole or not at all; errors are one line and exit code 2."""

import errno
import os
import stat

import pytest

from pipeline.errors import InputError, exit_cleanly
from pipeline.files import atomic_path, check_writable


def test_file_appears_on_success_only(tmp_path):
    target = tmp_path / 'new' / 'out.mp4'
    with atomic_path(target) as temporary:
        temporary.write_text('whole')
        assert temporary.suffix == '.mp4'
        assert not target.exists()
    assert target.read_text() == 'whole'
    assert os.listdir(target.parent) == ['out.mp4']
    assert stat.S_IMODE(target.stat().st_mode) & 0o400


def test_nothing_stays_after_a_failure(tmp_path):
    with pytest.raises(RuntimeError), atomic_path(tmp_path / 'out.json') as temporary:
        temporary.write_text('half')
        raise RuntimeError
    assert os.listdir(tmp_path) == []


def test_existing_files_need_force(tmp_path):
    target = tmp_path / 'out.json'
    target.write_text('old')
    with pytest.raises(InputError, match='--force'):
        check_writable(target)
    with atomic_path(target, force=True) as temporary:
        temporary.write_text('new')
    assert target.read_text() == 'new'


def test_full_disk_is_one_clear_error(tmp_path):
    with pytest.raises(InputError, match='no space left'), atomic_path(tmp_path / 'out.json'):
        raise OSError(errno.ENOSPC, 'No space left on device')


def test_folder_as_file_and_file_as_folder(tmp_path):
    with pytest.raises(InputError, match='is a folder'):
        check_writable(tmp_path)
    (tmp_path / 'file').touch()
    with pytest.raises(InputError, match='cannot make this folder'):
        check_writable(tmp_path / 'file' / 'out.json')


def test_exit_codes(capsys):
    @exit_cleanly
    def main(error):
        if error:
            raise error

    assert main(None) == 0
    assert main(InputError('a.mp4: is\nno video')) == 2
    assert capsys.readouterr().err == 'error: a.mp4: is no video\n'
    assert main(KeyboardInterrupt()) == 130
