"""tools/demo.py as a person meets it: one clear line and code 2 for what is wrong, files for what is not."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time

import av
import numpy as np
import pytest

from pipeline.options import OutputOptions
from pipeline.run import run_video


@pytest.fixture(scope='module')
def demo(repository):
    """``demo(*arguments)``: its exit code, run in this process."""
    spec = importlib.util.spec_from_file_location('demo_tool', repository / 'tools' / 'demo.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def call(*arguments):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, 'argv', ['demo.py', *map(str, arguments)])
            return module.main()

    return call


def write_clip(path, width=64, height=48, frames=12, rate=25, draw=None):
    """A small H.264 clip of grey noise."""
    rng = np.random.default_rng(0)
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, 'yuv444p'
        for _ in range(frames):
            picture = rng.integers(100, 140, (height, width, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format='rgb24')))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope='module')
def clip(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp('clips') / 'clip.mp4')


@pytest.mark.parametrize(
    'arguments, words',
    [
        (['no/such.mp4'], ['no/such.mp4', 'no such file']),
        ([], ['no input']),
        (['{text}'], ['text.mp4']),
        (['{empty}'], ['empty.mp4']),
        (['{folder}'], ['folder', 'image']),
        (['{clip}', '--preset', 'fastest'], ["'fastest'", 'embedded', 'hrnet-w32']),
        (['{clip}', '--preset', '{text}'], ['text.mp4']),
        (['{clip}', '--score-thr', '3'], ['--score-thr 3', '0..1']),
        (['{clip}', '--detect-every', '0'], ['--detect-every 0', 'from 1 up']),
        (['{clip}', '--scene', 'beach'], ["'beach'", 'crowd']),
        (['{clip}', '--start', 'soon'], ['soon']),
        (['{clip}', '--start', '99'], ['99']),
        (['{clip}', '--no-video', '--no-json'], ['nothing is left to write']),
        (['{clip}', '{clip}', '{other}'], ['clip.mp4: is given twice']),
        (['{clip}', '--detector', 'no_config.py'], ['no_config.py']),
        (['{clip}', '--device', 'cuda:7'], ['cuda:7']),
    ],
)
def test_bad_input_is_one_line_and_code_2(demo, clip, tmp_path, capsys, arguments, words):
    (tmp_path / 'text.mp4').write_text('this is no video')
    (tmp_path / 'empty.mp4').touch()
    (tmp_path / 'folder').mkdir()
    (tmp_path / 'elsewhere').mkdir()
    other = write_clip(tmp_path / 'elsewhere' / 'clip.mp4', frames=2)
    names = dict(
        text=tmp_path / 'text.mp4', empty=tmp_path / 'empty.mp4', folder=tmp_path / 'folder', clip=clip, other=other
    )
    out = tmp_path / 'out'
    code = demo(*(a.format(**names) for a in arguments), '--out-dir', out)
    error = capsys.readouterr().err
    if 'cannot be downloaded' in error or 'could not be downloaded' in error:
        pytest.skip(error)
    assert code == 2
    lines = [line for line in error.splitlines() if line.startswith('error: ')]
    assert len(lines) == 1 and 'Traceback' not in error
    for word in words:
        assert word in lines[0]
    assert not out.exists() or not os.listdir(out)


@pytest.mark.parametrize(
    'refiner, said',
    [
        ('kalman', "unknown refiner 'kalman'"),
        ('gaussian:sgima=2', "refiner 'gaussian': unknown sgima: allowed are sigma"),
        ('savgol:window=10', "refiner 'savgol': window 10: must be an odd whole number"),
    ],
)
def test_what_is_wrong_with_a_refiner_is_named(demo, clip, tmp_path, capsys, embedded, refiner, said):
    assert demo(clip, '--refiner', refiner, '--out-dir', tmp_path) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith('error: ')]
    assert len(lines) == 1 and said in lines[0]
    assert os.listdir(tmp_path) == []


def test_existing_files_are_kept_without_force(demo, clip, tmp_path, capsys):
    (tmp_path / 'clip_poses.json').write_text('mine')
    assert demo(clip, '--out-dir', tmp_path) == 2
    assert '--force' in capsys.readouterr().err
    assert (tmp_path / 'clip_poses.json').read_text() == 'mine'


def test_weights_that_do_not_fit_the_config(demo, clip, tmp_path, capsys, shared):
    weights = shared('weights')
    code = demo(
        clip,
        '--detector',
        weights / 'rtmdet_nano_person.py',
        weights / 'ultralight_simplepose.pth',
        '--out-dir',
        tmp_path,
    )
    error = capsys.readouterr().err
    assert code == 2 and 'ultralight_simplepose.pth' in error and 'Traceback' not in error


@pytest.mark.parametrize(
    'shape',
    [
        dict(width=8, height=8, frames=3),
        dict(width=65, height=49, frames=3),
        dict(frames=1),
        dict(width=3840, height=2160, frames=2),
        dict(rate=1, frames=3),
    ],
)
def test_odd_videos_without_people_give_whole_results(embedded, tmp_path, shape):
    clip = write_clip(tmp_path / 'odd.mp4', **shape)
    summary = run_video(embedded, clip, OutputOptions(out_dir=tmp_path / 'out'))
    assert (summary.frames, summary.people) == (shape.get('frames', 12), 0)
    poses = json.loads((tmp_path / 'out' / 'odd_poses.json').read_text())
    assert [frame['instances'] for frame in poses['instance_info']] == [[]] * summary.frames
    with av.open(str(tmp_path / 'out' / 'odd_overlay.mp4')) as overlay:
        assert sum(1 for _ in overlay.decode(video=0)) == summary.frames


def test_images_in_natural_order(embedded, tmp_path):
    import cv2

    (tmp_path / 'shots').mkdir()
    for i in range(1, 12):
        cv2.imwrite(str(tmp_path / 'shots' / f'shot{i}.png'), np.full((32, 48, 3), 20 * i, np.uint8))
    summary = run_video(embedded, tmp_path / 'shots', OutputOptions(out_dir=tmp_path / 'out'))
    assert summary.frames == 11
    with av.open(str(tmp_path / 'out' / 'shots_overlay.mp4')) as overlay:
        levels = [frame.to_ndarray(format='gray').mean() for frame in overlay.decode(video=0)]
    assert levels == sorted(levels)


def test_two_runs_give_equal_json(embedded, shared, tmp_path):
    clip = shared('video', 'worker_zone_detection.mp4')
    texts = []
    for run in 'ab':
        run_video(embedded, clip, OutputOptions(out_dir=tmp_path / run, video=False))
        texts.append((tmp_path / run / 'worker_zone_detection_poses.json').read_bytes())
    assert texts[0] == texts[1]


def test_ctrl_c_leaves_playable_files(embedded, repository, tmp_path):
    clip = write_clip(tmp_path / 'long.mp4', width=320, height=240, frames=900)
    out = tmp_path / 'out'
    process = subprocess.Popen(
        [sys.executable, str(repository / 'tools' / 'demo.py'), str(clip), '--out-dir', str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=repository,
        # tests in the background of a shell inherit an ignored SIGINT
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline and not (out.is_dir() and os.listdir(out)):
        time.sleep(0.1)  # the files are opened once the chain is built
    time.sleep(3)  # some frames
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 130, stderr
    assert 'interrupted' in stdout
    assert sorted(os.listdir(out)) == ['long_overlay.mp4', 'long_poses.json', 'long_run.toml']
    with av.open(str(out / 'long_overlay.mp4')) as overlay:
        frames = sum(1 for _ in overlay.decode(video=0))
    poses = json.loads((out / 'long_poses.json').read_text())
    assert 0 < frames <= len(poses['instance_info']) < 900
