#!/usr/bin/env python3
"""How right and how fast the chain is on real video, as one table.

    python tools/research/real_video.py --shared ../shared [--mediapipe-python /path/to/python] [--preset embedded]

Runs the preset over four calibrated views (errors before and after the refiner), over
annotated photographs, over two crowded clips (people per frame), over three people in a shop
aisle, marked by hand in nine frames, who hide one another (found; with another's id), and over the sample clip
with everything written, whose frames a second are compared with MediaPipe's own loop.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import List, Optional

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from pipeline.errors import InputError, exit_cleanly  # noqa: E402

MARKS = REPOSITORY / 'tests' / 'fixtures' / 'store_aisle_marks.json'
CROWDS = ('crowd_above_3fps', 'street_5fps')


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--shared', type=Path, required=True, help='folder with the clips, photographs and the stick')
    parser.add_argument('--preset', default='embedded', help='default: %(default)s')
    parser.add_argument('--device', default='auto', help='cpu, cuda, cuda:1 …; auto: a GPU where torch sees one')
    parser.add_argument('--mediapipe-python', help='Python of an environment with mediapipe 0.10.21')
    return parser.parse_args()


def chain(inputs: List[Path], out: Path, networks: List[str], *options: str) -> None:
    """Run the demo over ``inputs``, with the options ``networks``; its files go to ``out``."""
    demo = [
        sys.executable,
        str(REPOSITORY / 'tools' / 'demo.py'),
        *map(str, inputs),
        '--out-dir',
        str(out),
        *networks,
        '--quiet',
        *options,
    ]
    subprocess.run(demo, check=True)


def measured(stick: Path, *arguments) -> dict:
    answer = subprocess.run([sys.executable, str(stick), *map(str, arguments)], check=True, capture_output=True)
    return json.loads(answer.stdout)


def people_per_frame(path: Path) -> float:
    frames = json.loads(path.read_text())['instance_info']
    return sum(len(frame['instances']) for frame in frames) / len(frames)


def views_rows(shared: Path, stick: Path, out: Path, networks: List[str]) -> None:
    clips = sorted((shared / 'video' / 'multiview_single').glob('cam0[1-4].mp4'))
    reference = shared / 'data' / 'multiview' / 'single.npz'
    for name, key, options in (
        ('before the refiner', 'keypoints_raw', ['--refiner', 'none']),
        ('written', 'keypoints', []),
    ):
        folder = out / key
        chain(clips, folder, networks, '--no-video', *options)
        result = measured(
            stick, 'views', reference, *(folder / f'{clip.stem}_poses.json' for clip in clips), '--key', key
        )
        print(
            f'| views, {name} | median {result["median"]:.1f}, p90 {result["p90"]:.1f} px, missed '
            f'{100 * result["miss"]:.1f} %, acceleration error {result["accel"]:.2f} |',
            flush=True,
        )


def images_row(shared: Path, stick: Path, out: Path, networks: List[str]) -> None:
    photographs = sorted((shared / 'data' / 'real_images' / 'images').glob('*.jpg'))
    chain(photographs, out / 'images', networks, '--no-video', '--refiner', 'none')
    result = measured(stick, 'images', shared / 'data' / 'real_images' / 'people.json', out / 'images')
    print(
        f'| images | found {result["found"]} of {result["people"]}; median {100 * result["median"]:.1f}, p90 '
        f'{100 * result["p90"]:.1f} %; PCK@0.05 {100 * result["pck05"]:.0f} |',
        flush=True,
    )


def crowd_rows(shared: Path, out: Path, networks: List[str]) -> None:
    chain([shared / 'video' / f'{name}.mp4' for name in CROWDS], out / 'crowds', networks, '--no-video')
    for name in CROWDS:
        people = people_per_frame(out / 'crowds' / f'{name}_poses.json')
        print(f'| {name} | {people:.1f} people per frame |', flush=True)


def marks_row(shared: Path, stick: Path, out: Path, networks: List[str]) -> None:
    clip = shared / 'video' / 'store_aisle_detection.mp4'
    chain([clip], out / 'marks', networks, '--no-video')
    result = measured(stick, 'ids', MARKS, out / 'marks' / f'{clip.stem}_poses.json')
    print(
        f'| store aisle | found {result["found"]} of {result["marked"]} marks; {result["wrong_ids"]} with a wrong id |',
        flush=True,
    )


def speed_row(out: Path, preset: str, device: str, mediapipe: Optional[str]) -> None:
    from pipeline.assets import fetch
    from pipeline.pipeline import VideoPipeline

    clip = fetch('sample-clip')
    pipeline = VideoPipeline.from_preset(preset, device)
    before, start = os.times(), time.perf_counter()
    summary = pipeline.run(clip, out / 'sample')
    wall, after = time.perf_counter() - start, os.times()
    rate = summary.frames / wall
    spent = 1e3 * (after.user - before.user) / summary.frames
    row = f'{rate:.1f} frames a second, {spent:.0f} ms of processor a frame'
    if mediapipe:
        loop = Path(__file__).with_name('mediapipe_loop.py')
        answer = subprocess.run([mediapipe, str(loop), str(clip)], check=True, capture_output=True)
        other = json.loads(answer.stdout.splitlines()[-1])
        theirs = other['frames'] / other['seconds']
        row += (
            f'; MediaPipe {theirs:.1f}, {1e3 * other["processor_seconds"] / other["frames"]:.0f} ms: '
            f'{rate / theirs:.2f} times'
        )
    print(f'| sample clip, everything written | {row} |', flush=True)


@exit_cleanly
def main() -> int:
    args = parse_arguments()
    stick = args.shared / 'tools' / 'real_people.py'
    if not stick.is_file():
        raise InputError(f'{stick}: no such file; --shared must be the folder with the clips and this tool')
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        print(f'| {args.preset} | |\n| --- | --- |')
        speed_row(out, args.preset, args.device, args.mediapipe_python)
        networks = ['--preset', args.preset, '--device', args.device]
        views_rows(args.shared, stick, out, networks)
        images_row(args.shared, stick, out, networks)
        crowd_rows(args.shared, out, networks)
        marks_row(args.shared, stick, out, networks)
    return 0


if __name__ == '__main__':
    sys.exit(main())
