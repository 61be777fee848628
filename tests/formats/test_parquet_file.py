"""Parquet, read by pyarrow and compared with the CSV of the same video."""

import csv
import json

import numpy as np
import pytest

from pipeline.formats.csv_file import COLUMNS, IN_SPACE
from pipeline.formats.run_info import RunInfo
from tests.formats.exported import export, lifted

parquet = pytest.importorskip('pyarrow.parquet', reason='pyarrow is not installed: pip install pyarrow')


def test_it_holds_what_the_csv_holds(tmp_path):
    (path,) = export(tmp_path, 'parquet')
    table = parquet.read_table(path)
    assert table.column_names == list(COLUMNS)
    with open(export(tmp_path, 'csv')[0], newline='') as file:
        rows = list(csv.DictReader(file))
    columns = table.to_pydict()
    assert columns['joint'] == [row['joint'] for row in rows]
    assert columns['filled'] == [row['filled'] == '1' for row in rows]
    for name in set(COLUMNS) - {'joint', 'filled'}:
        np.testing.assert_allclose(columns[name], [float(row[name]) for row in rows], atol=1e-3)
    assert json.loads(table.schema.metadata[b'run'])['preset'] == 'embedded'


def test_of_a_run_in_space_it_holds_metres_as_the_csv_does(tmp_path):
    run = RunInfo(options=dict(three_d=True))
    table = parquet.read_table(export(tmp_path, 'parquet', frames=lifted(), run=run)[0])
    assert table.column_names == list(COLUMNS + IN_SPACE)
    with open(export(tmp_path, 'csv', frames=lifted(), run=run)[0], newline='') as file:
        rows = list(csv.DictReader(file))
    for name in IN_SPACE:
        assert table[name].to_pylist() == [float(row[name]) if row[name] else None for row in rows]
    assert table['z_3d'].to_pylist()[-17:] == [5 / 8] * 17 and table['x_3d'].null_count == 2 * 17


def test_what_is_no_number_is_null(tmp_path):
    from tests.formats.exported import results

    result = results()[0]
    result.people.keypoints[0, 2] = np.nan
    (path,) = export(tmp_path, 'parquet', frames=[result])
    assert parquet.read_table(path)['x'].to_pylist()[2] is None


def test_row_groups_are_written_as_they_fill(tmp_path, monkeypatch):
    monkeypatch.setattr('pipeline.formats.parquet_file._ROWS', 40)
    (path,) = export(tmp_path, 'parquet')
    read = parquet.ParquetFile(path)
    assert read.num_row_groups > 2 and read.metadata.num_rows == 9 * 17
