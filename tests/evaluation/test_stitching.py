import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.evaluation.stitching import cut, stitch, window_starts
from pipeline.refine.smoother import smooth_track
from pipeline.refine.windows import WindowSmoother, hann_blend


def test_starts_cover_or_drop_the_end():
    assert window_starts(23, 11, 5).tolist() == [0, 5, 10, 12]
    assert window_starts(23, 11, 5, cover=False).tolist() == [0, 5, 10]
    assert window_starts(7, 11, 5).tolist() == [0]
    with pytest.raises(InputError, match='step 0'):
        window_starts(23, 11, 0)


def test_padding():
    sequence = np.array([1.0, 2, 3])
    assert cut(sequence, [0], 5).tolist() == [[1, 2, 3, 3, 3]]
    assert cut(sequence, [0], 5, pad='zero').tolist() == [[1, 2, 3, 0, 0]]


def test_blending_by_hand():
    windows = np.array([[0.0, 0, 0], [3, 3, 3]])
    assert stitch(windows, [0, 1], 4).tolist() == [0, 1.5, 1.5, 3]
    # frame 1 has weights 2 and 1, frame 2 has 1 and 2
    assert stitch(windows, [0, 1], 4, np.array([1, 2, 1])).tolist() == [0, 1, 2, 3]


def test_a_frame_left_out_is_an_error():
    with pytest.raises(ValueError, match='frame 3 of 5'):
        stitch(np.zeros((1, 3, 1)), [0], 5)


def test_a_cut_sequence_is_stitched_back():
    sequence = np.random.default_rng(0).normal(size=(37, 4, 2)).astype(np.float32)
    starts = window_starts(37, 16, 5)
    assert stitch(cut(sequence, starts, 16), starts, 37) == pytest.approx(sequence, abs=1e-6)


def test_the_chains_blend_of_covering_windows_is_the_chains_smoother():
    """The 'corrected' protocol and the chain put the same windows together in the same way."""
    generator = np.random.default_rng(1)
    sequence = generator.normal(size=(36, 4, 2)).astype(np.float32)
    noise = generator.normal(size=(16, 4, 2)).astype(np.float32)  # every window answers in its own way
    starts, blend = window_starts(36, 16, 5), hann_blend(16)
    smoother = WindowSmoother(lambda keypoints, scores, times: keypoints + noise, 16, 5, blend)
    chain = smooth_track(smoother, sequence, np.ones((36, 4)), np.arange(36) / 30)
    assert stitch(cut(sequence, starts, 16) + noise, starts, 36, blend) == pytest.approx(chain, abs=1e-5)


@pytest.mark.parametrize('case', 'abcd')
def test_published_stitching(fixtures, case):
    z = np.load(fixtures('hanet_metrics', 'unit_metrics.npz'))
    windows, (step, window) = z[f'stitch_{case}_in'], z[f'stitch_{case}_step_size']
    starts = np.arange(len(windows)) * step
    stitched = stitch(windows, starts, starts[-1] + window)
    assert stitched == pytest.approx(z[f'stitch_{case}_out'], abs=1e-5)
