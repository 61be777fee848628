"""From what a person writes to the videos that are meant, each with a name of its own inside the folder."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.batch.videos import find_videos
from pipeline.errors import InputError
from pipeline.options import OutputOptions
from pipeline.video.open_source import source_name
from pipeline.writers import output_paths


def make(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b'x')


def test_a_folder_stands_for_the_videos_below_it_or_for_its_images(tmp_path):
    make(tmp_path, 'in/b.mp4', 'in/cam1/a.MKV', 'in/cam1/notes.txt', 'in/cam2/a.mp4', 'shots/1.png', 'shots/2.png')
    folder, shots = str(tmp_path / 'in'), str(tmp_path / 'shots')
    assert [(v.key, v.folder) for v in find_videos([folder, shots])] == [
        ('b', ''),
        ('cam1/a', 'cam1'),
        ('cam2/a', 'cam2'),
        ('shots', ''),
    ]
    assert find_videos([shots])[0].state()['files'] == 2


def keys_of(folder, caplog):
    keys = [video.key for video in find_videos([str(folder)])]
    return keys, [record.message for record in caplog.records]


def test_videos_win_over_pictures_beside_them_which_is_said(tmp_path, caplog):
    make(tmp_path, 'in/a.mp4', 'in/thumbnail.png', 'in/cover2.jpg', 'in/cam/b.mkv')
    keys, said = keys_of(tmp_path / 'in', caplog)
    assert keys == ['a', 'cam/b']
    assert said == [f'{tmp_path / "in"}: pictures beside videos are passed over: 2, such as cover2.jpg, thumbnail.png']


def test_numbered_pictures_are_a_video_beside_others(tmp_path, caplog):
    make(tmp_path, 'in/a.mp4', 'in/f000.png', 'in/f001.png', 'in/f002.png', 'in/cover.png')
    keys, said = keys_of(tmp_path / 'in', caplog)
    assert keys == ['in', 'a'] and not said


@pytest.mark.parametrize(
    'clutter',
    ['._a.mp4', '.a-12345678.part.mp4', '__MACOSX/._a.mp4', '@eaDir/a.mp4', '$RECYCLE.BIN/a.mp4', '.trash/a.mp4'],
)
def test_what_systems_keep_beside_videos_is_none(tmp_path, caplog, clutter):
    make(tmp_path, 'in/a.mp4', f'in/{clutter}')
    assert keys_of(tmp_path / 'in', caplog) == (['a'], [])
    (tmp_path / 'in' / 'a.mp4').unlink()
    with pytest.raises(InputError, match='holds neither images nor videos'):
        find_videos([str(tmp_path / 'in')])


def test_folders_from_the_field(shared, caplog):
    assert [video.key for video in find_videos([str(shared('video', 'field', 'thumb_folder'))])] == ['a']
    assert 'thumbnail.png' in caplog.text
    (video,) = find_videos([str(shared('video', 'field', 'apple_folder'))])
    assert video.key == 'apple_folder' and video.state()['files'] == 4


@pytest.mark.parametrize('suffix', ['.3g2', '.MOD', '.divx', '.mjpeg', '.h265', '.f4v', '.m2v', '.rmvb'])
def test_videos_of_old_and_rare_kinds_are_seen(tmp_path, suffix):
    make(tmp_path, f'in/a{suffix}')
    assert [video.key for video in find_videos([str(tmp_path / 'in')])] == ['a']


def test_the_same_input_twice_is_one_video(tmp_path):
    make(tmp_path, 'a.mp4')
    assert len(find_videos([str(tmp_path / 'a.mp4'), str(tmp_path / '.' / 'a.mp4')])) == 1


@pytest.mark.parametrize(
    'specs, message',
    [
        (['x/a.mp4', 'y/a.mp4'], 'would both write a_'),
        (['0'], 'a camera has no end'),
        (['/dev/video0'], 'a camera has no end'),
        (['empty'], 'holds neither images nor videos'),
    ],
)
def test_what_cannot_be_a_batch_is_said(tmp_path, monkeypatch, specs, message):
    make(tmp_path, 'x/a.mp4', 'y/a.mp4', 'empty/notes.txt')
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=message):
        find_videos(specs)


def test_a_changed_input_has_another_state(tmp_path):
    make(tmp_path, 'a.mp4')
    video = find_videos([str(tmp_path / 'a.mp4')])[0]
    before = video.state()
    assert video.state() == before
    os.utime(tmp_path / 'a.mp4', (1, 1))
    assert video.state() != before
    (tmp_path / 'a.mp4').unlink()
    with pytest.raises(InputError, match='no such file'):
        video.state()


@given(
    st.one_of(
        st.text(min_size=1, max_size=20),
        st.from_regex(r'\A[a-z]+://[^\0]{0,20}\Z'),
        st.lists(
            st.sampled_from(['..', '.', 'a', '/', '//', '~', 'b.mp4', '...', ' ', '\n', '?x=../..', '%2e']),
            min_size=1,
            max_size=8,
        ).map('/'.join),
    )
)
def test_no_name_leads_out_of_the_folder(spec):
    if '\0' in spec:
        return
    try:
        name = source_name(spec)
    except InputError:
        return
    options = OutputOptions(Path('/results'), formats=('json', 'csv', 'posetrack', 'trc'), report=True)
    for path in output_paths(options, name).values():
        assert Path(os.path.normpath(path)).parent == Path('/results')
