"""The server by plain HTTP: who may ask, what is served, what is kept."""

import http.client
import json
import os
import signal
import time
from fractions import Fraction
from urllib.parse import quote

import numpy as np
import pytest

from pipeline.corrections import Table
from pipeline.formats import RunInfo, open_exporter, read_poses_json
from pipeline.skeletons import load_skeleton
from pipeline.types import Frame, FrameResult, People, VideoInfo
from tests.serve.conftest import COUNT, SWAPPED, TOYS, Server, raw_people, write_clip, write_poses


def unpacked(content):
    """Header and arrays of a result."""
    length = int.from_bytes(content[:4], 'little')
    head = json.loads(content[4 : 4 + length])
    arrays = {}
    for entry in head['arrays']:
        begin = 4 + length + entry['at']
        array = np.frombuffer(content[begin:], '<' + entry['type'], int(np.prod(entry['shape'])))
        arrays[entry['name']] = array.reshape(entry['shape'])
    return head, arrays


def track(arrays, person):
    return arrays['keypoints'][arrays['ids'] == person]


def correct(server, stem, *corrections, base=None):
    base = base or unpacked(server.ask(f'api/result/{stem}').body)[0]['revision']
    return server.ask(f'api/corrections/{stem}', 'PUT', dict(base=base, corrections=list(corrections)))


@pytest.mark.parametrize(
    'path', ['/', '/api/state', '/x/api/state', '//api/state', '/{token}x/', '/{short}/', '/{token}']
)
def test_without_the_token_nothing_is_answered(server, path):
    path = path.format(token=server.token, short=server.token[:-1])
    answer = server.ask(path, raw=True)
    assert answer.status == 403 and b'token' in answer.body and server.folder.name.encode() not in answer.body


def test_another_host_name_is_refused_so_that_no_name_can_be_rebound(server):
    for host in (
        'evil.example',
        f'evil.example:{server.port}',
        f'127.0.0.1.evil.example:{server.port}',
        '127.0.0.1:1',
        '',
    ):
        assert server.ask('api/state', headers={'Host': host}).status == 403, host
    assert server.ask('api/state', headers={'Host': f'localhost:{server.port}'}).status == 200


def test_other_pages_are_refused_even_if_they_know_the_token(server):
    for headers in ({'Origin': 'http://evil.example'}, {'Origin': 'null'}, {'Sec-Fetch-Site': 'cross-site'}):
        assert server.ask('api/stop', 'POST', {}, headers).status == 403, headers
    ours = {'Origin': f'http://127.0.0.1:{server.port}', 'Sec-Fetch-Site': 'same-origin'}
    assert server.ask('api/stop', 'POST', {}, ours).status == 200


def test_the_page_may_load_nothing_from_elsewhere_and_tells_nobody_its_address(server):
    headers = server.ask('').headers
    policy = headers['content-security-policy']
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and 'http' not in policy
    assert 'unsafe' not in policy and headers['referrer-policy'] == 'no-referrer'
    page = server.ask('').body.decode()
    for name in (
        'report.css',
        'serve.css',
        'player.js',
        'timeline.js',
        'result.js',
        'stage.js',
        'editor.js',
        'files.js',
    ):
        assert f'page/{name}' in page and server.ask(f'page/{name}').status == 200
    assert '//' not in page.replace('<!--', '')


@pytest.mark.parametrize(
    'path',
    [
        'media/video/../secret.mp4',
        'media/video/..%2Fsecret.mp4',
        'media/video/%2e%2e%2fsecret.mp4',
        'media/video/..%5csecret.mp4',
        'media/video/%2Fetc%2Fpasswd',
        'media/video/link.mp4',
        'media/video/.hidden.mp4',
        'media/video/pipe.mp4',
        'media/video/folder.mp4',
        'media/video/note.txt',
        'media/video/x%00.mp4',
        'media/overlay/..%2f..%2fsecret',
        'media/secret/clip.mp4',
        'page/..%2fapp.py',
        'page/html.py',
        'api/result/..%2Fsecret',
        'api/result/link',
    ],
)
def test_nothing_outside_of_the_folder_is_served(server, path):
    outside = server.folder.parent / 'secret.mp4'
    outside.write_bytes(b'secret')
    (server.folder.parent / 'secret_poses.json').write_text('{"secret": 1}')
    for name in ('link.mp4', 'output/link_poses.json'):
        if not os.path.lexists(server.folder / name):
            (server.folder / name).symlink_to(server.folder.parent / f'secret{name[name.index("link") + 4 :]}')
    (server.folder / '.hidden.mp4').write_bytes(b'secret')
    (server.folder / 'note.txt').write_bytes(b'secret')
    (server.folder / 'folder.mp4').mkdir(exist_ok=True)
    if not os.path.lexists(server.folder / 'pipe.mp4'):
        os.mkfifo(server.folder / 'pipe.mp4')
    answer = server.ask(path)
    assert answer.status in (400, 403, 404) and b'secret"' not in answer.body and answer.body != b'secret'
    names = [row['video'] for row in server.ask('api/state').json['files']]
    assert not {'link.mp4', '.hidden.mp4', 'pipe.mp4', 'folder.mp4', 'note.txt'} & set(names)


def test_names_that_are_no_text_are_passed_over_and_odd_ones_are_served(server):
    write_clip(server.folder / 'a b#ü%41.mp4', 5)
    broken = os.fsencode(server.folder) + b'/\xff.mp4'
    with open(broken, 'wb') as file:
        file.write(b'x')
    names = [row['video'] for row in server.ask('api/state').json['files']]
    assert 'a b#ü%41.mp4' in names and not any('\udcff' in str(name) for name in names)
    assert server.ask(f'media/video/{quote("a b#ü%41.mp4")}').status == 200
    os.unlink(broken)
    (server.folder / 'a b#ü%41.mp4').unlink()


def test_a_result_of_an_empty_scene_can_be_opened_and_has_nobody_to_correct(server):
    nobody = server.out / 'nobody_poses.json'
    info = VideoInfo('nobody', 64, 48, Fraction(25), 3)
    skeleton = load_skeleton('coco')
    with open_exporter('json', nobody, RunInfo(), skeleton, info, True) as out:
        for i in range(3):
            out.write(FrameResult(Frame(i, i / 25, None), People.empty(17)))
    head, arrays = unpacked(server.ask('api/result/nobody').body)
    assert head['tracks'] == [] and len(arrays['times']) == 3 and arrays['keypoints'].shape == (0, 17, 2)
    answer = correct(server, 'nobody', {'do': 'delete', 'id': 1})
    assert answer.status == 400 and 'person 1 is not there: there are none' in answer.json['error']
    nobody.unlink()


def test_videos_come_in_ranges(server, clip):
    whole = (server.folder / f'{clip}.mp4').read_bytes()
    answer = server.ask(f'media/video/{clip}.mp4', headers={'Range': 'bytes=100-199'})
    assert answer.status == 206 and answer.body == whole[100:200]
    assert answer.headers['content-range'] == f'bytes 100-199/{len(whole)}'
    assert server.ask(f'media/video/{clip}.mp4', headers={'Range': f'bytes={len(whole)}-'}).status == 416


def test_an_upload_is_there_when_it_is_whole_and_a_second_one_is_refused(server, tmp_path):
    content = write_clip(tmp_path / 'x.mp4', 10).read_bytes()
    answer = server.ask('api/upload?name=..%2F..%2Fholiday.MP4', 'PUT', content)
    assert answer.status == 200 and answer.json == {'name': 'holiday.mp4'}
    assert (server.folder / 'holiday.mp4').read_bytes() == content
    again = server.ask('api/upload?name=holiday.mp4', 'PUT', content + b'x')
    assert again.status == 409 and 'in the folder already' in again.json['error']
    assert (server.folder / 'holiday.mp4').read_bytes() == content
    (server.folder / 'holiday.mp4').unlink()


def test_two_uploads_of_one_name_at_once_leave_one_file(server, tmp_path):
    content = write_clip(tmp_path / 'x.mp4', 10).read_bytes()
    first = http.client.HTTPConnection('127.0.0.1', server.port, timeout=60)
    first.putrequest('PUT', f'{server.path}api/upload?name=twice.mp4')
    first.putheader('Content-Length', str(len(content)))
    first.endheaders()
    first.send(content[:1000])
    deadline = time.monotonic() + 30
    while not list(server.folder.glob('.*twice*')) and time.monotonic() < deadline:
        time.sleep(0.02)
    second = server.ask('api/upload?name=twice.mp4', 'PUT', content)
    assert second.status == 409 and 'being uploaded already' in second.json['error']
    first.send(content[1000:])
    assert first.getresponse().status == 200
    first.close()
    assert [path.name for path in server.folder.iterdir() if 'twice' in path.name] == ['twice.mp4']
    (server.folder / 'twice.mp4').unlink()


def test_an_upload_that_breaks_off_leaves_nothing(server):
    connection = http.client.HTTPConnection('127.0.0.1', server.port, timeout=60)
    connection.putrequest('PUT', f'{server.path}api/upload?name=broken.mp4')
    connection.putheader('Content-Length', '500000')
    connection.endheaders()
    connection.send(b'\0' * 1000)
    deadline = time.monotonic() + 30
    while not list(server.folder.glob('.*broken*')) and time.monotonic() < deadline:
        time.sleep(0.02)
    connection.close()
    while list(server.folder.glob('*broken*')) + list(server.folder.glob('.*broken*')) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not [path for path in server.folder.iterdir() if 'broken' in path.name]


@pytest.mark.parametrize('announced', [True, False])
def test_an_upload_beyond_the_limit_is_refused(server, announced):
    pieces = iter([b'\0' * 400_000] * 3)
    body = b'\0' * 1_200_000 if announced else pieces
    try:
        answer = server.ask('api/upload?name=large.mp4', 'PUT', body)
        assert answer.status == 413 and '--max-upload' in answer.json['error']
    except (BrokenPipeError, ConnectionResetError):
        pass  # the server has hung up before everything was sent
    assert not [path for path in server.folder.iterdir() if 'large' in path.name]


@pytest.mark.parametrize(
    'name, content, message',
    [
        ('novel.mp4', b'It was a dark and stormy night. ' * 100, 'novel.mp4: not a video'),
        ('playlist.mp4', b'#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n', 'playlist.mp4: not a video'),
        ('empty.mp4', b'', 'empty.mp4: not a video'),
        ('program.py', b'print(1)', 'is no video by its name'),
        ('', b'x', 'is no video by its name'),
    ],
)
def test_what_is_no_video_is_refused_in_one_line_and_does_not_stay(server, name, content, message):
    answer = server.ask(f'api/upload?name={name}', 'PUT', content)
    assert answer.status == 400 and message in answer.json['error'] and '\n' not in answer.json['error']
    assert str(server.folder) not in answer.json['error']
    assert not name or not [path for path in server.folder.iterdir() if name[:5] in path.name]


def test_a_run_writes_poses_that_can_be_opened(server):
    write_clip(server.folder / 'fresh.mp4', 30)
    number = server.ask('api/run', 'POST', {'name': 'fresh.mp4'}).json['number']
    job = server.finished(number)
    assert job['error'] is None and job['files'] == ['fresh_poses.json'] and job['done'] == job['of'] == 30
    head, arrays = unpacked(server.ask('api/result/fresh').body)
    assert head['shown'] == {'kind': 'video', 'name': 'fresh.mp4', 'offset': 0.0} and len(arrays['times']) == 30
    assert [entry['id'] for entry in head['tracks']] == [1, 2]
    np.testing.assert_allclose(arrays['boxes'][0], [90 - 20, 130 - 50, 90 + 20, 130 + 50], atol=3)
    again = server.finished(server.ask('api/run', 'POST', {'name': 'fresh.mp4'}).json['number'])
    assert 'exists already' in again['error'] and '\n' not in again['error']


def test_a_file_that_has_become_no_video_fails_in_one_line(server):
    (server.folder / 'ruined.mp4').write_bytes(b'\0' * 5000)
    job = server.finished(server.ask('api/run', 'POST', {'name': 'ruined.mp4'}).json['number'])
    assert 'ruined.mp4: not a video' in job['error'] and '\n' not in job['error']
    assert not list(server.out.glob('*ruined*'))
    assert server.ask('api/run', 'POST', {'name': 'absent.mp4'}).status == 400


def test_corrections_are_kept_beside_the_poses_and_give_the_right_tracks(server, clip):
    poses = server.out / f'{clip}_poses.json'
    before = poses.read_bytes()
    head, arrays = unpacked(server.ask(f'api/result/{clip}').body)
    assert head['corrections'] == [] and len(track(arrays, 1)) == COUNT
    answer = correct(server, clip, {'do': 'swap_ids', 'ids': [1, 2], 'from': SWAPPED})
    assert answer.status == 200
    head, arrays = unpacked(answer.body)
    right = write_poses(server.out / f'{clip}-right_poses.json', swapped=False)
    truth = Table.of(read_poses_json(right))
    np.testing.assert_allclose(track(arrays, 1), truth.keypoints[truth.track_ids == 1], atol=0.01)
    kept = json.loads((server.out / f'{clip}_corrections.json').read_text())
    assert kept['corrections'] == head['corrections'] == [{'do': 'swap_ids', 'ids': [1, 2], 'from': SWAPPED}]
    assert poses.read_bytes() == before


def test_a_second_tab_does_not_overwrite_what_the_first_has_corrected(server, clip):
    old = unpacked(server.ask(f'api/result/{clip}').body)[0]['revision']
    assert correct(server, clip, {'do': 'delete', 'id': 2}, base=old).status == 200
    late = correct(server, clip, {'do': 'delete', 'id': 1}, base=old)
    assert late.status == 409 and 'another tab' in late.json['error']
    assert unpacked(server.ask(f'api/result/{clip}').body)[0]['corrections'] == [{'do': 'delete', 'id': 2}]


@pytest.mark.parametrize(
    'corrections, message',
    [
        ([{'do': 'delete', 'id': 9}], 'corrections[0]: person 9 is not there: there are 1, 2'),
        ([{'do': 'explode'}], 'must be one of swap_ids'),
        ('delete', 'must be a list'),
    ],
)
def test_a_correction_that_does_not_fit_is_refused_and_nothing_is_written(server, clip, corrections, message):
    base = unpacked(server.ask(f'api/result/{clip}').body)[0]['revision']
    answer = server.ask(f'api/corrections/{clip}', 'PUT', dict(base=base, corrections=corrections))
    assert answer.status == 400 and message in answer.json['error']
    assert not (server.out / f'{clip}_corrections.json').exists()


def test_corrections_of_other_poses_are_shown_as_such_and_kept(server, clip):
    assert correct(server, clip, {'do': 'delete', 'id': 2}).status == 200
    path = server.out / f'{clip}_corrections.json'
    before = path.read_bytes()
    write_poses(server.out / f'{clip}_poses.json', count=60)
    head, arrays = unpacked(server.ask(f'api/result/{clip}').body)
    assert 'was made for other poses' in head['note'] and set(arrays['ids']) == {1, 2}
    assert correct(server, clip, {'do': 'delete', 'id': 1}).status == 400
    assert path.read_bytes() == before


def test_corrected_files_are_written_beside_the_poses(server, clip):
    correct(server, clip, {'do': 'swap_ids', 'ids': [1, 2], 'from': SWAPPED})
    number = server.ask(f'api/export/{clip}', 'POST', {'formats': ['json', 'csv']}).json['number']
    job = server.finished(number)
    names = {f'{clip}_corrected{suffix}' for suffix in ('_overlay.mp4', '_poses.json', '_poses.csv')}
    assert job['error'] is None and names <= set(job['files'])
    rows = [row for row in server.ask('api/state').json['files'] if row['stem'].startswith(clip)]
    assert rows == [dict(video=f'{clip}.mp4', stem=clip, result=clip)]
    table = Table.of(read_poses_json(server.out / f'{clip}_corrected_poses.json'))
    raw = raw_people(80, swapped=False)
    np.testing.assert_allclose(table.keypoints_raw[table.position == 80], raw.keypoints, atol=0.01)
    assert table.run['options']['corrections'] == [{'do': 'swap_ids', 'ids': [1, 2], 'from': SWAPPED}]


@pytest.mark.parametrize('body', [b'[1]', b'{', b'\xff', b'[' * 100_000])
def test_a_request_that_is_no_object_is_refused_in_one_line(server, body):
    answer = server.ask('api/run', 'POST', body)
    assert answer.status == 400 and '\n' not in answer.json['error']


@pytest.mark.slow
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGKILL])
def test_when_the_server_ends_its_run_ends_too_and_leaves_nothing(tmp_path, number):
    pytest.importorskip('uvicorn', reason='the page needs starlette and uvicorn')
    write_clip(tmp_path / 'clip.mp4')
    running = Server(tmp_path, '--preset', str(TOYS / 'slow_preset.py'))
    running.ask('api/run', 'POST', {'name': 'clip.mp4'})
    second = running.ask('api/run', 'POST', {'name': 'clip.mp4'})
    assert second.status == 409 and 'one video runs at a time' in second.json['error']
    deadline = time.monotonic() + 60
    while not running.ask('api/state').json['job']['done'] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert list(running.out.iterdir())
    code, said = running.end(number)
    if number == signal.SIGINT:
        assert code == 0 and 'Traceback' not in said
    deadline = time.monotonic() + 60  # of its own, as a busy machine may have needed all of the first
    while list(running.out.glob('*')) + list(running.out.glob('.*poses*')) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [path.name for path in running.out.iterdir() if 'poses' in path.name] == []
