"""``--fps``, ``--resize`` and ``--deinterlace``: from the options to what is written."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.batch import find_videos, run_batch
from pipeline.cli.batch import parse_arguments as parse_batch
from pipeline.cli.demo import main as demo
from pipeline.cli.demo import parse_arguments as parse_demo
from pipeline.errors import InputError
from pipeline.options import OutputOptions
from pipeline.run import check_outputs
from pipeline.video import open_source
from tests.batch.toy_chain import InlinePool, ToySettings, write_video


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / 'shots'
    folder.mkdir()
    for i in range(6):
        cv2.imwrite(str(folder / f'{i}.png'), np.full((48, 64, 3), 20 * i, np.uint8))
    return folder


def run(spec, out, **options):
    settings = ToySettings(OutputOptions(out, **options))
    return run_batch(find_videos([str(spec)]), settings, InlinePool)


def times_of(path):
    return [item['time'] for item in json.loads(path.read_text())['instance_info']]


def test_pictures_are_shown_at_the_given_rate(pictures, tmp_path):
    assert run(pictures, tmp_path / 'out', fps='12.5').done == ['shots']
    assert times_of(tmp_path / 'out' / 'shots_poses.json') == pytest.approx(np.arange(6) / 12.5, abs=1e-4)
    with open_source(tmp_path / 'out' / 'shots_overlay.mp4') as overlay:
        assert overlay.info.fps == 12.5 and overlay.info.num_frames == 6


def test_a_videos_rate_can_be_corrected(tmp_path):
    write_video(tmp_path / 'a.mp4', 5)
    assert run(tmp_path / 'a.mp4', tmp_path / 'out', fps='240').done == ['a']
    assert times_of(tmp_path / 'out' / 'a_poses.json') == pytest.approx(np.arange(5) / 240, abs=1e-4)


def test_a_picture_of_another_size_is_said_before_the_work_or_scaled(pictures, tmp_path):
    cv2.imwrite(str(pictures / '4.png'), np.zeros((96, 128, 3), np.uint8))
    with pytest.raises(InputError, match=r'4\.png: is 128x96 px.*--resize'):
        check_outputs([str(pictures)], OutputOptions(tmp_path / 'out'))
    report = run(pictures, tmp_path / 'out')
    assert '--resize' in report.failed['shots'] and not list((tmp_path / 'out').glob('shots*'))
    assert run(pictures, tmp_path / 'out', resize=True).done == ['shots']
    assert len(times_of(tmp_path / 'out' / 'shots_poses.json')) == 6


def test_a_rate_that_is_none_is_said_before_the_work(pictures, tmp_path):
    with pytest.raises(InputError, match="frame rate 'fast'"):
        check_outputs([str(pictures)], OutputOptions(tmp_path / 'out', fps='fast'))


@pytest.mark.parametrize('parse', [parse_demo, lambda words: parse_batch([*words, '--out', 'x'])])
def test_both_commands_have_them(parse, capsys):
    args = parse(['a.mp4', '--fps', '30000/1001', '--resize', '--deinterlace'])
    assert (args.fps, args.resize, args.deinterlace) == ('30000/1001', True, True)
    with pytest.raises(SystemExit):
        parse(['--help-all'])
    assert 'reinterpret a video' in ' '.join(capsys.readouterr().out.split())


def test_they_are_in_a_runs_record():
    assert OutputOptions(Path('o'), fps='5').content() != OutputOptions(Path('o')).content()


def test_an_option_that_is_refused_leaves_no_folder(pictures, tmp_path, capsys):
    assert demo([str(pictures), '--out-dir', str(tmp_path / 'results' / 'today'), '--refiner', 'median:']) == 2
    assert "refiner 'median': '': must be NAME=VALUE" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ['shots']
