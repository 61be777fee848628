"""JSON in MMPose's layout, character by character, and back."""

import errno
import json
import os
import signal
from fractions import Fraction

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.formats import RunInfo, open_exporter, read_poses_json
from pipeline.skeletons import Skeleton
from pipeline.types import Frame, FrameResult, People, VideoInfo

STICK = Skeleton('stick', ('nose', 'left_hand'), ((0, 1),), (0, 1), np.array([0.026, 0.062], np.float32), ('', 'left'))
VIDEO = VideoInfo('clip', 640, 480, Fraction(30000, 1001), num_frames=3)
RUN = RunInfo({'numpy': '2'}, 'embedded', {'a.pth': 'ff'}, {'batch': 1}, 'demo clip.mp4')


def two_people():
    return People(
        np.array([[1, 2, 3, 4.00049], [0, 0, 10, 20]], np.float32),
        np.array([0.87654, 1], np.float32),
        np.array([[[1.23456, 2], [np.nan, np.inf]], [[-0.0001, 5], [6, 7]]], np.float32),
        np.array([[0.5, 0], [0.99996, 1]], np.float32),
        np.array([1, 12], np.int64),
        np.array([[[1, 2], [3, 4]], [[5, 6], [7, 8]]], np.float32),
        filled=np.array([False, True]),
    )


def write(path, frames, **options):
    with open_exporter('json', path, RUN, STICK, VIDEO, **options) as exporter:
        for index, time, people in frames:
            exporter.write(FrameResult(Frame(index, time, None), people))
    return exporter


def test_the_document_by_hand(tmp_path):
    path = tmp_path / 'clip_poses.json'
    write(path, [(0, 0.0, People.empty(2)), (1, 1001 / 30000, two_people())])
    document = json.loads(path.read_text())
    assert list(document) == ['meta_info', 'instance_info']
    assert document['instance_info'][0] == {'frame_id': 0, 'time': 0.0, 'instances': []}
    frame = document['instance_info'][1]
    assert (frame['frame_id'], frame['time']) == (1, 0.033367)
    first, second = frame['instances']
    assert first == {
        'keypoints': [[1.235, 2.0], [None, None]],
        'keypoint_scores': [0.5, 0.0],
        'bbox': [[1.0, 2.0, 3.0, 4.0]],
        'bbox_score': 0.8765,
        'track_id': 1,
        'filled': False,
        'keypoints_raw': [[1.0, 2.0], [3.0, 4.0]],
    }
    assert second['keypoint_scores'] == [1.0, 1.0] and second['filled'] is True
    assert '-0.0' not in path.read_text()


def test_the_meta_info_says_what_made_the_file(tmp_path):
    path = tmp_path / 'clip_poses.json'
    write(path, [])
    meta = json.loads(path.read_text())['meta_info']
    assert meta['dataset_name'] == 'stick' and meta['num_keypoints'] == 2
    assert meta['keypoint_id2name'] == {'0': 'nose', '1': 'left_hand'}
    assert meta['keypoint_name2id'] == {'nose': 0, 'left_hand': 1}
    assert meta['skeleton_links'] == [[0, 1]] and meta['sigmas'] == [0.026, 0.062]
    assert meta['video'] == {
        'name': 'clip',
        'width': 640,
        'height': 480,
        'fps': '30000/1001',
        'num_frames': 3,
        'start': 0.0,
    }
    assert meta['run'] == {
        'versions': {'numpy': '2'},
        'preset': 'embedded',
        'weights': {'a.pth': 'ff'},
        'options': {'batch': 1},
        'command': 'demo clip.mp4',
    }


def test_a_frame_has_what_mmpose_writes(tmp_path):
    structures = pytest.importorskip('mmpose.structures.utils')
    from mmengine.structures import InstanceData

    path, people = tmp_path / 'x.json', two_people()
    write(path, [(0, 0.0, people)])
    ours = json.loads(path.read_text())['instance_info'][0]['instances'][1]
    theirs = json.loads(
        json.dumps(
            structures.split_instances(
                InstanceData(
                    keypoints=people.keypoints,
                    keypoint_scores=people.keypoint_scores,
                    bboxes=people.bboxes,
                    bbox_scores=people.bbox_scores.astype(float),
                )
            )
        )
    )[1]
    assert set(ours) - set(theirs) == {'track_id', 'filled', 'keypoints_raw'} and set(theirs) < set(ours)
    for key, value in theirs.items():
        assert np.shape(ours[key]) == np.shape(value)
        np.testing.assert_allclose(ours[key], value, atol=1e-3)


def test_the_same_input_gives_the_same_bytes(tmp_path):
    for name in ('a.json', 'b.json'):
        write(tmp_path / name, [(i, i / 30, two_people()) for i in range(3)])
    assert (tmp_path / 'a.json').read_bytes() == (tmp_path / 'b.json').read_bytes()


def test_reading_gives_back_what_was_written(tmp_path):
    path, people = tmp_path / 'x.json', two_people()
    write(path, [(3, 0.1, People.empty(2)), (4, 0.2, people)])
    poses = read_poses_json(path)
    assert [f.index for f in poses.frames] == [3, 4]
    assert [f.time for f in poses.frames] == pytest.approx([0.1, 0.2])
    assert poses.frames[0].people.keypoints.shape == (0, 2, 2)
    back = poses.frames[1].people
    np.testing.assert_allclose(back.keypoints[1], people.keypoints[1], atol=6e-4)
    assert np.isnan(back.keypoints[0, 1]).all()
    for name in ('bboxes', 'bbox_scores', 'keypoint_scores', 'keypoints_raw', 'track_ids', 'filled'):
        np.testing.assert_allclose(getattr(back, name), getattr(people, name), atol=6e-4)
        assert getattr(back, name).dtype == getattr(people, name).dtype
    assert poses.skeleton.names == STICK.names and poses.skeleton.sides == STICK.sides
    assert poses.skeleton.links == STICK.links and poses.skeleton.flip_indices == STICK.flip_indices
    assert poses.video.fps == Fraction(30000, 1001) and poses.run['preset'] == 'embedded'


def test_nothing_is_there_before_it_is_closed(tmp_path):
    path = tmp_path / 'deep' / 'x.json'
    exporter = open_exporter('json', path, RUN, STICK, VIDEO)
    exporter.write(FrameResult(Frame(0, 0.0, None), two_people()))
    assert not path.exists()
    assert exporter.close() == [path] and path.exists()
    assert exporter.close() == [path]  # a second close is harmless
    assert os.listdir(path.parent) == ['x.json']


@pytest.mark.parametrize('end', ['abort', 'error'])
def test_an_aborted_export_leaves_nothing(tmp_path, end):
    if end == 'abort':
        exporter = open_exporter('json', tmp_path / 'x.json', RUN, STICK, VIDEO)
        exporter.write(FrameResult(Frame(0, 0.0, None), two_people()))
        exporter.abort()
    else:
        with pytest.raises(ZeroDivisionError):
            with open_exporter('json', tmp_path / 'x.json', RUN, STICK, VIDEO) as exporter:
                exporter.write(FrameResult(Frame(0, 1 / 0, None), two_people()))
    assert os.listdir(tmp_path) == [] and exporter.files == []


def test_ctrl_c_in_the_middle_of_a_frame_keeps_the_frames_before(tmp_path, monkeypatch, request):
    # tests in the background of a shell inherit an ignored SIGINT
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    exporter = open_exporter('json', tmp_path / 'x.json', RUN, STICK, VIDEO)
    exporter.write(FrameResult(Frame(0, 0.0, None), two_people()))
    with monkeypatch.context() as patch:
        patch.setattr('pipeline.formats.json_file.instances', lambda people: signal.raise_signal(signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            exporter.write(FrameResult(Frame(1, 0.1, None), two_people()))
    exporter.close()
    assert [f.index for f in read_poses_json(tmp_path / 'x.json').frames] == [0]


def test_existing_files_are_kept_unless_forced(tmp_path):
    path = tmp_path / 'x.json'
    path.write_text('mine')
    with pytest.raises(InputError, match='exists already'):
        open_exporter('json', path, RUN, STICK, VIDEO)
    assert path.read_text() == 'mine'
    write(path, [], force=True)
    assert read_poses_json(path).frames == []


def test_a_full_disk_is_one_clear_error(tmp_path, monkeypatch):
    exporter = open_exporter('json', tmp_path / 'x.json', RUN, STICK, VIDEO)

    def full(text):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(exporter, '_file', type('Full', (), {'write': staticmethod(full)}))
    with pytest.raises(InputError, match='no space left'):
        exporter.write(FrameResult(Frame(0, 0.0, None), two_people()))
    assert os.listdir(tmp_path) == []
    exporter.close()  # nothing more to do
    assert os.listdir(tmp_path) == []


def test_wrong_people_and_formats_are_named(tmp_path):
    with pytest.raises(InputError, match="unknown format 'xml': allowed are .*c3d, coco, csv, .*trc"):
        open_exporter('xml', tmp_path / 'x', RUN, STICK, VIDEO)
    exporter = open_exporter('json', tmp_path / 'x.json', RUN, STICK, VIDEO)
    with pytest.raises(InputError, match="people of 17 joints, skeleton 'stick' has 2"):
        exporter.write(FrameResult(Frame(0, 0.0, None), People.empty(17)))


def test_memory_does_not_grow_with_the_video(tmp_path):
    import tracemalloc

    people = two_people()
    with open_exporter('json', tmp_path / 'x.json', RUN, STICK, VIDEO) as exporter:
        for i in range(200):
            exporter.write(FrameResult(Frame(i, i / 30, None), people))
        tracemalloc.start()
        for i in range(200, 3000):
            exporter.write(FrameResult(Frame(i, i / 30, None), people))
        grown, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert grown < 100_000 < (tmp_path / 'x.json').stat().st_size


def test_sigmas_are_written_and_read_where_there_are_any(tmp_path):
    people = two_people()
    people.keypoint_sigmas = np.array([[1.25, np.nan], [3.5, 4.0]], np.float32)
    write(tmp_path / 'x.json', [(0, 0.0, people), (1, 0.1, two_people())])
    first, second = read_poses_json(tmp_path / 'x.json').frames
    np.testing.assert_array_equal(first.people.keypoint_sigmas, people.keypoint_sigmas)
    assert second.people.keypoint_sigmas is None
    assert (tmp_path / 'x.json').read_text().count('keypoint_sigmas') == 2  # of the two people of the first frame
