"""The invented validation set is hard enough to be worth scoring: misses, switches, neither all right nor all wrong."""

import pytest

from pipeline.posetrack import pair_folders, score_sequences
from tools.research.benchmarks.posetrack_scores import make_set


@pytest.mark.parametrize('layout', [17, 18])
def test_the_invented_set_has_every_kind_of_error(tmp_path, layout):
    make_set(tmp_path, layout, sequences=2, frames=20)
    scores = score_sequences(pair_folders(tmp_path / 'gt', tmp_path / 'pred'), tracking=True)
    assert scores['frames'] == 2 * 20 and 50 < scores['AP']['Mean'] < 90
    assert scores['joints']['switches']['nose'] > 0 and scores['joints']['misses']['nose'] > 0
