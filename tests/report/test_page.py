"""The page in a real browser: it shows, it can be clicked, it can be scrubbed."""

from fractions import Fraction
from time import monotonic, sleep

import cv2
import numpy as np
import pytest

from pipeline.formats import RunInfo, open_exporter, read_poses_json
from pipeline.kinematics.metres import MetreOptions
from pipeline.report import write_report
from pipeline.report.curves import track_curves
from pipeline.skeletons import Skeleton
from pipeline.types import Frame, FrameResult, People, VideoInfo
from pipeline.video import VideoWriter

BODY = Skeleton(
    'body',
    ('nose', 'left_hip', 'left_knee', 'left_ankle'),
    ((0, 1), (1, 2), (2, 3)),
    (0, 1, 2, 3),
    np.full(4, 0.05, np.float32),
    ('', 'left', 'left', 'left'),
)
FRAMES, WIDTH, HEIGHT = 40, 320, 240
VIDEO = VideoInfo('two walkers', WIDTH, HEIGHT, Fraction(20), FRAMES)


def people(i):
    """Person 1 walks on the left, person 2 on the right from frame 10 on, bridged in frames 20 to 24."""
    rows = [(1, 40 + i, False)] + ([(2, 220 + i, 20 <= i < 25)] if i >= 10 else [])
    keypoints = np.array([[[x, 60], [x, 110], [x + 5 * np.sin(i / 3), 140], [x, 180]] for _, x, _ in rows], np.float32)
    noise = np.random.default_rng(i).normal(0, 1.5, keypoints.shape).astype(np.float32)
    boxes = np.array([[x - 25, 50, x + 25, 190] for _, x, _ in rows], np.float32)
    return People(
        boxes,
        np.ones(len(rows), np.float32),
        keypoints,
        np.full(keypoints.shape[:2], 0.8, np.float32),
        np.array([r[0] for r in rows], np.int64),
        keypoints + noise,
        filled=np.array([r[2] for r in rows]),
    )


def video(path, grey):
    with VideoWriter(path, VIDEO) as writer:
        for i in range(FRAMES):
            writer.write(np.full((HEIGHT, WIDTH, 3), grey(i), np.uint8), i / 20)
    return path


@pytest.fixture(scope='module')
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp('a report')
    with open_exporter('json', folder / 'poses.json', RunInfo(preset='embedded'), BODY, VIDEO) as exporter:
        for i in range(FRAMES):
            exporter.write(FrameResult(Frame(i, i / 20, None), people(i)))
    # brightness tells the frame, also after compression
    overlay = video(folder / 'overlay.mp4', lambda i: 20 + 5 * i)
    original = video(folder / 'original.mp4', lambda i: 240 - 5 * i)
    return write_report(folder / 'report.html', folder / 'poses.json', overlay, original)


@pytest.fixture
def tab(browser, page):
    browser.open(page.as_uri())
    browser.until('[...document.querySelectorAll("video")].every(v => v.readyState >= 2)')
    return browser


def picture(tab):
    return cv2.imdecode(np.frombuffer(tab.screenshot(), np.uint8), cv2.IMREAD_COLOR)


def brightness(tab, name):
    """Grey of the middle of a video as it is on the screen."""
    left, top, width, height = (round(v) for v in tab.box(f'#{name}'))
    return picture(tab)[top + height // 2, left + width // 2].mean()


def show(tab, time):
    tab.evaluate(f'page.player.seek({time})')
    tab.until('page.player.videos.every(v => v.wanted === null && !v.element.seeking && v.element.readyState >= 2)')
    # two drawn frames later the picture is on the screen
    tab.evaluate('new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))')


def test_it_shows_and_asks_nobody(tab, page):
    image = picture(tab)
    assert image.std() > 20
    assert tab.evaluate('document.title') == 'two walkers'
    assert 'preset embedded' in tab.evaluate('document.getElementById("facts").textContent')
    assert all(url.startswith(('file://', 'data:')) for url in tab.requests) and len(tab.requests) >= 3
    assert tab.evaluate('document.querySelectorAll(".chart").length') == 5 + 1
    assert tab.evaluate('[...document.querySelectorAll(".fault")].every(f => f.hidden)')


def test_curves_arrive_as_they_were_packed(tab, page):
    first, second = track_curves(read_poses_json(page.parent / 'poses.json'))
    assert tab.evaluate('page.tracks.map(t => [t.id, t.first, t.length])') == [[1, 0, 40], [2, 10, 30]]
    for name, values in (('speed', second.after.speed), ('acceleration_before', second.before.acceleration)):
        seen = tab.evaluate(f'Array.from(page.tracks[1].joint(2, "{name}"), v => isFinite(v) ? v : null)')
        step = np.nanmax(values) / 32767
        np.testing.assert_allclose(np.array(seen, float), values[:, 2], rtol=1e-5, atol=step)
    seen = tab.evaluate('Array.from(page.tracks[0].angle(0, false))')
    np.testing.assert_allclose(seen, first.after.angles[:, 0], atol=0.02)


def test_a_click_on_a_person_in_a_video_chooses_it(tab):
    tab.evaluate('page.choose(1)')
    show(tab, 1.5)
    for name in ('original', 'overlay'):
        left, top, width, height = tab.box(f'#{name}')
        scale = width / WIDTH
        tab.click(left + 250 * scale, top + 120 * scale)
        assert tab.evaluate('page.track.id') == 2
        assert 'person 2' in tab.evaluate('document.getElementById("chosen").textContent').lower()
        tab.click(left + 70 * scale, top + 120 * scale)
        assert tab.evaluate('page.track.id') == 1
        tab.click(left + 160 * scale, top + 20 * scale)  # nobody there
        assert tab.evaluate('page.track.id') == 1


def test_a_click_on_a_button_a_joint_and_a_bar(tab):
    left, top, width, height = tab.box('[data-person="2"]')
    tab.click(left + width / 2, top + height / 2)
    assert tab.evaluate('page.track.id') == 2
    show(tab, 1.0)
    left, top, width, height = tab.box('[data-joint="left_knee"]')
    tab.click(left + width / 2, top + height / 2)
    assert tab.evaluate('page.joint') == 2 and tab.evaluate('document.getElementById("joint").value') == '2'
    left, top, width, height = tab.box('[data-track="1"] > div')
    tab.click(left + 0.5 * width, top + height / 2)
    assert tab.evaluate('page.track.id') == 1
    assert tab.evaluate('page.player.time') == pytest.approx(39 / 20 / 2, abs=0.02)
    filled = tab.box('[data-track="2"] .filled')
    bar = tab.box('[data-track="2"] > div')
    assert (filled[0] - bar[0]) / bar[2] == pytest.approx(20 / 39, abs=0.01)


@pytest.mark.parametrize('frame', [0, 7, 31, 39])
def test_scrubbing_moves_both_videos_and_all_play_heads(tab, frame):
    left, top, width, height = tab.box('#scrub')
    thumb = 8  # half the width of the slider's handle
    aim = left + thumb + (width - 2 * thumb) * (frame + 0.3) / 39
    tab.drag((left + width / 3, top + height / 2), (aim, top + height / 2), (aim, top + height / 2))
    time = tab.evaluate('page.player.time')
    assert time == pytest.approx(min(frame + 0.3, 39) / 20, abs=0.02)
    shown = tab.evaluate('page.player.position()')
    show(tab, time)
    for video, expected in (('overlay', 20 + 5 * shown), ('original', 240 - 5 * shown)):
        # a seek is over before its picture is painted, on a busy machine by seconds
        deadline = monotonic() + 30
        while abs(brightness(tab, video) - expected) > 2.5 and monotonic() < deadline:
            sleep(0.1)
        assert brightness(tab, video) == pytest.approx(expected, abs=2.5)
    assert f'frame {shown}' in tab.evaluate('document.getElementById("clock").textContent')
    chart, head = tab.box('.chart canvas'), tab.box('.chart .head')
    assert (head[0] - chart[0] - 46) / (chart[2] - 50) == pytest.approx(time / (39 / 20), abs=0.01)


def test_a_drag_in_a_curve_scrubs_and_keys_step(tab):
    left, top, width, height = tab.box('.chart canvas')
    middle = left + 46 + (width - 50) * 0.5
    tab.drag((left + 60, top + 40), (middle, top + 40))
    assert tab.evaluate('page.player.time') == pytest.approx(39 / 20 / 2, abs=0.02)
    before = tab.evaluate('page.player.position()')
    for key, step in (('ArrowRight', 1), ('ArrowLeft', -1)):
        tab.call('Input.dispatchKeyEvent', type='keyDown', key=key, code=key)
        before += step
        assert tab.evaluate('page.player.position()') == before


def test_playing_keeps_both_videos_together(tab):
    tab.evaluate('page.player.seek(0); page.player.setRate(0.5); page.player.play()')
    tab.until('page.player.time > 0.3')
    times = tab.evaluate('[...document.querySelectorAll("video")].map(v => v.currentTime)')
    assert abs(times[0] - times[1]) < 0.15
    tab.evaluate('page.player.pause()')
    assert tab.evaluate('document.getElementById("play").textContent') == 'play'


def test_zooming_changes_the_view(tab):
    left, top, width, height = tab.box('.chart canvas')
    tab.call('Input.dispatchMouseEvent', type='mouseWheel', x=left + width / 2, y=top + 40, deltaX=0, deltaY=-400)
    tab.until('page.view[1] - page.view[0] < 1.2')
    tab.evaluate('page.zoom(0, 0)')
    assert tab.evaluate('page.view') == [0, pytest.approx(39 / 20)]


def test_a_narrow_window_shows_everything(tab):
    tab.call('Emulation.setDeviceMetricsOverride', width=420, height=900, deviceScaleFactor=1, mobile=False)
    try:
        tab.until('document.documentElement.clientWidth === 420')
        for part in ('#original', '#overlay', '#scrub', '#clock', '#timeline', '#pose', '.chart canvas'):
            left, _, width, height = tab.box(part)
            assert width > 80 and height > 12 and left >= 0 and left + width <= 420, part
    finally:
        tab.call('Emulation.clearDeviceMetricsOverride')


def test_missing_and_embedded_videos(browser, page, tmp_path):
    poses, overlay = page.parent / 'poses.json', page.parent / 'overlay.mp4'
    browser.open(write_report(tmp_path / 'inside.html', poses, overlay, embed=True).as_uri())
    browser.until('document.getElementById("overlay").readyState >= 2')
    assert browser.evaluate('getComputedStyle(document.getElementById("original-figure")).display') == 'none'
    gone = tmp_path / 'gone.mp4'
    gone.write_bytes(b'')
    browser.open(write_report(tmp_path / 'gone.html', poses, gone).as_uri())
    browser.until('!document.querySelector("#overlay-figure .fault").hidden')
    assert 'gone.mp4' in browser.evaluate('document.querySelector("#overlay-figure .fault").textContent')
    browser.evaluate('page.player.seek(1)')  # the rest works on
    assert browser.evaluate('page.player.position()') == 20


def test_metres_count_upwards_from_the_lower_left_pixel(browser, page, tmp_path):
    poses = page.parent / 'poses.json'
    browser.open(write_report(tmp_path / 'metres.html', poses, metres=MetreOptions(scale=200)).as_uri())
    after = track_curves(read_poses_json(poses))[0].after.position[0, 0]
    browser.evaluate('page.joint = 0, page.track = page.tracks[0], page.draw()')
    first = 'page.curves[{}].chart.lines[1].values[0]'
    assert browser.evaluate(first.format(0)) == pytest.approx(after[0] / 200, abs=0.01)
    assert browser.evaluate(first.format(1)) == pytest.approx((HEIGHT - 1 - after[1]) / 200, abs=0.01)
    assert browser.evaluate('page.curves[1].chart.options.downwards') is False
