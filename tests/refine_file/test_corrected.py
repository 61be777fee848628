"""Poses from a file, corrected by hand: by the command, and by any refiner."""

from fractions import Fraction

import numpy as np
import pytest

from pipeline.cli.refine import main
from pipeline.corrections import Delete, Joint, SwapIds, Table, write_corrections
from pipeline.formats import RunInfo, open_exporter, read_poses_json
from pipeline.refine import build_refiner
from pipeline.refine_file import CorrectedChain
from pipeline.skeletons import load_skeleton
from pipeline.types import Frame, FrameResult, People, VideoInfo

COUNT, FPS = 240, 30
SKELETON = load_skeleton('coco')
REFINER = {'type': 'gaussian', 'sigma': 2.0}


@pytest.fixture(scope='module')
def poses(tmp_path_factory):
    """Two people who exchange ids at frame 120, as the chain writes them."""
    path = tmp_path_factory.mktemp('run') / 'clip_poses.json'
    spots = np.random.default_rng(0).random((17, 2)) * [60, 200]
    picture = np.zeros((480, 640, 3), np.uint8)

    def results():
        for i in range(COUNT):
            x = 200 + 100 * np.sin(i / 20)
            points = np.stack([spots + [x, 100], spots + [600 - x, 130]]).astype(np.float32)
            ids = np.array([1, 2] if i < 120 else [2, 1], np.int64)
            boxes = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
            people = People(boxes, np.ones(2, np.float32), points, np.full((2, 17), 0.9, np.float32), ids)
            yield FrameResult(Frame(i, i / FPS, picture), people)

    info = VideoInfo('clip', 640, 480, Fraction(FPS), COUNT)
    record = RunInfo(preset='toys', options={'refiner': REFINER})
    with open_exporter('json', path, record, SKELETON, info) as out:
        for result in build_refiner(REFINER, SKELETON, 'cpu').stream(results()):
            out.write(result)
    return path


def refined(poses, tmp_path, *arguments):
    assert main([str(poses), '--out-dir', str(tmp_path), *arguments]) == 0
    (path,) = tmp_path.glob('clip_*_poses.json')
    return Table.of(read_poses_json(path))


@pytest.fixture
def corrected(poses):
    """The file beside the poses."""
    path = poses.with_name('clip_corrections.json')
    entries = [SwapIds((1, 2), 120), Joint(1, 120, 'nose', 300.0, 90.0), Delete(2, 60, 63)]
    write_corrections(path, entries, poses)
    yield path
    path.unlink()


def test_corrections_beside_the_poses_are_applied_said_and_change_nothing_else(poses, corrected, tmp_path, capsys):
    table, old = refined(poses, tmp_path), Table.of(read_poses_json(poses))
    assert f'note: {corrected} is applied; --corrections none leaves it out' in capsys.readouterr().err
    assert len(table.run['options']['corrections']) == 3
    one = table.track_ids == 1
    np.testing.assert_allclose(table.keypoints[one & (table.position == 120)][0, 0], [300, 90], atol=1e-3)
    # walks on where it was, and does not jump to the other one
    assert np.abs(np.diff(table.keypoints[one, 5, 0])).max() < 7
    for was, frames in ((1, slice(0, 30)), (2, slice(210, None))):
        np.testing.assert_array_equal(table.keypoints[one][frames], old.keypoints[old.track_ids == was][frames])
    assert not ((table.track_ids == 2) & np.isin(table.position, range(60, 64))).any()


def test_none_applies_none(poses, corrected, tmp_path):
    table = refined(poses, tmp_path, '--corrections', 'none', '--refiner', 'gaussian:sigma=2')
    assert np.abs(np.diff(table.keypoints[table.track_ids == 1, 5, 0])).max() > 20
    assert not table.run['options'].get('corrections')


def test_another_refiner_leaves_the_corrections_out_and_says_so(poses, corrected, tmp_path, capsys):
    table = refined(poses, tmp_path, '--refiner', 'gaussian:sigma=2')
    assert f'note: {corrected} is not applied, since --refiner' in capsys.readouterr().err
    assert np.abs(np.diff(table.keypoints[table.track_ids == 1, 5, 0])).max() > 20


def test_corrections_that_do_not_fit_are_one_line(poses, tmp_path, capsys):
    path = tmp_path / 'mine.json'
    write_corrections(path, [Delete(7)], poses)
    assert main([str(poses), '--out-dir', str(tmp_path), '--corrections', str(path)]) == 2
    said = capsys.readouterr().err
    assert f'{path}: corrections[0]: person 7 is not there: there are 1, 2' in said and said.count('error') == 1
    assert not list(tmp_path.glob('clip_*'))


def test_faces_of_people_who_were_deleted_are_still_known_of(poses, corrected):
    chain = CorrectedChain.of(poses, corrected)
    seen = set()
    picture = np.zeros((480, 640, 3), np.uint8)
    frames = (Frame(i, i / FPS, picture) for i in range(COUNT))
    for result in chain.results(frames, sight=lambda told, _: seen.update((told.frame.index, i) for i in ids(told))):
        assert result.frame.index not in range(60, 64) or ids(result) == [1]
    assert (60, 2) in seen and (60, 1) in seen


def ids(result):
    return result.people.track_ids.tolist()
