"""The page as text: self-contained, safe, the same every time."""

import base64
import json
import re
from fractions import Fraction

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.formats import RunInfo, open_exporter
from pipeline.kinematics.metres import MetreOptions
from pipeline.report import write_report
from pipeline.report.packing import unpack
from pipeline.skeletons import Skeleton
from pipeline.types import Frame, FrameResult, People, VideoInfo

LEG = Skeleton(
    'leg',
    ('left_hip', 'left_knee', 'left_ankle'),
    ((0, 1), (1, 2)),
    (0, 1, 2),
    np.full(3, 0.05, np.float32),
    ('left',) * 3,
)


def write_poses(path, name='clip', frames=20, start=0.0):
    video = VideoInfo(name, 64, 48, Fraction(10), frames, start=start)
    with open_exporter('json', path, RunInfo(preset='embedded'), LEG, video, force=True) as exporter:
        for i in range(frames):
            keypoints = np.array([[[10 + i, 5], [10 + i, 15], [12 + i, 25]]], np.float32)
            people = People(
                np.array([[5, 5, 40, 40]], np.float32),
                np.ones(1, np.float32),
                keypoints,
                np.full((1, 3), 0.9, np.float32),
                np.array([4], np.int64),
                keypoints + 0.5,
            )
            exporter.write(FrameResult(Frame(i, start + i / 10, None), people))
    return path


def data_of(page):
    element = r'<script id="data" type="application/json">(.*?)</script>'
    return json.loads(re.search(element, page.read_text(), re.S).group(1))


def test_the_data_in_the_page(tmp_path):
    page = write_report(tmp_path / 'clip.html', write_poses(tmp_path / 'clip.json'))
    data = data_of(page)
    assert data['times'] == [round(i / 10, 5) for i in range(20)] and data['frames'] == list(range(20))
    assert [joint['name'] for joint in data['joints']] == list(LEG.names) and data['angles'] == ['left_knee']
    (track,) = data['tracks']
    assert (track['id'], track['first'], track['present'], track['filled']) == (4, 0, [[0, 19]], [])
    curves = unpack(track['curves'])
    assert curves.shape == (3 * 9 + 2 + 4, 20)
    # second joint: x after, x before, speed after (10 px/s), confidence
    np.testing.assert_allclose(curves[9], 10 + np.arange(20), atol=1e-3)
    np.testing.assert_allclose(curves[9 + 2], 10.5 + np.arange(20), atol=1e-3)
    np.testing.assert_allclose(curves[9 + 4, 1:-1], 10, atol=1e-3)
    np.testing.assert_allclose(curves[9 + 8], 0.9, atol=1e-4)
    # knee: down, then (2, 10) on: bent to the front by atan(0.2)
    np.testing.assert_allclose(curves[27], -np.degrees(np.arctan(0.2)), atol=0.01)
    np.testing.assert_allclose(curves[-4:, 0], [5, 5, 40, 40], atol=0.01)


def test_curves_are_in_metres_where_a_scale_is_known(tmp_path):
    poses = write_poses(tmp_path / 'clip.json')
    assert data_of(write_report(tmp_path / 'px.html', poses))['unit'] == dict(name='px', scale=1)
    unit = data_of(write_report(tmp_path / 'm.html', poses, metres=MetreOptions(scale=200)))['unit']
    assert unit['name'] == 'm' and unit['scale'] == pytest.approx(1 / 200)


def test_nothing_is_loaded_from_elsewhere(tmp_path):
    text = write_report(tmp_path / 'clip.html', write_poses(tmp_path / 'clip.json')).read_text()
    assert not re.findall(r'https?://(?!www\.w3\.org/)', text)
    assert not re.findall(r'<link|<iframe|@import|<script[^>]+src|fetch\(|XMLHttpRequest|WebSocket', text)
    assert "default-src 'none'" in text


def test_videos_are_referred_to_relative_to_the_page(tmp_path):
    (tmp_path / 'out').mkdir()
    original, overlay = tmp_path / 'my clip #1.mp4', tmp_path / 'out' / 'clip_overlay.mp4'
    original.write_bytes(b'a')
    overlay.write_bytes(b'b')
    poses = write_poses(tmp_path / 'clip.json', start=2.0)
    page = write_report(tmp_path / 'out' / 'clip.html', poses, overlay, original)
    # the overlay begins at the first frame that was drawn, the original at its own
    assert data_of(page)['sources'] == {
        'original': {'name': 'my clip #1.mp4', 'offset': 0.0, 'src': '../my%20clip%20%231.mp4'},
        'overlay': {'name': 'clip_overlay.mp4', 'offset': 2.0, 'src': 'clip_overlay.mp4'},
    }


def test_videos_can_be_inside(tmp_path, monkeypatch):
    overlay = tmp_path / 'o.webm'
    overlay.write_bytes(b'\x00\x01video')
    page = write_report(tmp_path / 'clip.html', write_poses(tmp_path / 'clip.json'), overlay, embed=True)
    kind, content = data_of(page)['sources']['overlay']['src'].split(',')
    assert kind == 'data:video/webm;base64' and base64.b64decode(content) == b'\x00\x01video'
    monkeypatch.setattr('pipeline.report.html._MOST_EMBEDDED', 5)
    with pytest.raises(InputError, match='o.webm: 0 MB is too much to put into a page'):
        write_report(tmp_path / 'other.html', tmp_path / 'clip.json', overlay, embed=True)


def test_names_cannot_break_out_of_the_page(tmp_path):
    name = '</script><script>alert("x")</script>$title&'
    poses = write_poses(tmp_path / 'clip.json', name=name)
    document = json.loads(poses.read_text())
    document['meta_info']['keypoint_id2name']['0'] = '</script><b>'
    poses.write_text(json.dumps(document))
    page = write_report(tmp_path / 'clip.html', poses)
    text = page.read_text()
    assert '<script>alert' not in text and '&lt;_script&gt;' in text and text.count('</script>') == 2
    assert data_of(page)['joints'][0]['name'] == '</script><b>'


def test_the_same_poses_give_the_same_page(tmp_path):
    poses = write_poses(tmp_path / 'clip.json')
    pages = [write_report(tmp_path / name, poses).read_bytes() for name in ('a.html', 'b.html')]
    assert pages[0] == pages[1]


def test_pages_are_light(tmp_path):
    page = write_report(tmp_path / 'clip.html', write_poses(tmp_path / 'clip.json', frames=3000))
    assert page.stat().st_size < 400_000


def test_a_video_without_people_has_a_page(tmp_path):
    video = VideoInfo('clip', 64, 48, Fraction(10))
    with open_exporter('json', tmp_path / 'c.json', RunInfo(), LEG, video) as exporter:
        exporter.write(FrameResult(Frame(0, 0.0, None), People.empty(3)))
    assert data_of(write_report(tmp_path / 'c.html', tmp_path / 'c.json'))['tracks'] == []


def test_what_is_missing_is_named(tmp_path):
    poses = write_poses(tmp_path / 'clip.json')
    with pytest.raises(InputError, match='none.mp4: no such video'):
        write_report(tmp_path / 'clip.html', poses, tmp_path / 'none.mp4')
    (tmp_path / 'bare.json').write_text('[{"frame_id": 0, "instances": []}]')
    with pytest.raises(InputError, match='bare.json: the poses do not name their joints'):
        write_report(tmp_path / 'clip.html', tmp_path / 'bare.json')
    (tmp_path / 'clip.html').write_text('mine')
    with pytest.raises(InputError, match='exists already'):
        write_report(tmp_path / 'clip.html', poses)
    assert (tmp_path / 'clip.html').read_text() == 'mine'


def test_names_that_are_no_text_have_a_page(tmp_path):
    name = '\udcff'
    poses = write_poses(tmp_path / f'{name}.json', name=name)
    video = tmp_path / f'{name}.mp4'
    video.write_bytes(b'')
    page = write_report(tmp_path / f'{name}.html', poses, video)
    assert data_of(page)['sources']['overlay']['src'] == '%FF.mp4'
    page.read_text(encoding='utf-8')
