"""Recorded tracks refined again are those of the chain, and their errors those of the measuring stick."""

import json
import subprocess
import sys

import numpy as np
import pytest

from pipeline.evaluation.smoothing import shipped_filter, smooth, track_of
from pipeline.skeletons import load_skeleton
from tools.research import compare_refiners

COCO = load_skeleton('coco')
FRAMES, FPS = 60, 30


def truth():
    """``(60, 4, 17, 2)`` px: a figure about 650 px tall that drifts, seen by four cameras."""
    body = np.random.default_rng(0).uniform(0, 650, (4, 17, 2))
    return 200 + body + np.arange(FRAMES)[:, None, None, None] * np.array([3.0, 1.0])


def write(path, poses, missing=(), raw=None):
    """A file as the chain writes it; the man is filled in where he is ``missing``."""
    raw = poses if raw is None else raw
    stranger = dict(track_id=2, filled=False, bbox=[0, 0, 9, 9], bbox_score=0.5, keypoint_scores=[0.5] * 17)
    stranger.update(keypoints=[[9e3, 9e3]] * 17, keypoints_raw=[[9e3, 9e3]] * 17)
    frames = []
    for i in range(len(poses)):
        man = dict(stranger, track_id=1, filled=i in missing, keypoint_scores=[0.9] * 17)
        man.update(keypoints=poses[i].tolist(), keypoints_raw=raw[i].tolist())
        frames.append(dict(frame_id=i, time=i / FPS, instances=[stranger, man]))
    names = {str(k): name for k, name in enumerate(COCO.names)}
    path.write_text(json.dumps(dict(meta_info=dict(keypoint_id2name=names), instance_info=frames)))
    return path


@pytest.fixture
def recorded(tmp_path):
    """Four files of jittery poses, their reference, and the poses."""
    there = truth()
    frames = np.repeat(np.arange(FRAMES)[:, None], 4, 1)
    np.savez(tmp_path / 'reference.npz', reproj_smooth=there, video_frame=frames)
    poses = (there + np.random.default_rng(1).normal(0, 10, there.shape)).astype(np.float32)
    paths = [write(tmp_path / f'cam{v}_poses.json', poses[:, v]) for v in range(4)]
    return paths, tmp_path / 'reference.npz', poses


def table(text):
    """The cells of each row, by its name."""
    rows = [[cell.strip() for cell in line.strip('|').split('|')] for line in text.splitlines() if line[:1] == '|']
    return {row[0]: [float(cell) for cell in row[1:]] for row in rows[2:]}


def test_poses_before_the_refiner_are_refined_as_the_chain_does(tmp_path):
    poses = (truth()[:, 0] + np.random.default_rng(1).normal(0, 10, (FRAMES, 17, 2))).astype(np.float32)
    nonsense = np.zeros_like(poses)
    recording = compare_refiners.Recording(write(tmp_path / 'a.json', nonsense, raw=poses))
    again = np.stack([people.keypoints[0] for _, people in recording.refined(dict(type='gaussian', sigma=2))])
    scores = np.full(poses.shape[:2], 0.9, np.float32)
    (expected,) = smooth(shipped_filter('gaussian:sigma=2'), [track_of(poses, FPS, scores)])
    np.testing.assert_allclose(again, expected, atol=1e-2)


def test_people_that_a_refiner_had_filled_in_are_filled_in_anew(tmp_path):
    poses = truth()[:, 0].astype(np.float32)
    wrong = poses.copy()
    wrong[20:23] = 0
    recording = compare_refiners.Recording(write(tmp_path / 'a.json', wrong, missing=range(20, 23)))
    frames = dict(recording.refined(dict(type='none', max_gap=0.3)))
    assert len(frames[21]) == 1  # nothing is bridged without a refiner
    people = dict(recording.refined(dict(type='gaussian', sigma=0.5)))[21]
    assert people.filled.tolist() == [True, False]
    np.testing.assert_allclose(people.keypoints[0], poses[21], atol=0.5)


def test_the_table_is_the_measuring_sticks(recorded, shared, capsys):
    paths, reference, _ = recorded
    stick = shared('tools') / 'real_people.py'
    answer = subprocess.run(
        [sys.executable, str(stick), 'views', str(reference), *map(str, paths)], check=True, capture_output=True
    )
    expected = json.loads(answer.stdout)
    arguments = [*map(str, paths), '--views', str(reference), '--refiner', 'gaussian:sigma=3']
    assert compare_refiners.main(arguments) == 0
    rows = table(capsys.readouterr().out)
    columns = [expected['median'], expected['p90'], 100 * expected['over33'], expected['accel'], 100 * expected['miss']]
    none = rows['none']
    np.testing.assert_allclose([*none[:3], none[4], none[6]], columns, atol=0.06)
    # white noise of 10 px in x and y: its first and third differences have 2 and 20 times its variance
    np.testing.assert_allclose([none[3], none[5]], 10 * np.sqrt(np.pi / 2) * np.sqrt([2, 20]), rtol=0.05)
    assert rows['gaussian:sigma=3'][0] < 0.5 * rows['none'][0]


def test_filters_are_tested_where_they_were_not_tuned(recorded, capsys, monkeypatch, tmp_path):
    paths, reference, poses = recorded
    steady = truth()[:, 2:].astype(np.float32)  # nothing to smooth in the second half
    for v in (2, 3):
        write(paths[v], steady[:, v - 2])
    grid = {'Gaussian': [dict(type='gaussian', sigma=0.1), dict(type='gaussian', sigma=6)]}
    monkeypatch.setattr(compare_refiners, 'families', lambda: grid)
    assert compare_refiners.main([*map(str, paths), '--views', str(reference), '--tune', 'median']) == 0
    rows = table(capsys.readouterr().out)
    # the first half is tested with what is best for the second, and the other way round
    (name,) = set(rows) - {'none'}
    assert name == 'Gaussian (sigma 0.1; sigma 6)'
    assert rows[name][0] > 0.4 * rows['none'][0]


def test_without_a_reference_it_says_how_far_poses_moved(recorded, capsys):
    paths, _, _ = recorded
    assert compare_refiners.main([*map(str, paths[:2]), '--refiner', 'gaussian:sigma=3']) == 0
    rows = table(capsys.readouterr().out)
    assert rows['none'][1] == 0 and rows['gaussian:sigma=3'][1] > 10
    assert rows['gaussian:sigma=3'][2] < 0.1 * rows['none'][2]
    assert rows['gaussian:sigma=3'][3] < 0.1 * rows['none'][3]
    # half of the people, the strangers, stand still
    assert rows['none'][3] == pytest.approx(10 * np.sqrt(np.pi / 2) * np.sqrt(20) / 2, rel=0.05)


@pytest.mark.parametrize(
    'arguments, words',
    [
        (['{0}', '--refiner', 'gaussian:sgima=2'], 'unknown sgima'),
        (['{0}', '--tune', 'all'], '--views'),
        (['{0}', '--views', '{reference}'], 'has 4 cameras, 1 files'),
        (['{0}', '--views', '{0}'], 'no reference of views'),
        (['{reference}'], 'reference.npz'),
        (['none.json'], 'none.json'),
    ],
)
def test_what_does_not_fit_is_named_in_one_line(recorded, capsys, arguments, words):
    paths, reference, _ = recorded
    assert compare_refiners.main([word.format(*paths, reference=reference) for word in arguments]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count('\n') == 1
