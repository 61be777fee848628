"""Files appear whole or not at all; errors are one line and exit code 2."""

import errno
import os
import stat

import pytest

from pipeline.errors import InputError, exit_cleanly
from pipeline.files import Outputs, atomic_path, check_writable


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


# files that appear together, or not at all


def test_a_file_that_appears_meanwhile_is_kept_and_so_is_ours(tmp_path):
    with pytest.raises(InputError, match='a.json: has appeared while .* what the run made is .*a-2.json'):
        with atomic_path(tmp_path / 'a.json') as temporary:
            temporary.write_text('ours')
            (tmp_path / 'a.json').write_text('mine')
    assert {name: (tmp_path / name).read_text() for name in os.listdir(tmp_path)} == {
        'a.json': 'mine',
        'a-2.json': 'ours',
    }


@pytest.mark.parametrize('target', ['mine', 'nowhere'])
def test_a_link_in_the_place_is_not_followed(tmp_path, target):
    (tmp_path / 'mine').write_text('mine')
    (tmp_path / 'a.json').symlink_to(tmp_path / target)
    with pytest.raises(InputError, match='exists already'), atomic_path(tmp_path / 'a.json'):
        pass
    with atomic_path(tmp_path / 'a.json', force=True) as temporary:
        temporary.write_text('ours')
    assert (tmp_path / 'mine').read_text() == 'mine' and (tmp_path / 'a.json').read_text() == 'ours'
    assert sorted(os.listdir(tmp_path)) == ['a.json', 'mine']


def test_a_set_appears_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    outputs = Outputs()
    for name in ('a.csv', 'a.csv.run.json'):
        outputs.add(tmp_path / name).write_text(name)
    assert all('.part' in name for name in os.listdir(tmp_path))
    assert outputs.place() == [tmp_path / 'a.csv', tmp_path / 'a.csv.run.json']
    assert sorted(os.listdir(tmp_path)) == ['a.csv', 'a.csv.run.json']

    real = os.link

    def full(source, target, **more):
        if 'json' in str(target):
            raise OSError(errno.ENOSPC, 'No space left on device')
        real(source, target, **more)

    monkeypatch.setattr(os, 'link', full)
    with pytest.raises(InputError, match='b.csv.run.json: no space left'):
        for name in ('b.csv', 'b.csv.run.json'):
            outputs.add(tmp_path / name).write_text(name)
        outputs.place()
    outputs.discard()
    assert sorted(os.listdir(tmp_path)) == ['a.csv', 'a.csv.run.json']


@pytest.mark.parametrize('code', [errno.EPERM, errno.EOPNOTSUPP])
def test_a_file_system_without_links_replaces_nothing_either(tmp_path, monkeypatch, code):
    def none(*args, **more):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, 'link', none)
    with atomic_path(tmp_path / 'a.json') as temporary:
        temporary.write_text('ours')
    with pytest.raises(InputError, match='has appeared'), atomic_path(tmp_path / 'b.json') as temporary:
        (tmp_path / 'b.json').write_text('mine')
    assert (tmp_path / 'a.json').read_text() == 'ours' and (tmp_path / 'b.json').read_text() == 'mine'
    assert sorted(os.listdir(tmp_path)) == ['a.json', 'b-2.json', 'b.json']


def test_what_a_killed_process_left_goes_and_what_a_living_one_writes_stays(tmp_path):
    child = os.fork()
    if child == 0:
        with atomic_path(tmp_path / 'a.onnx'):
            os._exit(0)
    os.waitpid(child, 0)
    assert len(os.listdir(tmp_path)) == 1
    with atomic_path(tmp_path / 'a.onnx', force=True) as one:
        with atomic_path(tmp_path / 'a.onnx', force=True) as two:
            assert sorted(os.listdir(tmp_path)) == sorted([one.name, two.name])
            two.write_text('two')
        one.write_text('one')
    assert os.listdir(tmp_path) == ['a.onnx'] and (tmp_path / 'a.onnx').read_text() == 'one'


@pytest.mark.parametrize('code', [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.ENFILE])
def test_what_the_machine_has_run_out_of_is_one_line(tmp_path, monkeypatch, code):
    real = os.open

    def fail(path, flags, *args, **more):
        if flags & os.O_EXCL:
            raise OSError(code, os.strerror(code))
        return real(path, flags, *args, **more)

    with pytest.raises(InputError, match=r'a.json: (no space|no larger|too many)'), atomic_path(tmp_path / 'a.json'):
        raise OSError(code, os.strerror(code))
    monkeypatch.setattr(os, 'open', fail)
    with pytest.raises(InputError, match=r'a.json: (no space|no larger|too many)'), atomic_path(tmp_path / 'a.json'):
        pass
    assert os.listdir(tmp_path) == []
