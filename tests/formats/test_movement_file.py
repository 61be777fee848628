"""movement's netCDF, read by xarray and used by movement."""

import json

import numpy as np
import pytest

from tests.formats.exported import COCO, SCORES, SEEN, export

xarray = pytest.importorskip('xarray', reason='xarray is not installed: pip install xarray h5netcdf')
pytest.importorskip('h5netcdf', reason='h5netcdf is not installed: pip install h5netcdf')


def test_xarray_reads_positions_and_confidence_by_name(tmp_path):
    (path,) = export(tmp_path, 'movement')
    with xarray.open_dataset(path, engine='h5netcdf') as read:
        assert read.attrs['fps'] == 25 and read.attrs['time_unit'] == 'seconds' and read.attrs['ds_type'] == 'poses'
        assert json.loads(read.attrs['run'])['preset'] == 'embedded'
        assert read.position.dims == ('time', 'space', 'keypoints', 'individuals')
        np.testing.assert_allclose(read.time, np.arange(6) / 25)
        for person in (0, 1):
            for k, name in enumerate(COCO.names):
                found = read.position.sel(individuals=f'id{person + 1}', keypoints=name)
                np.testing.assert_allclose(found, SEEN[:, person, k], atol=1e-3)
        nose = read.confidence.sel(individuals='id2', keypoints='nose').values
        np.testing.assert_allclose(nose, [np.nan, SCORES[1, 1, 0], np.nan, np.nan, SCORES[4, 1, 0], np.nan])


def test_movement_takes_it_for_its_own(tmp_path):
    kinematics = pytest.importorskip('movement.kinematics', reason='movement is not installed')
    (path,) = export(tmp_path, 'movement')
    with xarray.open_dataset(path, engine='h5netcdf') as read:
        speed = kinematics.compute_velocity(read.position)
    wanted = (SEEN[2, 0, 0] - SEEN[0, 0, 0]) * 25 / 2  # central difference
    np.testing.assert_allclose(speed.values[1, :, 0, 0], wanted, rtol=1e-4)
