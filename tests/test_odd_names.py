"""Names that people and machines give to files: whole runs, with every kind of output."""

import os
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from pipeline.batch import find_videos
from pipeline.cli.batch import listed
from pipeline.errors import InputError
from pipeline.files import safe_name
from pipeline.options import OutputOptions
from pipeline.run import run_video
from pipeline.video import open_source
from pipeline.video.folders import videos_meant
from pipeline.video.paths import local_path
from tests.batch.toy_chain import ToyDetector, ToyEstimator, write_video

ALL = OutputOptions(Path('out'), formats=('json', 'csv', 'posetrack', 'trc'), report=True)
NAMES = [
    '2024-05-01T10:22:33.mp4',  # relative, a colon: to FFmpeg a protocol
    'concat:a|b.mp4',
    os.fsdecode(b'caf\xe9.mp4'),  # Latin-1, as old archives unpack
    'my clip%20(1) [2] #3.mp4',
    'Привет 日本 👋.mp4',
    'it\'s "quoted" & <b>.mp4',
    '%03d.mp4',
    '-vf.mp4',
]


@pytest.fixture
def chain():
    from pipeline.pipeline import VideoPipeline
    from pipeline.refine import build_refiner
    from pipeline.tracking import PoseTracker

    estimator = ToyEstimator()
    return VideoPipeline(
        ToyDetector(), estimator, PoseTracker(estimator.skeleton.sigmas), build_refiner('none', estimator.skeleton)
    )


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize('name', NAMES)
def test_a_run_writes_everything_under_the_files_name(here, chain, name):
    write_video(here / 'a.mp4', 5).rename(here / name)
    summary = run_video(chain, name, ALL)
    stem = safe_name(Path(name).stem)
    assert summary.frames == 5
    assert {Path(file).name for file in summary.files} >= {
        f'{stem}_overlay.mp4',
        f'{stem}_poses.json',
        f'{stem}_id1.trc',
    }
    assert all(Path(file).stat().st_size for file in summary.files)
    page = (here / 'out' / f'{stem}_report.html').read_text(encoding='utf-8')
    assert f'{quote(os.fsencode(stem))}_overlay.mp4' in page


def test_files_are_found_by_their_address(here):
    write_video(here / 'my clip.mp4', 3)
    write_video(here / 'raw%20.mp4', 4)
    for text, frames in (
        (f'file://{here}/my%20clip.mp4', 3),
        (f'file://localhost{here}/my%20clip.mp4', 3),
        (f'file:{here}/my clip.mp4', 3),
        (f'file://{here}/raw%20.mp4', 4),
        ('file://my clip.mp4', 3),
    ):
        with open_source(text) as source:
            assert source.info.num_frames == frames, text
    assert local_path('file:///caf%E9') == Path(os.fsdecode(b'/caf\xe9'))


@pytest.mark.parametrize('name', ['a' * 300 + '.mp4', '1' * 300, 'x' * 5000, 'file:///' + 'a' * 300, 'a\0b.mp4'])
def test_a_name_that_no_file_has_is_one_line(here, name):
    for look in (open_source, lambda text: find_videos([text])[0].state(), lambda text: videos_meant([text])):
        with pytest.raises(InputError) as caught:
            look(name)
        assert '\n' not in str(caught.value) and len(str(caught.value)) < 200


def test_the_folder_may_have_a_colon_too(here, chain):
    write_video(here / '10:22' / 'a.mp4', 3)
    summary = run_video(chain, '10:22/a.mp4', replace(ALL, out_dir=Path('out:1')))
    assert summary.frames == 3 and Path('out:1/a_overlay.mp4').exists()


def test_a_list_holds_names_of_any_bytes(here):
    (here / 'list.txt').write_bytes(b'\xef\xbb\xbfcaf\xe9.mp4\r\na\x0bb.mp4\n\n')
    assert listed(here / 'list.txt') == [os.fsdecode(b'caf\xe9.mp4'), 'a\x0bb.mp4']
