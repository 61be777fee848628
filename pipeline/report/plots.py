"""Curves as PNG files for papers."""

from pathlib import Path
from typing import List, Optional, Sequence, Union

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pipeline.files import atomic_path, safe_name
from pipeline.formats import PoseFile, read_poses_json
from pipeline.report.curves import TrackCurves, runs, shown_angles, track_curves
from pipeline.skeletons import Skeleton

_USUAL = ('left_wrist', 'right_wrist', 'left_ankle', 'right_ankle')
_BEFORE = dict(color='0.6', linewidth=0.8, label='before')
_AFTER = dict(color='#0072b2', linewidth=1.3, label='after')
_RIGHT = dict(color='#d55e00', linewidth=1.3)
_DPI = 200


def write_plots(
    folder: Union[str, Path],
    poses: Union[str, Path, PoseFile],
    joints: Optional[Sequence[str]] = None,
    force: bool = False,
) -> List[Path]:
    """Write one figure per person and joint, and one of angles per person.

    Args:
        folder: of the files ``NAME_id1_left_ankle.png`` … and ``NAME_id1_angles.png``.
        poses: a pose JSON of ours, or its content.
        joints: names; None takes wrists and ankles, or all where there are none.
        force: replace existing files.

    Returns:
        The files.

    Raises:
        InputError: if the poses have no tracks, times or joint names, a joint is
            unknown, or a file cannot be written.
    """
    poses = poses if isinstance(poses, PoseFile) else read_poses_json(poses)
    curves = track_curves(poses)
    skeleton, name = poses.skeleton, poses.video.name if poses.video else 'poses'
    chosen = joints or [joint for joint in _USUAL if joint in skeleton.names] or skeleton.names
    indices = [skeleton.index(joint) for joint in chosen]
    written = []
    for track in curves:
        figures = {skeleton.names[k]: plot_joint(track, skeleton, k) for k in indices}
        if track.after.angles.shape[1]:
            figures['angles'] = plot_angles(track, skeleton)
        for what, figure in figures.items():
            path = Path(folder) / f'{safe_name(f"{name}_id{track.track_id}_{what}")}.png'
            with atomic_path(path, force) as temporary:
                figure.savefig(temporary, format='png', dpi=_DPI, metadata={'Software': None})
            written.append(path)
    return written


def plot_joint(track: TrackCurves, skeleton: Skeleton, joint: int) -> Figure:
    """Position, speed, acceleration and confidence of one joint over time."""
    figure, axes = _figure(5)
    for ax, label, before, after in zip(
        axes,
        ('x (px)', 'y (px)', 'speed (px/s)', 'acceleration\n(px/s²)'),
        *(
            (*motion.position[:, joint].T, motion.speed[:, joint], motion.acceleration[:, joint])
            for motion in (track.before, track.after)
        ),
    ):
        ax.plot(track.time, before, **_BEFORE)
        ax.plot(track.time, after, **_AFTER)
        ax.set_ylabel(label)
    axes[1].invert_yaxis()  # as in the picture
    axes[4].plot(track.time, track.scores[:, joint], **_AFTER)
    axes[4].set(ylabel='confidence', ylim=(0, 1.05))
    return _finish(figure, axes, track, f'person {track.track_id}, {skeleton.names[joint].replace("_", " ")}')


def plot_angles(track: TrackCurves, skeleton: Skeleton) -> Figure:
    """The main angles, left and right in one plot each."""
    names = [angle.name for angle in shown_angles(skeleton)]
    kinds = list(dict.fromkeys(name.split('_')[-1] for name in names))
    figure, axes = _figure(len(kinds))
    for ax, kind in zip(axes, kinds):
        for name, side, style in (
            (kind, 'after', _AFTER),
            (f'left_{kind}', 'left', _AFTER),
            (f'right_{kind}', 'right', _RIGHT),
        ):
            if name in names:
                a = names.index(name)
                ax.plot(track.time, track.before.angles[:, a], **{**_BEFORE, 'label': None})
                ax.plot(track.time, track.after.angles[:, a], **{**style, 'label': side})
        ax.set_ylabel(f'{kind} (°)')
    return _finish(figure, axes, track, f'person {track.track_id}, joint angles')


def _figure(rows: int):
    figure = Figure(figsize=(7, 1.2 + 1.25 * rows), layout='constrained')
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]


def _finish(figure: Figure, axes: np.ndarray, track: TrackCurves, title: str) -> Figure:
    for ax in axes:
        ax.grid(alpha=0.3, linewidth=0.5)
        ax.spines[['top', 'right']].set_visible(False)
        for first, last in runs(track.filled):
            ax.axvspan(track.time[first], track.time[last], color='0.9', linewidth=0)  # bridged
    axes[0].set_title(title, fontsize=11, loc='left')
    figure.legend(*axes[0].get_legend_handles_labels(), loc='outside upper right', ncols=2, frameon=False, fontsize=8)
    axes[-1].set_xlabel('time (s)')
    figure.align_ylabels(axes)
    return figure
