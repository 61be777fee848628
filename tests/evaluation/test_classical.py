import numpy as np
import pytest

from pipeline.evaluation.classical import gaussian, median_gaussian, one_euro, savitzky_golay


def test_one_euro_by_hand():
    estimate = np.zeros((3, 1, 1))
    estimate[1:] = 1.0
    cutoff, fps = 2.0, 20.0
    gain = (2 * np.pi * cutoff / fps) / (2 * np.pi * cutoff / fps + 1)
    smooth = one_euro(cutoff, 0.0)(estimate, fps)
    assert smooth.ravel() == pytest.approx([0, gain, gain + gain * (1 - gain)])


def test_filters_keep_what_they_should():
    line = np.arange(30.0)[:, None, None] * np.ones((1, 2, 2))
    assert savitzky_golay(7, 2)(line, 30.0) == pytest.approx(line)
    assert gaussian(1.0)(line, 30.0)[8:-8] == pytest.approx(line[8:-8])
    spiked = line.copy()
    spiked[15] += 100
    assert np.abs(median_gaussian(5, 0.5)(spiked, 30.0) - line)[5:-5].max() < 1.1


def test_short_sequences_do_not_break_savitzky_golay():
    short = np.zeros((5, 2, 2))
    assert savitzky_golay(21, 2)(short, 30.0).shape == short.shape
