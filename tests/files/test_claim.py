"""A claim tells whose a file is: of a run that lives, of one that was killed, or the user's."""

import json
import os

import pytest

from pipeline.errors import InputError
from pipeline.files import Claim, Outputs, atomic_path
from pipeline.files.claim import digest_of


def write(path, force, text='new'):
    with atomic_path(path, force) as temporary:
        temporary.write_text(text)


def in_a_process_that_is_killed(work):
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)  # nothing is closed or cleaned up
    os.waitpid(child, 0)


def test_two_runs_never_write_the_same_name_and_others_do_not_mind(tmp_path):
    with Claim(tmp_path, 'a'):
        with pytest.raises(InputError, match=rf'the files of a there \(process {os.getpid()} on'), Claim(tmp_path, 'a'):
            pass
        with Claim(tmp_path, 'b'):
            pass
    with Claim(tmp_path, 'a'):
        pass
    assert os.listdir(tmp_path) == []


def test_what_a_killed_run_left_is_cleared_whatever_its_kind_and_nothing_else(tmp_path):
    names = ['a_overlay.mp4', 'a_poses.csv.run.json', 'a.trc.run.json', 'a_id7.trc', 'a_own.format']

    def killed():
        with Claim(tmp_path, 'a') as claim:
            outputs = Outputs(claim)
            for name in names:
                outputs.add(tmp_path / name)
            os._exit(0)

    in_a_process_that_is_killed(killed)
    assert len([name for name in os.listdir(tmp_path) if '.part' in name]) == len(names)
    mine = ['.a_poses-12345678.part.json', 'a.part', '.a_overlay.part.mp4']
    for name in mine:
        (tmp_path / name).write_text('mine')
    with Claim(tmp_path, 'a'):
        pass
    assert sorted(os.listdir(tmp_path)) == sorted(mine)


def test_a_list_made_by_somebody_else_removes_nothing_outside_and_no_link(tmp_path):
    out = tmp_path / 'out'
    out.mkdir()
    (tmp_path / 'mine').write_text('mine')
    (out / '.x-12345678.part').symlink_to(tmp_path / 'mine')
    (out / 'notes').write_text('mine')
    lines = ['process 1 on x', '[]', '{', '[' * 10**5]
    lines += [json.dumps(dict(passing=name)) for name in ('../mine', 'notes', '.x-12345678.part', 5, '', '.', '..')]
    lines += [json.dumps(dict(file=5, sha256='')), json.dumps(dict(file='../mine', sha256='0'))]
    (out / '.a.claim').write_text('\n'.join(lines))
    with Claim(out, 'a') as claim, pytest.raises(InputError, match='exists already'):
        write(out / 'notes', claim)
    assert (tmp_path / 'mine').read_text() == 'mine' and (out / '.x-12345678.part').is_symlink()
    assert (out / 'notes').read_text() == 'mine'


def test_finished_files_of_a_run_that_failed_may_be_replaced_until_they_are_changed(tmp_path):
    path = tmp_path / 'a_poses.json'
    with pytest.raises(ZeroDivisionError), Claim(tmp_path, 'a') as claim:
        write(path, claim, 'first')
        raise ZeroDivisionError
    with Claim(tmp_path, 'a') as claim:
        write(path, claim, 'second')
    with Claim(tmp_path, 'a') as claim:
        path.write_text('by hand')
        with pytest.raises(InputError, match='exists already, and was changed since'):
            write(path, claim, 'third')
    assert path.read_text() == 'by hand'


def test_a_kill_between_the_note_and_the_name_and_after_it_is_known_too(tmp_path, monkeypatch):
    path = tmp_path / 'a_poses.json'
    for moment in ('link', 'unlink'):

        def killed(moment=moment):
            monkeypatch.setattr(os, moment, lambda *args, **more: os._exit(0))
            with Claim(tmp_path, 'a') as claim:
                write(path, claim, 'first')

        in_a_process_that_is_killed(killed)
        assert path.exists() == (moment == 'unlink')
        with Claim(tmp_path, 'a') as claim:
            write(path, claim, 'second')
            claim.settle()
        assert path.read_text() == 'second' and os.listdir(tmp_path) == ['a_poses.json']
        path.unlink()


def test_settled_files_are_the_users(tmp_path):
    path = tmp_path / 'a_poses.json'
    with Claim(tmp_path, 'a') as claim:
        write(path, claim)
        claim.settle()
    with Claim(tmp_path, 'a') as claim, pytest.raises(InputError, match='exists already'):
        write(path, claim)
    with Claim(tmp_path, 'a', known={path.name: digest_of(path)}) as claim:
        write(path, claim, 'newer')
    with Claim(tmp_path, 'a', force=True) as claim:
        assert claim
        write(path, claim, 'newest')
    assert path.read_text() == 'newest'


def test_a_link_with_the_right_content_is_not_ours(tmp_path):
    (tmp_path / 'mine').write_text('same')
    (tmp_path / 'a_poses.json').symlink_to('mine')
    with Claim(tmp_path, 'a', known={'a_poses.json': digest_of(tmp_path / 'mine')}) as claim:
        assert not claim and not claim.may_replace(tmp_path / 'a_poses.json')


@pytest.mark.parametrize('link', [os.symlink, os.link])
def test_a_linked_claim_is_refused(tmp_path, link):
    (tmp_path / 'mine').write_text('mine')
    link(tmp_path / 'mine', tmp_path / '.a.claim')
    with pytest.raises(InputError, match='.a.claim: is a link'), Claim(tmp_path, 'a'):
        pass
    assert (tmp_path / 'mine').read_text() == 'mine'
