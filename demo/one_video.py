#!/usr/bin/env python3
"""One video from Python: poses frame by frame, then the same run into files.

    python demo/one_video.py                          # three seconds of the sample clip
    python demo/one_video.py video.mp4 --end 300f --out-dir out

Prints for each person how long they were seen and how far their right wrist moved, and writes
NAME_overlay.mp4, NAME_poses.json and NAME_poses.csv.
"""

import argparse
import sys
from collections import defaultdict
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a checkout that is not installed

from pipeline import VideoPipeline
from pipeline.assets import fetch
from pipeline.errors import exit_cleanly
from pipeline.video import open_source

# joints with a lower score (0..1) are guesses and are left out
MIN_SCORE = 0.3


def wrist_paths(chain: VideoPipeline, video: str, end: Optional[str]) -> Dict[int, List[Tuple[float, np.ndarray]]]:
    """For each track id, the times in seconds and places ``(2,)`` px of the right wrist where it was seen."""
    wrist = chain.skeleton.names.index('right_wrist')
    paths = defaultdict(list)
    with open_source(video, end=end) as source:
        for result in chain.results(source):  # every frame once, in order, a little late
            people = result.people
            for track_id, pose, scores in zip(people.track_ids, people.keypoints, people.keypoint_scores):
                if scores[wrist] >= MIN_SCORE:
                    paths[int(track_id)].append((result.frame.time, pose[wrist]))
    return paths


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('video', nargs='?', help='default: the sample clip, downloaded once')
    parser.add_argument('--end', default='3', help='seconds, or frames as 90f (%(default)s)')
    parser.add_argument('--out-dir', type=Path, default=Path('output'), help='default: %(default)s')
    args = parser.parse_args(arguments)
    video = args.video or str(fetch('sample-clip'))
    chain = VideoPipeline.from_preset('embedded')  # loads the networks; serves any number of videos

    for track_id, path in sorted(wrist_paths(chain, video, args.end).items()):
        times, places = np.array([time for time, _ in path]), np.array([place for _, place in path])
        moved = np.linalg.norm(np.diff(places, axis=0), axis=1).sum()
        print(f'person {track_id}: seen from {times[0]:.2f} to {times[-1]:.2f} s, right wrist moved {moved:.0f} px')

    print(chain.run(video, out_dir=args.out_dir, end=args.end, formats=('json', 'csv'), force=True))
    return 0


if __name__ == '__main__':
    sys.exit(main())
