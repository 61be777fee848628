"""Streams from a server on this machine; cameras through a stand-in for OpenCV's device."""

import functools
import http.server
import itertools
import socket
import threading
import time
import types

import cv2
import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.video import live, open_source
from tests.video.conftest import numbered_image

TIMEOUT = 1.5


@pytest.fixture
def server(tmp_path):
    """Base URL of an HTTP server for the test's folder."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=tmp_path)
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f'http://127.0.0.1:{httpd.server_port}'
        httpd.shutdown()


@pytest.fixture
def silent_port():
    """A port that accepts connections and says nothing."""
    with socket.create_server(('127.0.0.1', 0)) as listening:
        yield listening.getsockname()[1]


class Camera:
    """Gives ``frames`` numbered images at ``rate``, then fails or hangs."""

    def __init__(self, frames=10, rate=50.0, hangs=False):
        self.left, self.rate, self.hangs, self.released = frames, rate, hangs, threading.Event()

    def get(self, prop):
        return self.rate if prop == cv2.CAP_PROP_FPS else 0.0

    def read(self):
        if not self.left:
            if self.hangs:
                self.released.wait(10)
            return False, None
        self.left -= 1
        time.sleep(1 / self.rate)
        return True, np.full((6, 8, 3), (self.left, 0, 0), np.uint8)

    def release(self):
        self.released.set()


@pytest.fixture
def camera(monkeypatch):
    def plug_in(**options):
        device = Camera(**options)
        monkeypatch.setattr(live, '_open', lambda address, timeout: device)
        return device

    return plug_in


def test_a_file_behind_a_url_is_read_whole(clips, server):
    clips.write('film.ts', frames=30)
    with open_source(f'{server}/film.ts?token=1', timeout=10) as source:
        assert (source.info.name, source.info.width, source.info.height) == ('film', 160, 120)
        assert source.info.num_frames is None and source.info.path is None
        assert abs(float(source.info.fps) - 29.97) < 0.01
        frames = []
        for frame in source:
            time.sleep(0.005)  # slower than the server: nothing may be lost
            frames.append(frame)
    assert [clips.number_of(f.image) for f in frames] == list(range(30))
    assert [f.time for f in frames] == pytest.approx(np.arange(30) * 1001 / 30000, abs=2e-3)


class Webcam(http.server.BaseHTTPRequestHandler):
    """Sends 25 pictures one by one, as a camera's page does: without times."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Type', 'multipart/x-mixed-replace; boundary=frame')
        self.end_headers()
        for i in range(25):
            image = cv2.imencode('.jpg', numbered_image(i, 160, 120)[..., ::-1])[1].tobytes()
            head = f'--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(image)}\r\n\r\n'
            self.wfile.write(head.encode() + image + b'\r\n')


@pytest.fixture
def webcam(monkeypatch):
    """Address of a camera of which a picture arrives every tenth of a second, by the clock that the source looks at."""
    ticks = itertools.count(7.0, 0.1)
    monkeypatch.setattr(live, 'time', types.SimpleNamespace(monotonic=lambda: next(ticks)))
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Webcam) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f'http://127.0.0.1:{httpd.server_port}/video'
        httpd.shutdown()


def test_an_mjpeg_camera_plays_as_long_as_it_took(clips, webcam):
    """OpenCV knows no times of it: 3.5 s came out as 1.4 s, at the 25 per second that FFmpeg makes up."""
    with open_source(webcam, timeout=30) as source:
        frames = list(source)
    assert [clips.number_of(f.image) for f in frames] == [f.index for f in frames] == list(range(25))
    assert source.info.fps == 10
    np.testing.assert_allclose([f.time for f in frames], np.arange(25) / 10, atol=1e-9)


def test_an_mjpeg_camera_loses_nothing_while_the_chain_is_loaded(clips, webcam):
    with open_source(webcam, timeout=30) as source:
        source._thread.join(60)  # all pictures have come before the first is taken
        frames = list(source)
    assert [clips.number_of(f.image) for f in frames] == list(range(25))


@pytest.mark.parametrize('name, codec', [('a.mjpeg', 'mjpeg'), ('a.h264', 'libx264')])
def test_a_bare_stream_in_a_file_behind_a_url_is_read_whole(clips, server, name, codec):
    clips.write(name, frames=60, codec=codec, pixels='yuvj420p' if codec == 'mjpeg' else 'yuv420p')
    with open_source(f'{server}/{name}', timeout=10) as source:
        frames = []
        for frame in source:
            time.sleep(0.005)  # slower than the server
            frames.append(frame)
    assert [clips.number_of(f.image) for f in frames] == list(range(60))
    assert [f.time for f in frames] == pytest.approx(np.arange(60) / float(source.info.fps))


def test_start_and_end_apply(clips, server):
    clips.write('film.ts', frames=30)
    with open_source(f'{server}/film.ts', start='5f', end=0.5, timeout=10) as source:
        assert [f.index for f in source] == list(range(5, 15))


def test_a_server_that_stalls_is_given_up(silent_port):
    with pytest.raises(InputError, match=f'http://127.0.0.1:{silent_port}/live'):
        open_source(f'http://127.0.0.1:{silent_port}/live', timeout=TIMEOUT)


@pytest.mark.timing
def test_a_server_that_stalls_is_given_up_in_time(silent_port):
    began = time.monotonic()
    with pytest.raises(InputError):
        open_source(f'http://127.0.0.1:{silent_port}/live', timeout=TIMEOUT)
    assert time.monotonic() - began < TIMEOUT + 3


def test_a_server_that_is_not_there_is_an_error():
    with socket.create_server(('127.0.0.1', 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(InputError, match='cannot be opened'):
        open_source(f'http://127.0.0.1:{port}/a.mp4', timeout=10)


def test_a_camera_that_is_not_there_is_an_error():
    with pytest.raises(InputError, match='97: cannot be opened'):
        open_source('97', timeout=10)


def test_camera_frames_are_rgb_and_carry_the_time_of_capture(camera, monkeypatch):
    ticks = itertools.count(7.0, 0.02)
    monkeypatch.setattr(live, 'time', types.SimpleNamespace(monotonic=lambda: next(ticks)))
    device = camera(frames=10, rate=50.0)
    with open_source(0) as source:
        assert source.info.name == 'camera0' and source.info.fps == 50
        frames = list(source)
    assert [tuple(f.image[0, 0]) for f in frames] == [(0, 0, i) for i in range(9, -1, -1)]
    np.testing.assert_allclose([f.time for f in frames], np.arange(10) * 0.02, atol=1e-9)
    assert device.released.is_set()


def test_a_stream_of_pictures_larger_than_allowed_is_refused_and_freed(camera, monkeypatch):
    monkeypatch.setenv('POSE_MAX_PIXELS', '40')
    device = camera(frames=10**6, rate=200.0)
    with pytest.raises(InputError, match='0: pictures of 8x6 are too large'):
        open_source(0)
    assert device.released.wait(60)


def test_a_slow_consumer_of_a_camera_gets_recent_frames(camera):
    device = camera(frames=40, rate=100.0)
    with open_source(0) as source:
        frames = iter(source)
        first = next(frames).index
        assert device.released.wait(60)  # the camera has given all its frames meanwhile
        assert first == 0 and [frame.index for frame in frames] == [36, 37, 38, 39]


def test_a_camera_that_stops_sending_is_an_error_after_the_timeout(camera):
    camera(frames=3, hangs=True)
    with open_source(0, timeout=0.3) as source:
        got = []
        with pytest.raises(InputError, match='0: no frame came within 0.3 s'):
            for frame in source:
                got.append(frame.index)
        assert got == [0, 1, 2]


def test_leaving_early_frees_the_camera(camera):
    device = camera(frames=10**6, rate=200.0)
    with open_source(0) as source:
        for _ in source:
            break
    assert device.released.wait(60)


def test_an_end_stops_a_camera(camera):
    device = camera(frames=10**6, rate=200.0)
    with open_source(0, end='20f') as source:
        assert [f.index for f in source][-1] <= 19
    assert device.released.wait(60)


@pytest.mark.parametrize(
    'address, name',
    [
        (3, 'camera3'),
        ('rtsp://host:554/street/cam-1?user=a', 'cam-1'),
        ('http://host/film.final.mp4', 'film_final'),
        ('/dev/video2', 'video2'),
        ('udp://239.0.0.1:1234', '239_0_0'),
    ],
)
def test_outputs_are_named_after_the_address(address, name):
    assert live.live_name(address) == name


def test_a_playlist_of_a_server_is_played_but_reads_no_file_of_this_machine(clips, server):
    segment = clips.write('segment.ts', frames=30)
    playlist = '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n'
    (clips.folder / 'good.m3u8').write_text(playlist.format('segment.ts'))
    with open_source(f'{server}/good.m3u8', timeout=10) as source:
        assert len(list(source)) == 30
    for i, place in enumerate((segment, f'file://{segment}', f'subfile,,start,0,end,0,,:{segment}')):
        (clips.folder / f'{i}.m3u8').write_text(playlist.format(place))
        if place is segment:  # a path on the server, which has no such file
            (clips.folder / f'{i}.m3u8').write_text(playlist.format(f'/nowhere{segment}'))
        with pytest.raises(InputError):
            open_source(f'{server}/{i}.m3u8', timeout=10)


def test_a_list_of_a_server_reads_no_file_of_this_machine(clips, server):
    segment = clips.write('segment.ts', frames=30)
    (clips.folder / 'list.mp4').write_text(f"ffconcat version 1.0\nfile 'file:{segment}'\n")
    with pytest.raises(InputError):
        open_source(f'{server}/list.mp4', timeout=10)


def test_options_for_opencv_that_a_user_gave_are_kept_but_the_limits_are_ours(monkeypatch):
    limited = live._limited('rtsp_transport;udp|protocol_whitelist;file')
    assert limited.startswith('rtsp_transport;udp|protocol_whitelist;') and 'file' not in limited


def test_what_opens_streams_opens_no_file(clips):
    assert not live._open(str(clips.write('a.mp4', frames=3)), 5).isOpened()
