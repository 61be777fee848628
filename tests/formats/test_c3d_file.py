"""C3D, read by ezc3d."""

import os

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.kinematics.metres import MetreOptions
from tests.formats.exported import COCO, SEEN, export

ezc3d = pytest.importorskip('ezc3d', reason='ezc3d is not installed: pip install ezc3d')


def test_ezc3d_reads_the_same_markers(tmp_path):
    files = export(tmp_path, 'c3d')
    assert sorted(os.listdir(tmp_path)) == ['clip.c3d.run.json', 'clip_id1.c3d', 'clip_id2.c3d']
    assert len(files) == 3
    for person, (first, last) in ((0, (0, 6)), (1, (1, 5))):
        read = ezc3d.c3d(str(tmp_path / f'clip_id{person + 1}.c3d'))
        points, parameters = read['data']['points'], read['parameters']['POINT']
        assert parameters['LABELS']['value'] == list(COCO.names) and parameters['UNITS']['value'] == ['px']
        assert parameters['RATE']['value'] == [25] and read['header']['points']['first_frame'] == 3 + first
        seen = SEEN[first:last, person]
        np.testing.assert_allclose(points[0].T, seen[..., 0], atol=1e-3)
        np.testing.assert_allclose(points[1].T, 479 - seen[..., 1], atol=1e-3)
        np.testing.assert_array_equal(points[2].T, np.where(np.isnan(seen[..., 0]), np.nan, 0))
        missing = read['data']['meta_points']['residuals'][0].T < 0
        np.testing.assert_array_equal(missing, np.isnan(seen[..., 0]))


def test_a_scale_makes_metres(tmp_path):
    export(tmp_path, 'c3d', metres=MetreOptions(scale=100))
    read = ezc3d.c3d(str(tmp_path / 'clip_id1.c3d'))
    assert read['parameters']['POINT']['UNITS']['value'] == ['m']
    np.testing.assert_allclose(read['data']['points'][0].T, SEEN[:, 0, :, 0] / 100, atol=1e-5)
    with pytest.raises(InputError, match='give one of --person-height'):
        export(tmp_path / 'other', 'c3d', metres=MetreOptions())
