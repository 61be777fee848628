"""Joints are sorted by what the refiner says of them, and held against the reference."""

import numpy as np

from pipeline.networks.refiners.sequence_refiner import SequenceRefiner, save_refiner
from tests.research.test_compare_refiners import COCO, recorded, table  # noqa: F401, a fixture
from tools.research import sigma_curves


def test_untrained_widths_are_three_percent_of_the_unit(recorded, tmp_path, capsys):  # noqa: F811
    backbone = dict(type='GuidedHANet', num_keypoints=17, window=16, embed_dims=8, num_levels=2, width=True)
    config = dict(backbone=backbone, keypoint_names=list(COCO.names))
    save_refiner(tmp_path / 'refiner.pth', SequenceRefiner(**config), config)
    paths, reference, poses = recorded
    arguments = [*map(str, paths), '--views', str(reference), '--refiner', str(tmp_path / 'refiner.pth')]
    assert sigma_curves.main(arguments) == 0
    out = capsys.readouterr().out
    rows = table(out)
    assert sum(row[0] for row in rows.values()) == 4 * 60 * 12  # every limb joint of every frame once
    # 3 % of twice the mean distance from the middle, times the root of 3, of a figure of random points
    assert set(rows) == {'3 to 5'} and 'of the scores +nan' in out
    assert np.all([row[1] < 3 for row in rows.values()])  # the fixture's jitter is 1.6 % an axis


def test_a_refiner_that_says_nothing_is_one_line(recorded, capsys):  # noqa: F811
    paths, reference, _ = recorded
    assert sigma_curves.main([*map(str, paths), '--views', str(reference), '--refiner', 'gaussian']) == 2
    assert capsys.readouterr().err == 'error: --refiner gaussian: gives no sigmas\n'
