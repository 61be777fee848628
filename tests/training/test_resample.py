import numpy as np
import pytest

from pipeline.training.augmentation.resample import cut_windows, nearest


def bank():
    """Two sequences: 0 1 4 9 16 and 100 101 102."""
    frames = np.array([0.0, 1, 4, 9, 16, 100, 101, 102])[:, None]
    return frames, np.array([0, 5]), np.array([5, 3])


def test_cubic_is_exact_on_a_parabola_and_stays_in_its_sequence():
    frames, starts, lengths = bank()
    cut = cut_windows(frames, starts, lengths, np.array([[1.0, 1.5, 2.25], [0, 2, 9]]))
    assert cut[0, :, 0] == pytest.approx([1, 2.25, 5.0625])
    assert cut[1, :, 0] == pytest.approx([100, 102, 102])


def test_nearest():
    frames, starts, lengths = bank()
    assert nearest(frames, starts, lengths, np.array([[0.4, 0.6, 7], [1.6, -3, 1]]))[..., 0].tolist() == [
        [0, 1, 16],
        [102, 100, 101],
    ]
