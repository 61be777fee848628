"""One file of tracks, several refiners: a table and a plot."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from pipeline.formats import PoseFile, PoseFrame
from pipeline.skeletons import load_skeleton
from pipeline.types import People, VideoInfo
from tools.research import compare_refiners, plot_refiners


@pytest.fixture
def poses(monkeypatch):
    """A person who walks by 3 px a frame, with 1 px of noise, and was filled in (nonsense) in two frames."""
    rng, skeleton = np.random.default_rng(0), load_skeleton('coco')
    figure, frames = rng.uniform(0, 100, (17, 2)), []
    for i in range(60):
        raw = (figure + [3 * i, 0] + rng.normal(size=(17, 2))).astype(np.float32)[None]
        filled = np.array([i in (20, 21)])
        if filled[0]:
            raw += 1000
        one = np.ones(1, np.float32)
        people = People(np.zeros((1, 4), np.float32), one, raw + 5, np.ones((1, 17), np.float32), np.array([4]), raw)
        people.filled = filled
        frames.append(PoseFrame(i, i / 25, people))
    file = PoseFile(frames, skeleton, VideoInfo('clip', 640, 480, Fraction(25)), {})
    monkeypatch.setattr(compare_refiners, 'read_poses_json', lambda path: file)


def test_table_and_plot(poses, tmp_path, capsys):
    plot = tmp_path / 'plot.png'
    assert plot_refiners.main(['x.json', '--refiner', 'none', 'gaussian', '--plot', str(plot)]) == 0
    lines = [[cell.strip() for cell in line.split('|')[1:-1]] for line in capsys.readouterr().out.splitlines()]
    rows = {name: list(map(float, values)) for name, *values in lines[2:]}
    assert list(rows) == ['input', 'none', 'gaussian']
    noise = np.sqrt(np.pi / 2)  # mean length of 1 px of noise in x and y
    velocity, accel, jerk, moved = rows['input']
    assert 3 < velocity < 4 and accel == pytest.approx(noise * 6**0.5, rel=0.1) and moved == 0
    assert jerk == pytest.approx(noise * 20**0.5, rel=0.1)
    assert rows['gaussian'][0] == pytest.approx(3, abs=0.2) and rows['gaussian'][1] < 0.4 * accel
    assert 0.3 < rows['gaussian'][3] < 2  # the filled frames' nonsense is not among the input
    assert cv2.imread(str(plot)).std() > 5
    assert plot_refiners.main(['x.json', '--refiner', 'none', '--plot', str(plot)]) == 2


@pytest.mark.parametrize('option, message', [(['--joint', 'tail'], 'left_ear'), (['--track', '9'], 'allowed are 4')])
def test_errors(poses, capsys, option, message):
    assert plot_refiners.main(['x.json', '--refiner', 'none', *option]) == 2
    assert message in capsys.readouterr().err
