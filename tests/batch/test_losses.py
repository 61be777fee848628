"""A batch replaces and removes nothing but what its manifest knows to be its own."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.batch import find_videos, run_batch
from pipeline.batch.manifest import NAME
from pipeline.batch.run import PARTS
from pipeline.batch.tasks import Join, Segment
from pipeline.errors import InputError
from pipeline.files import Claim
from pipeline.options import OutputOptions
from tests.batch.test_run_batch import files_in
from tests.batch.test_segments import Seen
from tests.batch.toy_chain import InlinePool, ToySettings, write_video


@pytest.fixture
def out(tmp_path):
    return tmp_path / 'out'


@pytest.fixture
def batch(tmp_path, out):
    """A short video and settings for it: ``(videos, settings)``."""
    write_video(tmp_path / 'in' / 'a.mp4', 12)
    return find_videos([str(tmp_path / 'in')]), ToySettings(OutputOptions(out, formats=('json', 'csv', 'trc')))


def named(tmp_path: Path, name: str) -> list:
    write_video(tmp_path / 'in' / 'clip.mp4', 30).rename(tmp_path / 'in' / name)
    return find_videos([str(tmp_path / 'in' / name)])


@pytest.mark.parametrize('name', ['...mp4', '..mp4', 'a\nb.mp4', f'{"n" * 250}.mp4'])
def test_a_video_of_any_name_costs_nobody_anything(tmp_path, out, name):
    for place in (out, out / PARTS, out / PARTS / 'other' / '0123456789abcdef'):
        place.mkdir(parents=True)
        (place / 'notes.txt').write_text('mine')
    (out / PARTS / 'other' / '0123456789abcdef' / '0-10.npz').write_text('of another video')
    videos = named(tmp_path, name)
    Seen.kinds = []
    assert run_batch(videos, ToySettings(OutputOptions(out)), Seen, segment=10).done == [videos[0].key]
    assert Seen.kinds.count(Segment) == 3 and Seen.kinds[-1] is Join
    kept = {path: content for path, content in files_in(out).items() if content in (b'mine', b'of another video')}
    assert len(kept) == 4 and len(files_in(out)) == 6
    assert sorted(os.listdir(out / PARTS)) == ['notes.txt', 'other']


def test_a_folder_of_frames_gives_its_outputs_a_safe_name(tmp_path, out):
    frames = tmp_path / '\tshots'
    frames.mkdir()
    for i in range(3):
        assert cv2.imwrite(str(frames / f'{i}.png'), np.full((48, 64, 3), 80 * i, np.uint8))
    (video,) = find_videos([str(frames)])
    assert video.name == video.key == '_shots'


def test_names_of_folders_are_made_safe_too(tmp_path, out):
    write_video(tmp_path / 'in' / 'parts' / 'a\tb' / 'c.mp4', 3)
    report = run_batch(find_videos([str(tmp_path / 'in')]), ToySettings(OutputOptions(out)), InlinePool)
    assert report.done == ['parts/a_b/c'] and (out / 'parts' / 'a_b' / 'c_poses.json').exists()


@pytest.mark.parametrize('level', [0, 1])
def test_segments_behind_a_link_are_neither_written_nor_removed(tmp_path, out, level):
    behind = tmp_path / 'behind'
    (behind / 'a').mkdir(parents=True)
    (behind / 'a' / '0-10.npz').write_text('mine')
    link = out.joinpath(*[PARTS, 'a'][: level + 1])
    link.parent.mkdir(parents=True)
    link.symlink_to(behind)
    write_video(tmp_path / 'in' / 'a.mp4', 30)
    report = run_batch(find_videos([str(tmp_path / 'in')]), ToySettings(OutputOptions(out)), InlinePool, segment=10)
    assert 'is a link' in report.failed['a']
    assert files_in(behind) == {'a/0-10.npz': b'mine'} and link.is_symlink()


def test_segments_of_other_settings_go_when_they_are_out_of_date(tmp_path, out):
    videos = named(tmp_path, 'a.mp4')

    class Killed(Seen):
        def wait(self):
            if self.kinds.count(Segment) == 3:
                raise KeyboardInterrupt
            return super().wait()

    Seen.kinds = Killed.kinds = []
    with pytest.raises(KeyboardInterrupt):
        run_batch(videos, ToySettings(OutputOptions(out)), Killed, segment=10)
    assert list(out.glob(f'{PARTS}/a/*/*.npz'))
    other = ToySettings(OutputOptions(out), refiner='gaussian')
    assert run_batch(videos, other, InlinePool, segment=10).done == ['a']
    assert not (out / PARTS).exists() or not list((out / PARTS).rglob('*.npz'))


OUTPUTS = ['a_overlay.mp4', 'a_poses.json', 'a_poses.csv', 'a_poses.csv.run.json', 'a.trc.run.json', 'a_id1.trc']


@pytest.mark.parametrize('name', OUTPUTS)
def test_a_file_of_the_user_is_kept_whatever_its_kind(batch, out, name):
    videos, settings = batch
    out.mkdir()
    (out / name).write_text('mine')
    for _ in range(2):  # having failed once must not make the file ours
        report = run_batch(videos, settings, InlinePool)
        assert f'{name}: exists already' in report.failed['a'] and (out / name).read_text() == 'mine'
    assert run_batch(videos, settings, InlinePool, force=True).done == ['a']


@pytest.mark.parametrize('name', OUTPUTS)
def test_a_file_that_was_changed_by_hand_is_kept(batch, out, name):
    videos, settings = batch
    run_batch(videos, settings, InlinePool)
    before = files_in(out)
    (out / name).write_bytes(before[name] + b'by hand')
    report = run_batch(videos, ToySettings(settings.outputs, refiner='gaussian'), InlinePool)
    assert f'{name}: exists already' in report.failed['a'] and (out / name).read_bytes() == before[name] + b'by hand'
    (out / name).write_bytes(before[name])  # put back as it was
    assert run_batch(videos, ToySettings(settings.outputs, refiner='gaussian'), InlinePool).done == ['a']


def test_a_file_made_by_hand_after_a_run_without_that_format_is_kept(batch, out):
    videos, settings = batch
    run_batch(videos, ToySettings(OutputOptions(out)), InlinePool)
    (out / 'a_poses.csv').write_text('mine')
    report = run_batch(videos, settings, InlinePool)
    assert 'a_poses.csv: exists already' in report.failed['a'] and (out / 'a_poses.csv').read_text() == 'mine'
    assert (out / 'a_poses.json').exists()
    (out / 'a_poses.csv').unlink()
    assert run_batch(videos, settings, InlinePool).done == ['a']


def test_without_its_manifest_a_batch_knows_no_file(batch, out):
    videos, settings = batch
    run_batch(videos, settings, InlinePool)
    before = files_in(out)
    (out / NAME).unlink()
    assert 'exists already' in run_batch(videos, settings, InlinePool).failed['a'] and files_in(out) == before


def test_persons_that_are_gone_stay_known(batch, out):
    videos, settings = batch
    run_batch(videos, settings, InlinePool)
    person = (out / 'a_id1.trc').read_bytes()
    run_batch(videos, ToySettings(OutputOptions(out)), InlinePool)  # without TRC: the file is not of this run
    assert (out / 'a_id1.trc').read_bytes() == person
    assert run_batch(videos, settings, InlinePool).done == ['a']


def test_a_video_that_another_run_is_writing_fails_and_the_others_do_not(tmp_path, batch, out):
    _, settings = batch
    write_video(tmp_path / 'in' / 'b.mp4', 3)
    with Claim(out, 'a'):
        report = run_batch(find_videos([str(tmp_path / 'in')]), settings, InlinePool)
    assert 'another run is writing the files of a there' in report.failed['a'] and report.done == ['b']


@pytest.mark.parametrize('link', [os.symlink, os.link])
def test_a_linked_lock_is_refused_and_what_is_behind_it_kept(tmp_path, batch, out, link):
    videos, settings = batch
    out.mkdir()
    (tmp_path / 'mine').write_text('mine')
    link(tmp_path / 'mine', out / '.batch.lock')
    with pytest.raises(InputError, match='.batch.lock: is a link'):
        run_batch(videos, settings, InlinePool)
    assert (tmp_path / 'mine').read_text() == 'mine'
