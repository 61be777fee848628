import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.evaluation.refinement_metric import RefinementMetric


def windows():
    """Two overlapping windows of one sequence of 5 frames, one joint; the output is 1 px off, the input 2 px."""
    truth = np.zeros((5, 1, 2), np.float32)
    for start in (0, 2):
        part = truth[start : start + 3]
        yield dict(
            target=part,
            pred_keypoints=part + [1, 0],
            input_keypoints=part + [2, 0],
            sequence=0,
            start=start,
            length=5,
            fps=25.0,
            bbox=np.tile([0, 0, 20, 10.0], (3, 1)),
        )


@pytest.mark.parametrize('protocol', ['published', 'corrected'])
def test_input_and_output(protocol):
    metric = RefinementMetric(['pck', 'mpjpe', 'accel'], protocol)
    metric.process(None, list(windows()))
    table = metric.compute_metrics(metric.results)
    assert table['input/mpjpe'] == pytest.approx(2) and table['output/mpjpe'] == pytest.approx(1)
    assert table['input/pck@0.05'] == 0 and table['output/pck@0.05'] == 1
    assert table['output/accel'] == pytest.approx(0, abs=1e-6)
    assert len(metric.results) == 1  # MMEngine keeps as many results as the data set has items


def test_published_drops_what_no_window_covers():
    first = next(windows())
    metric = RefinementMetric(['mpjpe'], 'published')
    metric.process(None, [first])
    assert len(metric.stitched(metric.results[0], 'pred_keypoints').truth) == 3


def test_unknown_protocol():
    with pytest.raises(InputError, match="protocol 'official'"):
        RefinementMetric(protocol='official')


def test_the_root_is_taken_where_it_is_annotated():
    """One frame without a root counts for nothing; of two hips one is enough, and is taken in both poses."""
    truth = np.random.default_rng(0).normal(size=(5, 4, 3)).astype(np.float32)
    estimate, weight = truth + 7, np.ones((5, 4), np.float32)
    weight[1, :2], truth[1, :2] = 0, 1000
    weight[3, 0], estimate[3, 0] = 0, -1000
    window = dict(target=truth, target_weight=weight, pred_keypoints=estimate, input_keypoints=estimate)
    metric = RefinementMetric(['mpjpe'], root=[0, 1])
    metric.process(None, [dict(window, sequence=0, start=0, length=5, fps=25.0)])
    assert metric.compute_metrics(metric.results)['output/mpjpe'] == pytest.approx(0, abs=1e-5)
