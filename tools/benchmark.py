#!/usr/bin/env python3
"""Measure the chain on this machine and print each figure beside its target.

    python tools/benchmark.py                # everything below
    python tools/benchmark.py speed loop     # some of it
    python tools/benchmark.py --json out.json

speed    the embedded preset on the sample clip, link by link, and the refiner's share
loop     the chain against a plain loop of MMDetection's and MMPose's own
         inference functions, same weights, same clip (needs --shared)
memory   peak memory on 300 and on 3,000 frames
"""
import argparse
import json
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.files import atomic_path  # noqa: E402

STAGES = ('decode', 'detect', 'pose', 'track', 'refine', 'draw', 'encode', 'export')


@exit_cleanly
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('parts', nargs='*', default=[], help=f'out of {", ".join(PARTS)} (all)')
    parser.add_argument('--json', type=Path, metavar='FILE', help='also write the figures as a list')
    parser.add_argument('--shared', type=Path, default=Path(__file__).resolve().parents[2] / 'shared',
                        help='folder with weights/ and video/ for the part "loop" (%(default)s)')
    parser.add_argument('--repeats', type=int, default=3, help='runs of each; the median is printed (%(default)s)')
    parser.add_argument('--force', action='store_true', help='replace the JSON file')
    args = parser.parse_args()
    unknown = [part for part in args.parts if part not in PARTS]
    if unknown:
        raise InputError(f'unknown part {unknown[0]!r}: allowed are {", ".join(PARTS)}')
    rows = []
    for part in args.parts or PARTS:
        for row in PARTS[part](args):
            rows.append(row)
            print(format_row(row), flush=True)
    if args.json:
        with atomic_path(args.json, args.force) as temporary:
            temporary.write_text(json.dumps(rows, indent=1) + '\n')


def row(name: str, value: float, unit: str, target: str = '') -> dict:
    return dict(name=name, value=round(float(value), 3), target=target, unit=unit)


def format_row(figure: dict) -> str:
    target = f'   (target {figure["target"]})' if figure['target'] else ''
    return f'{figure["name"]:<52}{figure["value"]:>10.2f} {figure["unit"]}{target}'


def speed(args) -> list:
    """The embedded preset on the sample clip, everything written."""
    from pipeline import VideoPipeline
    from pipeline.assets import fetch
    clip = fetch('sample-clip')
    pipeline = VideoPipeline.from_preset('embedded')
    runs = []
    for _ in range(args.repeats):
        with tempfile.TemporaryDirectory() as folder:
            runs.append(pipeline.run(clip, out_dir=folder))
    middle = sorted(runs, key=lambda summary: summary.fps)[len(runs) // 2]
    per_frame = {stage: 1000 * middle.stages.get(stage, 0.0) / middle.frames for stage in STAGES}
    wall = 1000 * middle.seconds / middle.frames
    return [row('embedded, sample clip: frames per second', middle.fps, 'fps', '30, real time'),
            *(row(f'embedded, sample clip: {stage}', value, 'ms/frame') for stage, value in per_frame.items()),
            row('embedded, sample clip: refiner, share of wall time', 100 * per_frame['refine'] / wall, '%', '<= 5')]


def loop(args) -> list:
    """The chain against the libraries' own functions, in turn, on one clip."""
    weights, clip = args.shared / 'weights', args.shared / 'video' / 'two_people_1080p.mp4'
    if not weights.is_dir() or not clip.is_file():
        raise InputError(f'{args.shared}: the part "loop" needs weights/ and video/ there (--shared)')
    sys.path.insert(0, str(weights))
    models = [str(weights / name) for name in ('rtmdet_nano_person.py', 'rtmdet_nano_person.pth',
                                               'ultralight_simplepose.py', 'ultralight_simplepose.pth')]
    chain, plain = _chain(*models), _plain_loop(*models)
    chain(clip), plain(clip)  # warm up
    pairs = [(_seconds(plain, clip), _seconds(chain, clip)) for _ in range(args.repeats)]
    return [row('plain loop, two_people_1080p', statistics.median(p for p, _ in pairs), 's'),
            row('chain, two_people_1080p (tracks and refines too)', statistics.median(c for _, c in pairs), 's'),
            row('chain against plain loop', statistics.median(p / c for p, c in pairs), 'times', '>= 1.5')]


def _chain(det_config, det_weights, pose_config, pose_weights):
    from pipeline import VideoPipeline
    pipeline = VideoPipeline.from_preset(
        'embedded', detector=dict(config=det_config, checkpoint=det_weights),
        estimator=dict(config=pose_config, checkpoint=pose_weights))
    return lambda clip: sum(1 for _ in pipeline.results(clip))


def _plain_loop(det_config, det_weights, pose_config, pose_weights):
    import pipeline.compat  # noqa: F401
    import cv2
    from mmdet.apis import inference_detector, init_detector
    from mmpose.apis import inference_topdown, init_model
    detector = init_detector(det_config, det_weights, device='cpu')
    estimator = init_model(pose_config, pose_weights, device='cpu')

    def run(clip):
        capture = cv2.VideoCapture(str(clip))
        while True:
            more, image = capture.read()
            if not more:
                break
            found = inference_detector(detector, image).pred_instances
            boxes = found.bboxes[found.scores > 0.3].cpu().numpy()
            if len(boxes):
                inference_topdown(estimator, image, boxes)
        capture.release()

    return run


def _seconds(function, *arguments) -> float:
    begin = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - begin


def memory(args) -> list:
    """Peak memory of whole runs in processes of their own, on a looped clip."""
    from pipeline.assets import fetch
    clip = fetch('sample-clip')
    with tempfile.TemporaryDirectory() as folder:
        peaks = {}
        for frames in (300, 3000):
            looped = _loop_clip(clip, Path(folder) / f'{frames}.mp4', frames)
            with multiprocessing.get_context('spawn').Pool(1) as pool:
                peaks[frames] = pool.apply(_peak_of_run, (str(looped), folder))
    return [row('peak memory, 300 frames', peaks[300], 'MB'), row('peak memory, 3,000 frames', peaks[3000], 'MB'),
            row('growth from 300 to 3,000 frames', peaks[3000] - peaks[300], 'MB', '<= 50')]


def _loop_clip(clip: Path, path: Path, frames: int) -> Path:
    from pipeline.video import VideoWriter, open_source
    with open_source(clip) as source:
        pictures = [frame.image[::2, ::2].copy() for frame in source]
        height, width = pictures[0].shape[:2]
        info = type(source.info)('looped', width, height, source.info.fps)
    with VideoWriter(path, info) as writer:
        for i in range(frames):
            writer.write(pictures[i % len(pictures)], float(i / info.fps))
    return path


def _peak_of_run(clip: str, folder: str) -> float:
    from pipeline import VideoPipeline
    VideoPipeline.from_preset('embedded').run(clip, out_dir=folder)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


PARTS = {'speed': speed, 'loop': loop, 'memory': memory}

if __name__ == '__main__':
    sys.exit(main())
