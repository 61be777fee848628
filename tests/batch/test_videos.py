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
    for path in options.paths(name).values():
        assert Path(os.path.normpath(path)).parent == Path('/results')
