"""The command: files in, files out, and one line for what cannot be."""

import json
import os
from fractions import Fraction

import numpy as np
import pytest

from pipeline.cli.refine import main
from pipeline.formats import read_poses_json
from pipeline.types import VideoInfo
from pipeline.video import VideoWriter
from tests.formats.exported import THERE, export


def refine(*words):
    return main([*map(str, words)])


def test_a_folder_of_openpose_becomes_every_format_that_is_asked_for(tmp_path, capsys):
    export(tmp_path, 'openpose')
    code = refine(
        tmp_path / 'clip_openpose',
        '--fps',
        25,
        '--size',
        '640x480',
        '--out-dir',
        tmp_path / 'out',
        '--format',
        'csv,mot',
    )
    assert code == 0, capsys.readouterr().err
    names = {name for name in os.listdir(tmp_path / 'out') if not name.endswith('run.json')}
    assert names == {f'clip_refined_{end}' for end in ('poses.json', 'poses.csv', 'mot.txt', 'run.toml')}
    written = read_poses_json(tmp_path / 'out' / 'clip_refined_poses.json')
    assert written.skeleton.name == 'body25' and written.video.fps == 25 and written.video.width == 640
    assert (
        written.run['options']['layout'] == 'OpenPose' and written.run['options']['refiner']['network'] == 'GuidedHANet'
    )
    assert [len(frame.people) for frame in written.frames[3:]] == [1, 2, 2, 2, 2, 1]  # frame 6 is bridged
    assert THERE.sum(1).tolist() == [1, 2, 2, 1, 2, 1]
    assert 'OpenPose: 9 frames, 25 joints, ids' in capsys.readouterr().out
    assert refine(tmp_path / 'clip_openpose', '--out-dir', tmp_path / 'out') == 2
    assert 'exists already' in capsys.readouterr().err


def test_a_height_gives_metres(tmp_path, capsys):
    export(tmp_path, 'dlc')
    words = (tmp_path / 'clip_dlc.csv', '--size', '640x480', '--no-json', '--trc', '--person-height', 1.8)
    assert refine(*words, '--out-dir', tmp_path / 'out', '--quiet') == 0, capsys.readouterr().err
    header = (tmp_path / 'out' / 'clip_refined_id1.trc').read_text().splitlines()
    assert '\tm\t' in header[2] and (tmp_path / 'out' / 'clip_refined_metres.csv').exists()


def test_it_draws_on_the_video(tmp_path, capsys):
    export(tmp_path, 'dlc')
    video = VideoWriter(tmp_path / 'clip.mp4', VideoInfo('clip', 640, 480, Fraction(25)))
    for t in range(9):
        video.write(np.zeros((480, 640, 3), np.uint8), t / 25)
    video.finish()
    out = tmp_path / 'out'
    assert refine(tmp_path / 'clip_dlc.csv', '--video', tmp_path / 'clip.mp4', '--out-dir', out, '--quiet') == 0
    assert sorted(os.listdir(out)) == ['clip_refined_overlay.mp4', 'clip_refined_poses.json', 'clip_refined_run.toml']
    from pipeline.video import open_source

    with open_source(out / 'clip_refined_overlay.mp4') as source:
        frames = [frame.image.max() for frame in source]
    assert len(frames) == 9 and max(frames[:3]) < 60 and min(frames[3:]) > 100  # people are in frames 3 to 8


def test_poses_of_pictures_of_another_size_are_refused(tmp_path, capsys):
    poses, _ = export(tmp_path, 'labelstudio')
    video = VideoWriter(tmp_path / 'clip.mp4', VideoInfo('clip', 320, 240, Fraction(25)))
    for t in range(9):
        video.write(np.zeros((240, 320, 3), np.uint8), t / 25)
    video.finish()
    out = tmp_path / 'out'
    assert refine(poses, '--video', tmp_path / 'clip.mp4', '--out-dir', out, '--quiet') == 2
    line = capsys.readouterr().err
    assert 'pictures of 640x480 px' in line and '320x240: another video' in line and line.count('\n') == 1
    assert not out.exists()


@pytest.mark.parametrize(
    ('words', 'line'),
    (
        (['nowhere.json'], 'nowhere.json: cannot be read'),
        (['{poses}', '--size', '640'], "--size '640': must be WIDTHxHEIGHT in px, as 1920x1080"),
        (['{poses}', '--fps', 'fast'], "frame rate 'fast': give a number"),
        (['{poses}', '--first-frame', '-1'], '--first-frame -1: must be a whole number from 0 up'),
        (['{poses}', '--start', '1'], '--start 1: is of a video: give it by --video'),
        (['{poses}', '--blur-faces'], '--blur-faces: is of a video: give it by --video'),
        (['{poses}', '--background', 'black'], '--background black: is of a video: give it by --video'),
        (['{poses}', '--no-ids'], '--no-ids: is of a video: give it by --video'),
        (['{far}'], 'far.json: has 2 frames, with numbers up to 999999999: --first-frame says'),
        (['{ours}', '--single'], '--scene single: is of the tracker, and {ours} has ids: give --track too'),
        (['{ours}', '--size', '10x10'], '--size 10x10: the pictures have 640x480 px'),
        (['{poses}', '--refiner', 'median:'], "refiner 'median': '': must be NAME=VALUE"),
        (['{poses}', '--refiner', 'magic'], "unknown refiner 'magic': allowed are"),
        (['{poses}', '--no-json'], 'nothing is left to write'),
        (['{notes}'], 'not a layout of poses that is known; these are: our own'),
    ),
)
def test_bad_input_is_one_line_and_leaves_nothing(tmp_path, capsys, monkeypatch, words, line):
    monkeypatch.chdir(tmp_path)
    poses, ours = (export(tmp_path / 'in', name)[0] for name in ('coco', 'json'))
    notes = tmp_path / 'in' / 'notes.txt'
    notes.write_text('dear diary')
    far = tmp_path / 'in' / 'far.json'
    entries = [dict(image_id=i, category_id=1, keypoints=[5, 6, 1] * 17, score=1) for i in (0, 999_999_999)]
    far.write_text(json.dumps(entries))
    files = dict(poses=poses, ours=ours, notes=notes, far=far)
    assert refine(*(word.format(**files) for word in words)) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert line.format(**files) in error
    assert os.listdir(tmp_path) == ['in']


@pytest.mark.parametrize(
    ('words', 'line'),
    (
        (['--scene', 'nosuch'], "unknown scene 'nosuch' for the tracker; there are default, crowd, sport, single"),
        (['--format', 'csv,bvh'], '--bvh: has bones in space; only smooth-poses --3d finds them'),
    ),
)
def test_words_are_checked_before_poses_are_read(tmp_path, capsys, words, line):
    assert refine(tmp_path / 'nowhere.json', *words) == 2
    assert capsys.readouterr().err == f'error: {line}\n'


def test_poses_behind_the_end_of_the_video_are_refused(tmp_path, capsys):
    poses = export(tmp_path, 'coco')[0]
    video = VideoWriter(tmp_path / 'clip.mp4', VideoInfo('clip', 640, 480, Fraction(25)))
    for t in range(5):
        video.write(np.zeros((480, 640, 3), np.uint8), t / 25)
    video.finish()
    assert refine(poses, '--video', tmp_path / 'clip.mp4', '--out-dir', tmp_path / 'out') == 2
    assert 'has poses of frame 8, but' in capsys.readouterr().err
    assert json.loads(poses.read_text()) and not (tmp_path / 'out').exists()


def test_corrections_are_applied_and_nothing_else_changes(tmp_path, capsys):
    export(tmp_path, 'coco')
    assert refine(tmp_path / 'clip_coco.json', '--fps', 25, '--size', '640x480', '--out-dir', tmp_path, '--quiet') == 0
    poses, corrections = tmp_path / 'clip_refined_poses.json', tmp_path / 'clip_corrections.json'
    entry = dict(do='swap_ids', ids=[1, 2], **{'from': 7})
    corrections.write_text(json.dumps(dict(version=1, corrections=[entry])))
    out = tmp_path / 'corrected'
    assert refine(poses, '--corrections', corrections, '--out-dir', out, '--format', 'csv', '--quiet') == 0
    before, after = (read_poses_json(path) for path in (poses, out / 'clip_corrected_poses.json'))
    assert after.run['options']['corrections'] == [entry] and after.video.fps == 25
    assert len(after.frames) == len(before.frames) and (out / 'clip_corrected_poses.csv').exists()
    first = [frame.people for frame in after.frames if len(frame.people)][0]
    assert first.track_ids.tolist() == [1]
    assert [frame.people.track_ids.tolist() for frame in after.frames][-1] == [2]  # person 1 until then
    assert refine(poses, '--corrections', corrections, '--track', '--out-dir', out) == 2
    assert '--track True: corrected poses keep their ids' in capsys.readouterr().err
    assert refine(poses, '--corrections', corrections, '--fps', 50, '--out-dir', out) == 2
    assert '--fps 50: corrected poses' in capsys.readouterr().err
    assert refine(tmp_path / 'clip_coco.json', '--corrections', corrections, '--out-dir', out) == 2
    assert 'error' in capsys.readouterr().err
