"""A served folder with one clip whose ids were exchanged half way, and a plain HTTP client."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from pipeline.formats import RunInfo, open_exporter
from pipeline.refine import build_refiner
from pipeline.skeletons import load_skeleton
from pipeline.types import Frame, FrameResult, People, VideoInfo
from pipeline.video import VideoWriter

TOYS = Path(__file__).parent / 'toys'
FPS, COUNT, SIZE, SWAPPED = 25, 100, (320, 240), 50
REFINER = {'type': 'gaussian', 'sigma': 2.0}


def middle(person, i):
    """Where a person stands, px."""
    return np.array([90 + 130 * (person - 1) + 20 * np.sin(i / 8), 120 + 10 * np.cos(i / 9)])


def write_clip(path, count=COUNT):
    """Two bright blocks that wander."""
    info = VideoInfo(path.stem, *SIZE, Fraction(FPS), count)
    with VideoWriter(path, info, force=True, threads=1) as writer:
        for i in range(count):
            image = np.full((SIZE[1], SIZE[0], 3), 40, np.uint8)
            for person in (1, 2):
                x, y = middle(person, i).astype(int)
                image[y - 50 : y + 50, x - 20 : x + 20] = 200
            writer.write(image, i / FPS)
    return path


def raw_people(i, swapped):
    """Both people of a frame, ids exchanged from frame ``SWAPPED`` on."""
    spots = (np.random.default_rng(1).random((17, 2)) - 0.5) * [30, 90]
    points = np.stack([middle(person, i) + spots for person in (1, 2)]).astype(np.float32)
    ids = np.array([2, 1] if swapped and i >= SWAPPED else [1, 2], np.int64)
    boxes = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
    return People(boxes, np.full(2, 0.9, np.float32), points, np.full((2, 17), 0.9, np.float32), ids)


def write_poses(path, swapped=True, count=COUNT):
    """The pose file of the clip, as the chain would have written it."""
    skeleton, picture = load_skeleton('coco'), np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    refiner = build_refiner(REFINER, skeleton, 'cpu')
    info = VideoInfo(path.name.removesuffix('_poses.json'), *SIZE, Fraction(FPS), count)
    results = (FrameResult(Frame(i, i / FPS, picture), raw_people(i, swapped)) for i in range(count))
    with open_exporter('json', path, RunInfo(preset='toys', options={'refiner': REFINER}), skeleton, info, True) as out:
        for result in refiner.stream(results):
            out.write(result)
    return path


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Server:
    """``tools/serve.py`` in a process of its own."""

    def __init__(self, folder, *arguments):
        tool = Path(__file__).resolve().parents[2] / 'tools' / 'serve.py'
        self.folder, self.out = folder, folder / 'output'
        self.process = subprocess.Popen(
            [sys.executable, str(tool), str(folder), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.address = self.process.stdout.readline().strip()
        assert self.address.startswith('http://127.0.0.1:'), self.process.communicate()
        parts = urlsplit(self.address)
        self.port, self.path = parts.port, parts.path
        self.token = self.path.strip('/')

    def ask(self, path, method='GET', body=None, headers=(), raw=False):
        """Ask for a path behind the token, or with ``raw`` for exactly this one."""
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
        if isinstance(body, dict):
            body = json.dumps(body)
        try:
            connection.request(method, path if raw else self.path + path, body, dict(headers))
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def finished(self, number=None):
        """The run, when it has ended."""
        deadline = time.monotonic() + 120
        while True:
            job = self.ask('api/state').json['job']
            if job and job['ended'] and number in (None, job['number']):
                return job
            assert time.monotonic() < deadline, job
            time.sleep(0.1)

    def end(self, number=signal.SIGINT):
        """Send a signal; the exit code, and what was said on standard error."""
        os.kill(self.process.pid, number)
        try:
            _, said = self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return self.process.returncode, said


@pytest.fixture(scope='session')
def server(tmp_path_factory):
    """One that is used by many tests; each brings its own clip."""
    pytest.importorskip('starlette', reason='the page needs starlette and uvicorn')
    pytest.importorskip('uvicorn', reason='the page needs starlette and uvicorn')
    folder = tmp_path_factory.mktemp('clips')
    running = Server(folder, '--preset', str(TOYS / 'preset.py'), '--max-upload', '0.001')
    yield running
    running.end()


@pytest.fixture
def clip(server, request):
    """The stem of a clip of this test alone, with poses."""
    stem = request.node.name.split('[')[0][5:60]
    write_clip(server.folder / f'{stem}.mp4')
    write_poses(server.out / f'{stem}_poses.json')
    yield stem
    for path in (*server.folder.glob(f'{stem}*'), *server.out.glob(f'*{stem}*')):
        path.unlink()
