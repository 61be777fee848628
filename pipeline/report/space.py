"""What the page's figure in 3D is drawn from: joints in a room, y up."""

from typing import Dict, List, Optional

import numpy as np

from pipeline.formats import PoseFile
from pipeline.formats.upright import room_of
from pipeline.layouts import COMPUTED
from pipeline.report.curves import TrackCurves
from pipeline.report.packing import pack


def space_data(poses: PoseFile, curves: List[TrackCurves]) -> Optional[Dict]:
    """Packed joints of every track, and where the camera stands; None for poses without 3D.

    Returns:
        ``camera``: ``(3,)`` m in the room; ``tracks``: for each of ``curves`` its joints' x, y, z as ``3 K`` packed
        rows, from the track's first frame on, NaN where it is missing.
    """
    if not any(frame.people.keypoints_3d is not None and len(frame.people) for frame in poses.frames):
        return None
    joints = {track.track_id: _joints(poses, track) for track in curves}
    longest = sorted(joints.values(), key=lambda track: -np.isfinite(track[:, 0, 0]).sum())
    assert poses.skeleton is not None  # curves were made of it
    room = room_of(longest, poses.skeleton.names)
    rows = [room.place(joints[track.track_id]).reshape(len(track.time), -1).T for track in curves]
    return dict(camera=[round(v, 3) for v in room.place(np.zeros(3)).tolist()], tracks=[pack(row) for row in rows])


def _joints(poses: PoseFile, track: TrackCurves) -> np.ndarray:
    """``(F, K, 3)`` m in the camera's frame, from the track's first frame to its last."""
    assert poses.skeleton is not None
    joints = np.full((len(track.time), poses.skeleton.num_keypoints, 3), np.nan)
    for f, frame in enumerate(poses.frames[track.first : track.first + len(joints)]):
        which = np.flatnonzero(frame.people.track_ids == track.track_id)
        if len(which) and frame.people.keypoints_3d is not None:
            joints[f] = frame.people.keypoints_3d[which[0]]
    names = poses.skeleton.names
    for name, sources in COMPUTED.items():  # what trunks hang on has no third dimension of its own
        if name in names and all(source in names for source in sources):
            follows = sum(joints[:, names.index(source)] * weight for source, weight in sources.items())
            own = joints[:, names.index(name)]
            own[:] = np.where(np.isfinite(own), own, follows)
    return joints
