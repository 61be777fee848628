"""One HTML file that shows a video's poses: no server, no network, nothing to install."""

import base64
import html
import json
import os
from pathlib import Path
from string import Template
from typing import Dict, List, Optional, Union
from urllib.parse import quote

import numpy as np

from pipeline.errors import InputError
from pipeline.files import Force, atomic_path
from pipeline.formats import PoseFile, read_poses_json
from pipeline.kinematics.metres import MetreOptions, MetreScale
from pipeline.render.palette import colour_of, css, mix
from pipeline.report.curves import TrackCurves, runs, shown_angles, track_curves
from pipeline.report.packing import pack
from pipeline.report.space import space_data

_PAGE = Path(__file__).parent / 'page'
_SCRIPTS = tuple(
    f'{name}.js' for name in ('packing', 'track', 'player', 'canvas', 'chart', 'timeline', 'pose', 'space', 'main')
)
_TYPES = {
    '.mp4': 'video/mp4',
    '.m4v': 'video/mp4',
    '.mov': 'video/mp4',
    '.webm': 'video/webm',
    '.mkv': 'video/x-matroska',
    '.ogv': 'video/ogg',
}
_MOST_EMBEDDED = 200_000_000  # bytes of video in one page


def write_report(
    path: Union[str, Path],
    poses: Union[str, Path, PoseFile],
    overlay: Optional[Union[str, Path]] = None,
    original: Optional[Union[str, Path]] = None,
    embed: bool = False,
    force: Force = False,
    metres: Optional[MetreOptions] = None,
) -> Path:
    """Write the report of one video.

    Args:
        path: of the HTML file.
        poses: a pose JSON of ours, or its content.
        overlay, original: the videos. The page refers to them by their path relative
            to its own folder, so they have to stay where they are.
        embed: put the videos into the page instead; it is then one file to pass on,
            larger by a third than the videos.
        force: replace an existing file.
        metres: how pixels become metres: curves are then in metres, with one scale for the whole page, that of the
            main person in the middle of the picture.

    Returns:
        ``path``.

    Raises:
        InputError: if a file is missing, the poses have no tracks, times or joint
            names, or the page cannot be written.
    """
    path = Path(path)
    if not isinstance(poses, PoseFile):
        source = poses
        poses = read_poses_json(source)
        try:
            curves = track_curves(poses)
        except InputError as error:
            raise InputError(f'{source}: {error}') from error
    else:
        curves = track_curves(poses)
    data = page_data(poses, curves)
    data['unit'] = dict(name='m', scale=_scale(poses, curves, metres)) if metres else dict(name='px', scale=1)
    starts = {'overlay': poses.video.start if poses.video else 0.0, 'original': 0.0}
    data['sources'] = {
        name: _source(Path(video), path, starts[name], embed)
        for name, video in (('original', original), ('overlay', overlay))
        if video is not None
    }
    title = poses.video.name if poses.video else path.stem
    page = Template((_PAGE / 'report.html').read_text(encoding='utf-8')).substitute(
        title=html.escape(title),
        facts=html.escape(_facts(poses, curves)),
        style=(_PAGE / 'report.css').read_text(encoding='utf-8'),
        script='\n'.join((_PAGE / name).read_text(encoding='utf-8') for name in _SCRIPTS),
        data=_in_script(data),
    )
    with atomic_path(path, force) as temporary:
        temporary.write_text(page, encoding='utf-8', errors='replace')
    return path


def page_data(poses: PoseFile, curves: List[TrackCurves]) -> Dict:
    """What the page's scripts work on; :mod:`.page` ``track.js`` and ``main.js`` read it."""
    skeleton = poses.skeleton
    size = (poses.video.width, poses.video.height) if poses.video else (0, 0)
    return dict(
        video=dict(width=size[0], height=size[1]),
        times=[round(frame.time, 5) for frame in poses.frames],
        frames=[frame.index for frame in poses.frames],
        joints=[dict(name=name, side=side) for name, side in zip(skeleton.names, skeleton.sides)],
        links=[list(link) for link in skeleton.links],
        angles=[angle.name for angle in shown_angles(skeleton)],
        chosen_track=max(range(len(curves)), key=lambda t: curves[t].present.sum(), default=None),
        chosen_joint=next((k for k, name in enumerate(skeleton.names) if name.endswith('ankle')), 0),
        tracks=[_track_data(track) for track in curves],
        space=space_data(poses, curves),
    )


def _scale(poses: PoseFile, curves: List[TrackCurves], metres: MetreOptions) -> float:
    """Metres per pixel."""
    size = (poses.video.width, poses.video.height) if poses.video else (0, 0)
    scale = MetreScale(metres, poses.skeleton, size[1])
    for frame in poses.frames:
        scale.add(frame.people)
    main = max(curves, key=lambda track: track.present.sum()).track_id if curves else 0
    return scale.plane(main).metres_per_pixel(np.array(size) / 2)


def _track_data(track: TrackCurves) -> Dict:
    colour = colour_of(track.track_id)
    return dict(
        id=track.track_id,
        colour=css(colour),
        tint=css(mix(colour, (255, 255, 255), 0.6)),
        first=track.first,
        present=[[track.first + a, track.first + b] for a, b in runs(track.present)],
        filled=[[track.first + a, track.first + b] for a, b in runs(track.filled)],
        curves=pack(curve_rows(track)),
    )


def curve_rows(track: TrackCurves) -> np.ndarray:
    """All curves of a track as rows, ``(9 K + 2 A + 4, F)``, in the order that ``track.js`` expects."""
    after, before = track.after, track.before
    joints = np.stack(
        [
            after.position[..., 0],
            after.position[..., 1],
            before.position[..., 0],
            before.position[..., 1],
            after.speed,
            before.speed,
            after.acceleration,
            before.acceleration,
            track.scores,
        ],
        axis=2,
    )  # (F, K, 9)
    angles = np.stack([after.angles, before.angles], axis=2)  # (F, A, 2)
    frames = len(track.time)
    return np.concatenate([joints.reshape(frames, -1), angles.reshape(frames, -1), track.boxes], axis=1).T


def _source(video: Path, page: Path, offset: float, embed: bool) -> Dict:
    if not video.is_file():
        raise InputError(f'{video}: no such video')
    if not embed:
        relative = os.path.relpath(video.resolve(), page.resolve().parent)
        return dict(name=video.name, offset=offset, src=quote(os.fsencode(relative).replace(os.fsencode(os.sep), b'/')))
    size = video.stat().st_size
    if size > _MOST_EMBEDDED:
        raise InputError(
            f'{video}: {size // 1_000_000} MB is too much to put into a page '
            f'({_MOST_EMBEDDED // 1_000_000} MB at most); leave out embed'
        )
    content = base64.b64encode(video.read_bytes()).decode('ascii')
    return dict(
        name=video.name, offset=offset, src=f'data:{_TYPES.get(video.suffix.lower(), "video/mp4")};base64,{content}'
    )


def _facts(poses: PoseFile, curves: List[TrackCurves]) -> str:
    facts = []
    if poses.video:
        facts += [f'{poses.video.width} x {poses.video.height}', f'{float(poses.video.fps):.5g} frames per second']
    facts += [f'{len(poses.frames)} frames', f'{len(curves)} {"person" if len(curves) == 1 else "people"}']
    if poses.run.get('preset'):
        facts.append(f'preset {poses.run["preset"]}')
    version = poses.run.get('versions', {})
    if isinstance(version, dict) and version.get('pipeline'):
        facts.append(f'pipeline {version["pipeline"]}')
    return ', '.join(facts)


def _in_script(data: Dict) -> str:
    # no text of ours may end the script element or open a comment in it
    return json.dumps(data, separators=(',', ':'), allow_nan=False).replace('<', '\\u003c')
