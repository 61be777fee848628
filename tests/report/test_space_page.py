"""The figure in 3D in a real browser: it is there, it turns with the mouse, it goes with the play head."""

from fractions import Fraction

import numpy as np
import pytest

from pipeline.formats import RunInfo, open_exporter, read_poses_json
from pipeline.report import write_report
from pipeline.report.curves import track_curves
from pipeline.report.packing import unpack
from pipeline.report.space import space_data
from pipeline.skeletons import load_skeleton
from pipeline.types import Frame, FrameResult, VideoInfo
from tests.lift.toy import BODY
from tests.lift.toy import NAMES as COCO
from tests.report.test_page import people

FRAMES = 20
VIDEO = VideoInfo('walker', 320, 240, Fraction(20), FRAMES)


def poses_file(folder, lifted=True, skeleton='coco'):
    """Somebody who walks to the right before the camera, 3 m away and 1 m below it; the 2D is of no matter."""
    path = folder / f'poses{lifted}.json'
    with open_exporter('json', path, RunInfo(), load_skeleton(skeleton), VIDEO) as exporter:
        for i in range(FRAMES):
            somebody = people(0)
            joints = load_skeleton(skeleton).num_keypoints
            somebody.keypoints = somebody.keypoints_raw = np.resize(somebody.keypoints, (1, joints, 2))
            somebody.keypoint_scores = np.ones((1, joints), np.float32)
            body = np.full((1, joints, 3), np.nan, np.float32)
            body[0, :17] = BODY + [0.1 * i, 1.0, 3.0]
            somebody.keypoints_3d = body if lifted else None
            exporter.write(FrameResult(Frame(i, i / 20, np.zeros((2, 2, 3), np.uint8)), somebody))
    return path


@pytest.fixture(scope='module')
def page(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp('space')
    browser.open(write_report(folder / 'report.html', poses_file(folder)).as_uri())
    return browser


def drawn(page):
    """Columns of the canvas in which the person's colour is, as shares of its width."""
    return page.evaluate(
        '(() => { const c = document.getElementById("room");'
        'const p = page.track.colour.match(/\\w\\w/g).map(h => parseInt(h, 16));'
        'const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data, found = [];'
        'for (let x = 0; x < c.width; x += 2) for (let y = 0; y < c.height; y += 2) { const i = 4 * (y * c.width + x);'
        'if (d[i + 3] > 200 && Math.abs(d[i] - p[0]) + Math.abs(d[i + 1] - p[1]) + Math.abs(d[i + 2] - p[2]) < 12)'
        '{ found.push(x / c.width); break; } } return found; })()'
    )


def test_the_trunk_hangs_on_points_that_the_lifter_does_not_know(tmp_path):
    poses = read_poses_json(poses_file(tmp_path, skeleton='halpe26'))
    names = poses.skeleton.names
    rows = unpack(space_data(poses, track_curves(poses))['tracks'][0]).reshape(26, 3, FRAMES)
    for middle, part in (('neck', 'shoulder'), ('hip', 'hip')):
        ends = rows[[names.index(f'{side}_{part}') for side in ('left', 'right')]]
        np.testing.assert_allclose(rows[names.index(middle)], ends.mean(axis=0), atol=2e-3)
    assert np.isnan(rows[names.index('left_heel')]).all()


def test_the_room_has_its_floor_at_0_and_the_camera_where_it_stood(tmp_path):
    poses = read_poses_json(poses_file(tmp_path))
    data = space_data(poses, track_curves(poses))
    rows = unpack(data['tracks'][0]).reshape(17, 3, FRAMES)
    assert rows[COCO.index('left_ankle'), 1] == pytest.approx(0.08, abs=0.02)
    assert np.diff(rows[0, 0]) == pytest.approx(0.1, abs=5e-3)
    assert data['camera'][1] == pytest.approx(1.0 + 0.82 + 0.08, abs=0.1) and data['camera'][2] > 2.5


def test_without_3d_there_is_no_room(browser, tmp_path):
    poses = poses_file(tmp_path, lifted=False)
    assert space_data(read_poses_json(poses), track_curves(read_poses_json(poses))) is None
    browser.open(write_report(tmp_path / 'flat.html', poses).as_uri())
    assert browser.evaluate('document.getElementById("space").hidden')


def test_a_drag_turns_the_figure_and_a_double_click_turns_it_back(page):
    page.evaluate('page.player.seek(0.2)')
    before, turn = drawn(page), page.evaluate('page.space.turn')
    assert before  # somebody is there
    left, top, width, height = page.box('#room')
    middle = (left + width / 2, top + height / 2)
    page.drag(middle, (middle[0] + 40, middle[1]), (middle[0] + 90, middle[1] + 10))
    assert page.evaluate('page.space.turn') == pytest.approx(turn + 0.9, abs=0.02)
    assert drawn(page) != before
    page.evaluate('document.getElementById("room").dispatchEvent(new MouseEvent("dblclick"))')
    assert drawn(page) == before


def test_it_goes_with_the_play_head(page):
    for position in (3, 12):
        page.evaluate(f'page.player.seek({position} / 20)')
        assert page.evaluate('page.space.position') == position
    assert drawn(page)
