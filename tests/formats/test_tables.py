"""Poses as pandas' and xarray's tables."""

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.formats import PoseFile, PoseFrame
from pipeline.formats import optional as optional_packages
from pipeline.formats.csv_file import COLUMNS, IN_SPACE
from pipeline.results import Results
from pipeline.skeletons import load_skeleton
from pipeline.types import Frame, FrameResult, People
from tests.formats.exported import lifted

COCO = load_skeleton('coco')


def people(*ids: int, at: float = 0.0, unseen: int = 16) -> People:
    """Point k of the person of id i at (at + 100 i, k), raw 1 px further right."""
    points = np.stack([[(at + 100 * i, k) for k in range(17)] for i in ids]).astype(np.float32) if ids else None
    if points is None:
        return People.empty(17)
    scores = np.full((len(ids), 17), 0.5, np.float32)
    scores[:, unseen] = 0
    boxes, ones = np.zeros((len(ids), 4), np.float32), np.ones(len(ids), np.float32)
    return People(boxes, ones, points, scores, np.array(ids), points + [1, 0], filled=np.array([i == 2 for i in ids]))


def moments():
    return [(5, 0.5, people(1)), (6, 0.6, people()), (7, 0.7, people(1, 2, at=10))]


def results() -> Results:
    frames = (FrameResult(Frame(index, time, None), here) for index, time, here in moments())
    return Results(frames, COCO, 'clip')


def pose_file() -> PoseFile:
    return PoseFile([PoseFrame(*moment) for moment in moments()], COCO, None, {})


@pytest.mark.parametrize('make', [results, pose_file])
def test_a_row_per_frame_person_and_joint(make):
    pytest.importorskip('pandas')
    table = make().to_dataframe()
    assert len(table) == 3 * 17 and list(table['joint'].cat.categories) == list(COCO.names)
    knee = table[table['joint'] == 'left_knee']
    assert knee[['frame', 'time', 'track_id', 'filled']].values.tolist() == [
        [5, 0.5, 1, False],
        [7, 0.7, 1, False],
        [7, 0.7, 2, True],
    ]
    assert knee['x'].tolist() == [100, 110, 210] and knee['x_raw'].tolist() == [101, 111, 211]
    assert set(knee['y']) == {13} and set(knee['score']) == {0.5}


def test_lifted_people_have_columns_in_metres():
    pytest.importorskip('pandas')
    found = lifted()
    table = Results((result for result in found), COCO).to_dataframe()
    assert list(table.columns) == list(COLUMNS + IN_SPACE)
    knee = table[(table['joint'] == 'left_knee') & (table['track_id'] == 2)]
    np.testing.assert_array_equal(knee[list(IN_SPACE)], [[13, 2, 1 / 8], [13, 2, 2 / 8], [np.nan, np.nan, np.nan]])
    nobody = (FrameResult(Frame(0, 0.0, None), people()) for _ in range(1))
    assert list(Results(nobody, COCO, in_space=True).to_dataframe().columns) == list(COLUMNS + IN_SPACE)
    assert not set(IN_SPACE) & set(results().to_dataframe().columns)


@pytest.mark.parametrize('make', [results, pose_file])
def test_an_array_per_clip_with_nothing_where_nobody_is(make):
    pytest.importorskip('xarray')
    dataset = make().to_xarray()
    x = dataset.position.sel(space='x', keypoints='left_knee')
    np.testing.assert_array_equal(x.sel(individuals='id1'), [100, np.nan, 110])
    np.testing.assert_array_equal(x.sel(individuals='id2'), [np.nan, np.nan, 210])
    assert np.isnan(dataset.position.sel(keypoints='right_ankle')).all()  # has score 0
    assert dataset.attrs['fps'] == pytest.approx(10) and dataset.time.values.tolist() == [0.5, 0.6, 0.7]


def test_a_clip_of_nobody_is_an_empty_table():
    pytest.importorskip('pandas')
    table = Results((FrameResult(Frame(0, 0.0, None), people()) for _ in range(1)), COCO).to_dataframe()
    assert len(table) == 0 and 'track_id' in table.columns


def test_what_is_missing_is_named_in_one_line(monkeypatch):
    monkeypatch.setattr(optional_packages, 'find_spec', lambda name: None)
    with pytest.raises(
        InputError, match=r'to_dataframe\(\): needs pandas: pip install pandas .*smooth-poses\[notebooks\]'
    ):
        results().to_dataframe()
    with pytest.raises(InputError, match=r'to_xarray\(\): needs xarray'):
        pose_file().to_xarray()


def test_results_are_still_a_loop_that_can_be_left():
    left = []

    def frames():
        try:
            for index in range(9):
                yield FrameResult(Frame(index, index / 10, None), people(1))
        finally:
            left.append(True)

    run = Results(frames(), COCO)
    assert [next(run).frame.index for _ in range(3)] == [0, 1, 2]
    run.close()
    assert left == [True] and list(run) == []


def test_a_pose_file_shows_itself_and_nothing_in_it_is_html():
    shown = pose_file()._repr_html_()
    assert '<td' in shown and '2 (ids 1, 2)' in shown and 'left_knee' in shown
