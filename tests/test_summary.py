"""Jitter is the second difference in percent of the figure's height."""

import numpy as np
import pytest

from pipeline.summary import JitterMeter, Summary
from pipeline.types import People


def people(raw, refined, filled=False, score=1.0):
    """One figure: a joint at (0, y) and one 200 px below it."""

    def pose(y):
        return np.array([[[0, y], [0, 200 + y]]], np.float32)

    return People(
        np.zeros((1, 4)),
        np.ones(1),
        pose(refined),
        np.full((1, 2), score),
        np.array([1]),
        pose(raw),
        np.array([filled]),
    )


def test_zigzag_of_one_pixel_on_200_is_one_percent():
    meter = JitterMeter()
    for i in range(9):
        meter.add(i, people(raw=i % 2, refined=0.25 * (i % 2)))
    # second difference of 0, 1, 0, 1 … is 2 px: 1 % of 200 px
    assert meter.before == pytest.approx(1.0)
    assert meter.after == pytest.approx(0.25)
    assert meter.people == 1


def test_straight_motion_has_none():
    meter = JitterMeter()
    for i in range(9):
        meter.add(i, people(raw=3 * i, refined=3 * i))
    assert meter.before == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize('broken', [dict(filled=True), dict(score=0.1)])
def test_filled_and_unseen_frames_do_not_count(broken):
    meter = JitterMeter()
    for i in range(9):
        meter.add(i, people(100.0 * (i == 4), 0, **broken) if i == 4 else people(0, 0))
    assert meter.before == 0


def test_gaps_break_the_chain():
    meter = JitterMeter()
    for i in (0, 1, 3, 4, 6, 7):
        meter.add(i, people(i % 2, 0))
    assert np.isnan(meter.before)
    assert 'jitter' not in str(Summary(frames=6, people=1, seconds=2))
    assert '3.0 frames per second' in str(Summary(frames=6, people=1, seconds=2))


def test_a_notebook_shows_the_summary_and_its_video_if_it_can_reach_it(tmp_path, monkeypatch):
    from pipeline.summary import Summary

    monkeypatch.chdir(tmp_path)
    files = ['out/<b> 1_overlay.mp4', str(tmp_path.parent / 'far_overlay.mp4')]
    shown = Summary(frames=30, people=2, seconds=3.0, jitter_before=1.0, jitter_after=0.5, files=files)._repr_html_()
    assert '30, 10.0 per second' in shown and '1.00 before, 0.50 after' in shown
    assert '<b>' not in shown and shown.count('<video') == 1 and 'src="out/%3Cb%3E%201_overlay.mp4"' in shown


def test_one_frame_of_one_person_is_told_as_such():
    assert str(Summary(frames=1, people=1, seconds=2)).startswith('1 frame, 1 person, ')
