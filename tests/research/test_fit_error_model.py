"""Real and modelled errors side by side: what is counted is what was put in."""

import numpy as np
import pytest

from pipeline.skeletons import load_skeleton
from pipeline.training.augmentation.error_model import ErrorRates
from pipeline.training.joint_sets import LIMBS
from tests.research.test_compare_refiners import recorded, table  # noqa: F401, a fixture
from tools.research import fit_error_model
from tools.research.error_statistics import Errors, modelled, statistics

QUIET = dict(jitter=0, drift=0, spikes=0, miss_rate=0, inversion_rate=0, whole_rate=0, jump_rate=0, gap_rate=0)


def still(**rates) -> Errors:
    """Errors of a model upon somebody who stands still."""
    truth = np.tile(np.random.default_rng(0).uniform(0, 500, (1, 1, 12, 2)), (40, 120, 1, 1))
    skeleton = load_skeleton('coco').subset(LIMBS)
    rates = ErrorRates(**{**QUIET, 'dropout_rate': 0, **rates})
    return modelled(truth, np.full(40, 500.0), 60.0, skeleton, rates, draws=1)


def test_jitter_and_memory_are_told_apart():
    white, slow = statistics(still(jitter=0.01)), statistics(still(drift=0.01, drift_seconds=0.15))
    assert white['jitter, root mean square'] == pytest.approx(1.1, abs=0.15)
    assert abs(white['autocorrelation after 133 ms']) < 0.05
    assert slow['autocorrelation after 133 ms'] > 0.25
    assert slow['autocorrelation after 33 ms'] > slow['autocorrelation after 133 ms']


def test_gross_errors_are_counted_and_show_in_the_scores():
    doubts = ((0.01, 0.9), (0.1, 0.1))
    row = statistics(still(drift=0.002, miss_rate=2.0, miss_seconds=0.1, doubts=doubts, noticed=1.0))
    assert 2 < row['over 5 % of the figure, % of joints'] < 40
    assert row['score 0.0 to 0.2: distance, median'] > 5 > row['score 0.8 to 0.9: distance, median']


def test_recorded_views_and_the_model_stand_in_one_table(recorded, tmp_path, capsys):  # noqa: F811
    paths, reference, _ = recorded
    plot = tmp_path / 'errors.svg'
    fit_error_model.main([*map(str, paths), '--views', str(reference), '--plot', str(plot)])
    rows = table(capsys.readouterr().out)
    # the fixture's jitter is 10 px per axis, of figures about 620 px in size
    assert rows['jitter, root mean square'][0] == pytest.approx(1.6, abs=0.2)
    real, model = rows['autocorrelation after 67 ms']
    assert abs(real) < 0.1 < model
    assert plot.read_text().lstrip().startswith('<?xml') and 'autocorrelation' in plot.read_text()


@pytest.mark.parametrize('arguments', [[], ['a.json'], ['--data', 'x', 'a.json', '--views', 'y']])
def test_one_of_both_forms_is_needed(arguments, capsys):
    assert fit_error_model.main(arguments) == 2
    assert 'is needed' in capsys.readouterr().err
