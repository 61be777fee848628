"""Files of others: bounded, plain, strict."""

import json
import os
import stat
import threading
from fractions import Fraction

import pytest

from pipeline.batch.manifest import NAME, Manifest
from pipeline.cli.batch import listed
from pipeline.errors import InputError
from pipeline.formats import read_poses_json
from pipeline.moments import parse_rate
from pipeline.posetrack.reading import read_json as read_posetrack
from pipeline.reading import exact_fraction

PERSON = dict(keypoints=[[1, 2]], keypoint_scores=[0.5], bbox=[[0, 0, 1, 1]], bbox_score=0.5, track_id=1)
RECORD = dict(
    video='a', input='a', state={}, settings='s', status='done', ours=True, attempts=1, frames=1, people=1, seconds=0.1
)


def poses(video=None, person=None, **meta) -> str:
    """A pose file as text, of which a part is replaced by text."""
    frame = {'frame_id': 0, 'time': 0, 'instances': [{**PERSON, **(person or {})}]}
    names = {'dataset_name': 'x', 'keypoint_id2name': {'0': 'nose'}, **meta}
    info = {'name': 'a', 'width': 10, 'height': 10, 'fps': '25', **(video or {})}
    text = json.dumps({'meta_info': {**names, 'video': info}, 'instance_info': [frame]})
    for number in ('1e999', 'NaN', '-Infinity', '9' * 3000, '9' * 5000, '9' * 25):
        text = text.replace(f'"<{number}>"', number)
    return text


@pytest.mark.parametrize(
    'content',
    [
        poses(video={'fps': '1e999999999'}),
        poses(video={'fps': '9' * 3000}),
        poses(video={'fps': '1/' + '9' * 3000}),
        poses(video={'fps': f'<{"9" * 3000}>'}),
        poses(video={'fps': f'<{"9" * 5000}>'}),
        poses(video={'fps': '<1e999>'}),
        poses(video={'fps': '<NaN>'}),
        poses(video={'fps': 0}),
        poses(video={'fps': -25}),
        poses(video={'width': f'<{"9" * 3000}>'}),
        poses(video={'start': '<1e999>'}),
        poses(video={'num_frames': [1]}),
        poses(video={'name': '\ud800'}),
        poses(keypoint_id2name={'0': '\udfff'}),
        poses(person={'keypoints': [['<1e999>', 0]]}),
        poses(person={'keypoints': [['<-Infinity>', 0]]}),
        poses(person={'keypoints': [[1e300, 0]]}),
        poses(person={'track_id': f'<{"9" * 25}>'}),
        poses(person={'track_id': 2**63}),
        '[' * 100_000,
        '{"a": "' + '\\ud83d' + '"}',
    ],
)
def test_pose_files_that_hang_or_overflow_are_refused_in_one_line(tmp_path, content):
    (tmp_path / 'a.json').write_text(content)
    with pytest.raises(InputError, match='a.json') as caught:
        read_poses_json(tmp_path / 'a.json')
    assert len(str(caught.value)) < 300 and '\n' not in str(caught.value)


def test_what_is_not_a_number_is_read_as_null(tmp_path):
    (tmp_path / 'a.json').write_text(poses(person={'keypoints': [['<NaN>', 0]]}))
    assert read_poses_json(tmp_path / 'a.json').frames[0].people.keypoints[0, 0, 1] == 0


def test_two_halves_of_a_character_are_one(tmp_path):
    (tmp_path / 'a.json').write_text(poses(video={'name': '\U0001f600', 'fps': '30000/1001'}))
    video = read_poses_json(tmp_path / 'a.json').video
    assert video.name == '\U0001f600' and video.fps == Fraction(30000, 1001)


@pytest.mark.parametrize('rate', ['1e999999999', '9' * 3000, '1/' + '9' * 3000, '1e5', 'nan', 'inf', float('nan'), ''])
def test_rates_without_end_are_refused_at_once(rate):
    with pytest.raises(InputError, match='frame rate'):
        parse_rate(rate)


def test_rates_as_they_are_written():
    assert [exact_fraction(value) for value in ('25', ' 29.97 ', '30000/1001', 25, 0.5, '.5'[1:] + '.5')] == [
        25,
        Fraction(2997, 100),
        Fraction(30000, 1001),
        25,
        Fraction(1, 2),
        Fraction(11, 2),
    ]


@pytest.fixture(params=['fifo', 'nothing', 'device', 'folder', 'link to a device'])
def no_file(request, tmp_path):
    path = tmp_path / NAME
    if request.param == 'fifo':
        os.mkfifo(path)
    elif request.param == 'nothing':
        with open(path, 'wb') as file:
            file.truncate(20 << 30)
    elif request.param == 'folder':
        path.mkdir()
    elif request.param == 'link to a device':
        path.symlink_to('/dev/zero')
    else:
        return '/dev/zero'
    return path


def test_what_is_no_file_is_refused_at_once(no_file, tmp_path):
    reasons = 'plain file|NUL|larger|Is a directory|a link, a folder or a pipe'
    for read in (read_poses_json, read_posetrack):
        with pytest.raises(InputError, match=reasons):
            read(no_file)
    if no_file == tmp_path / NAME:
        with pytest.raises(InputError, match=reasons):
            Manifest(tmp_path)
    if not stat.S_ISFIFO(os.stat(no_file).st_mode):  # which a list may come from
        with pytest.raises(InputError, match=reasons):
            listed(no_file)


def test_a_list_may_come_from_a_pipe(tmp_path):
    os.mkfifo(tmp_path / 'list')
    writer = threading.Thread(target=(tmp_path / 'list').write_text, args=('a.mp4\r\n\n b\u2028.mp4\n',))
    writer.start()
    assert listed(tmp_path / 'list') == ['a.mp4', 'b\u2028.mp4']
    writer.join()


def test_a_nul_in_a_list_is_refused(tmp_path):
    (tmp_path / 'list').write_bytes(b'a.mp4\nb\0.mp4\n')
    with pytest.raises(InputError, match='list: is no text'):
        listed(tmp_path / 'list')


@pytest.mark.parametrize(
    'change',
    [
        '"seconds": NaN',
        '"seconds": 1e999',
        '"attempts": -Infinity',
        f'"frames": {"9" * 3000}',
        f'"frames": {"9" * 5000}',
        '"files": {"../../secret": 3}',
        '"files": {"/etc/passwd": 3}',
        '"files": {"a": NaN}',
    ],
)
def test_a_manifest_with_numbers_that_are_none_or_files_of_others(tmp_path, change):
    line = json.dumps(dict(RECORD, files={}, error=''))
    bad = '{' + change + ', ' + json.dumps({k: v for k, v in json.loads(line).items() if f'"{k}"' not in change})[1:]
    (tmp_path / NAME).write_text(f'{bad}\n{line}\n')
    with pytest.raises(InputError, match='line 1 is no record'):
        Manifest(tmp_path)
    (tmp_path / NAME).write_text(f'{line}\n{bad}')  # cut off: passed over, and gone when it is rewritten
    manifest = Manifest(tmp_path)
    manifest.compact()
    assert (tmp_path / NAME).read_text() == f'{line}\n'


def test_zeros_that_a_crash_left_at_the_end_of_a_manifest_are_passed_over(tmp_path):
    line = json.dumps(dict(RECORD, files={}, error=''))
    (tmp_path / NAME).write_bytes(line.encode() + b'\n' + bytes(500))
    assert list(Manifest(tmp_path).records) == ['a']
