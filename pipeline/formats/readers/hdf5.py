"""HDF5: which tool's it is. By h5py alone, except SLEAP's .slp, which sleap-io reads."""

from pathlib import Path
from typing import List, Optional

import numpy as np

from pipeline.formats.found_poses import FoundPoses, Gatherer, Given
from pipeline.formats.optional import require
from pipeline.formats.readers import deeplabcut


def read(path: Path, given: Given) -> Optional[FoundPoses]:
    """The poses in the file; None if no layout fits."""
    require(('h5py',), f'{path} (HDF5)')
    import h5py

    with h5py.File(path, 'r') as file:
        keys = set(file)
        if {'tracks', 'node_names'} <= keys:
            return _sleap_analysis(path, file, given)
        if {'position', 'confidence', 'keypoints'} <= keys:
            return _movement(path, file, given)
        if {'processing', 'specifications', 'identifier'} <= keys:
            return _nwb(path, file, given)
        if not {'metadata', 'instances', 'frames'} <= keys:
            table = next((file[key] for key in sorted(keys) if 'pandas_type' in file[key].attrs), None)
            return None if table is None else deeplabcut.read_h5(path, table, given)
    return _slp(path, given)


def _texts(values) -> List[str]:
    return [value.decode() if isinstance(value, bytes) else str(value) for value in np.asarray(values).ravel()]


def _sleap_analysis(path: Path, file, given: Given) -> FoundPoses:
    """SLEAP's analysis export: ``tracks`` (tracks, 2, nodes, frames), in MATLAB's order, or the other way round."""
    names = _texts(file['node_names'][:])
    tracks = np.asarray(file['tracks'][:], np.float64)
    scores = np.asarray(file['point_scores'][:], np.float64) if 'point_scores' in file else None
    if tracks.shape[1] != 2:  # (frames, nodes, 2, tracks)
        tracks = tracks.transpose(3, 2, 1, 0)
        scores = None if scores is None else scores.transpose(2, 1, 0)
    gathered = Gatherer(path, 'SLEAP analysis', names, given)
    several = len(tracks) > 1 or bool(_texts(file['track_names'][:]) if 'track_names' in file else ())
    for index in range(tracks.shape[3]):
        gathered.frame(index)
        for track, points in enumerate(tracks[..., index]):
            sure = None if scores is None or scores.shape[0] != len(tracks) else scores[track, :, index]
            if sure is not None and not np.nansum(sure):  # labelled by hand, without scores
                sure = None
            gathered.person(index, points.T, sure, track_id=track if several else -1)
    return gathered.poses()


def _movement(path: Path, file, given: Given) -> FoundPoses:
    """The netCDF of ``movement``, whose axes have names."""
    names = _texts(file['keypoints'][:])
    axes = [_texts([file[ref[0]].name.rsplit('/', 1)[-1]])[0] for ref in file['position'].attrs['DIMENSION_LIST']]
    order = [axes.index(axis) for axis in ('time', 'individuals', 'keypoints', 'space')]
    points = np.asarray(file['position'][:], np.float64).transpose(order)
    axes = [axis for axis in axes if axis != 'space']
    scores = np.asarray(file['confidence'][:], np.float64)
    scores = scores.transpose([axes.index(axis) for axis in ('time', 'individuals', 'keypoints')])
    times = np.asarray(file['time'][:], np.float64)
    seconds = _texts([file.attrs.get('time_unit', '')])[0] == 'seconds'
    gathered = Gatherer(path, 'movement', names, given)
    for index in range(len(points)):
        gathered.frame(index, times[index] if seconds else None)
        for n, person in enumerate(points[index]):
            sure = scores[index, n]
            gathered.person(index, person, None if np.isnan(sure).all() else sure, track_id=n)
    return gathered.poses()


def _nwb(path: Path, file, given: Given) -> Optional[FoundPoses]:
    """Neurodata Without Borders: every ``PoseEstimation`` (ndx-pose) is a person, every series in it a joint."""
    people = [
        group
        for module in file['processing'].values()
        for group in module.values()
        if _texts([group.attrs.get('neurodata_type', '')]) == ['PoseEstimation']
    ]
    series = [
        {name: entry for name, entry in group.items() if hasattr(entry, 'keys') and 'data' in entry} for group in people
    ]
    if not any(series):
        return None
    names = list(dict.fromkeys(name for person in series for name in person))
    times = np.unique(np.concatenate([_seconds(entry) for person in series for entry in person.values()]))
    gathered = Gatherer(path, 'NWB', names, given)
    for n, person in enumerate(series):
        points, scores = np.full((len(times), len(names), 2), np.nan), np.zeros((len(times), len(names)))
        for k, name in enumerate(names):
            if name in person:
                rows = np.searchsorted(times, _seconds(person[name]))
                points[rows, k] = person[name]['data'][:, :2]
                scores[rows, k] = person[name]['confidence'][:] if 'confidence' in person[name] else 1
        for index, pose in enumerate(points):
            gathered.person(index, pose, scores[index], track_id=n, time=times[index])
    return gathered.poses()


def _seconds(series) -> np.ndarray:
    """When the frames of a series are, by its times or its rate."""
    if 'timestamps' in series:
        return np.asarray(series['timestamps'][:], np.float64)
    start = series['starting_time']
    return float(start[()]) + np.arange(len(series['data'])) / float(start.attrs['rate'])


def _slp(path: Path, given: Given) -> FoundPoses:
    """SLEAP's project or predictions, of the first video in it."""
    require(('sleap_io',), f'{path} (SLEAP)')
    import sleap_io

    labels = sleap_io.load_slp(str(path), open_videos=False)
    gathered = Gatherer(path, 'SLEAP', labels.skeleton.node_names, given)
    ids = {id(track): number for number, track in enumerate(labels.tracks)}
    first = labels.videos[0]
    for frame in labels:
        if frame.video is not first:
            continue
        gathered.frame(frame.frame_idx)
        for instance in frame.instances:
            predicted = hasattr(instance, 'tracking_score') and isinstance(instance, sleap_io.PredictedInstance)
            points = instance.numpy()
            sure = instance.numpy(scores=True)[:, 2] if predicted else None
            track = -1 if instance.track is None else ids[id(instance.track)]
            gathered.person(frame.frame_idx, points, sure, None, instance.score if predicted else None, track)
    shape = first.shape
    return gathered.poses(size=None if not shape or not shape[1] else (int(shape[2]), int(shape[1])))
