"""What is built to get in: names, links, playlists, programs in checkpoints. None reads a file that was not named."""

import io
import os
import pickle
import pickletools
import socket
import struct
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.assets import find
from pipeline.backends.checkpoint import read_checkpoint
from pipeline.backends.openvino_network import OpenVINONetwork
from pipeline.batch.manifest import NAME, Manifest
from pipeline.batch.videos import find_videos
from pipeline.errors import InputError
from pipeline.formats import read_poses_json
from pipeline.video import open_source
from pipeline.video.open_source import source_name
from tests.batch.toy_chain import write_video
from tests.fuzz.mutations import fuzz

SECRET = 'secret.mp4'


@pytest.fixture(scope='module')
def home(tmp_path_factory):
    """A folder with a video that nobody may read unless by its name."""
    folder = tmp_path_factory.mktemp('home')
    write_video(folder / SECRET, 4)
    return folder


def opened(name) -> None:
    with open_source(name, timeout=0.3) as source:
        for _ in source:
            pass


# -- names ----------------------------------------------------------------------------------------------------

PIECES = (
    *('..', '.', '/', '//', '\\', '\0', '\n', '\r', '\t', '\x1b[2J', ' ', '-', '=', '+', '@', '~', '$(true)', '`true`'),
    *('*', '?', '[', ']', '**', '%d', '%03d', '{', '|', ';', ',', ':', 'ü', '\udcff', '\u202e', 'a' * 260, '9' * 11),
    *('subfile,,start,0,end,9999,,:', 'concat:', 'file:', 'file://', 'pipe:', 'cache:', 'crypto:', 'async:', 'data:'),
    *('lavfi:testsrc', 'hls+file:', 'tcp://', 'http://u:hunter2@127.0.0.1:9/', 'unix://', 'gopher://', 'ffconcat '),
    *('/dev/', '/dev/zero', '/dev/shm/', '/proc/self/fd/0', '/etc/passwd', SECRET, '.mp4', '.png', '.m3u8', '0', '7'),
)
names = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), min_size=1, max_size=5).map(''.join)


@fuzz(0.07)
@given(names, st.booleans())
def test_names(attempt, home, name, make):
    assume(name.strip('/.') or not name)  # not all of this machine
    plain = os.path.basename(name)
    if make and plain not in ('', '.', '..', SECRET) and '\0' not in plain and len(os.fsencode(plain)) < 250:
        (home / plain).write_bytes(b'no video')  # a file of that name, which is not what the name could mean

    def read():
        os.chdir(home)
        for use in (source_name, lambda text: find_videos([text]), opened):
            try:
                use(name)
            except InputError as error:
                assert 'hunter2' not in str(error)
                refused = error
            else:
                refused = None
        if refused:
            raise InputError(str(refused)[:1500])
        path = name.removeprefix('file://')
        assert os.path.exists(path) or any(c in name for c in '*?['), name
        assert os.path.realpath(path) != '/dev/zero'
        if os.path.isfile(path):
            assert os.path.samefile(path, SECRET), name

    try:
        attempt('name', read)
    finally:
        if make and plain != SECRET and os.path.isfile(home / plain):
            (home / plain).unlink()


LINKS = ('file', 'loop', 'gone', 'folder', 'fifo', 'socket', 'device', 'hard', 'chain', 'parent')


@fuzz(0.03)
@given(st.sampled_from(LINKS), st.sampled_from(['a.mp4', 'a.png', 'a.json', NAME, 'a.pth', 'a']))
def test_links(attempt, home, tmp_path_factory, kind, name):
    folder = tmp_path_factory.mktemp('links')
    path = folder / name
    if kind == 'fifo':
        os.mkfifo(path)
    elif kind == 'socket':
        with socket.socket(socket.AF_UNIX) as made:
            os.chdir(folder)
            made.bind(name)
    elif kind == 'hard':
        os.link(home / SECRET, path)
    elif kind == 'chain':
        (folder / 'next').symlink_to(folder / 'last')
        (folder / 'last').symlink_to(home / SECRET)
        path.symlink_to('next')
    else:
        targets = dict(file=home / SECRET, loop=path, gone='nowhere', folder=folder, device='/dev/zero', parent='..')
        path.symlink_to(targets[kind])

    def read():
        refused = None
        for use in (opened, lambda p: find_videos([p]), read_poses_json, read_checkpoint, lambda p: Manifest(folder)):
            try:
                use(path)
            except InputError as error:
                refused = error
        if refused:
            raise refused

    attempt('link', read)


# -- playlists ------------------------------------------------------------------------------------------------

LINES = (
    *('ffconcat version 1.0', f"file '{SECRET}'", f'file {SECRET}', f"file 'file:{SECRET}'", 'option safe 0', 'stream'),
    *(
        '#EXTM3U',
        '#EXT-X-VERSION:7',
        '#EXT-X-TARGETDURATION:1',
        '#EXTINF:1,',
        SECRET,
        f'file:{SECRET}',
        '#EXT-X-ENDLIST',
    ),
    *(f'#EXT-X-MAP:URI="{SECRET}"', f'#EXT-X-KEY:METHOD=AES-128,URI="{SECRET}"', '#EXT-X-STREAM-INF:BANDWIDTH=1'),
    *('<?xml version="1.0"?>', '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">', f'<BaseURL>{SECRET}</BaseURL>', '</MPD>'),
    *('v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=x', 'c=IN IP4 127.0.0.1', 't=0 0', 'm=video 5004 RTP/AVP 96'),
    *(
        'RTSPtext',
        f'rtsptext{SECRET}',
        '[playlist]',
        f'File1={SECRET}',
        ';FFMETADATA1',
        'WEBVTT',
        '# VobSub index file, v7',
    ),
    *(
        'ARMovie',
        f'subfile,,start,0,end,0,,:{SECRET}',
        f'concat:{SECRET}|{SECRET}',
        '<SmoothStreamingMedia>',
        'RIFF',
        '',
    ),
)
SUFFIXES = ('.mp4', '.m3u8', '.ffconcat', '.mpd', '.sdp', '.txt', '.idx', '.ism', '.ts', '.avi', '.mov', '')


@fuzz(0.06)
@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=8), st.sampled_from(SUFFIXES), st.sampled_from('\n\r'))
def test_playlists(attempt, home, lines, suffix, end):
    (home / f'list{suffix}').write_text(end.join([*lines, '']))

    def read():
        os.chdir(home)
        opened(home / f'list{suffix}')

    assert not attempt('playlist', read)


# -- graphs ---------------------------------------------------------------------------------------------------


@fuzz(0.02)
@given(st.lists(st.tuples(st.sampled_from((0.0, 0.5, 1.0)), st.integers(0, 40_000), st.integers(0, 255)), max_size=4))
def test_tflite_graphs(attempt, home, changes):
    found = find('blazepose-full')
    if found is None:
        pytest.skip('blazepose-full is not in the cache')
    content = bytearray(found.read_bytes())
    for where, offset, value in changes:  # the graph is described at both ends, the weights are between
        content[int(where * (len(content) - 40_001)) + offset] = value
    (home / 'a.tflite').write_bytes(content)

    def run():
        network = OpenVINONetwork(str(home / 'a.tflite'))
        network(np.zeros((1, 256, 256, 3), network.dtype))

    # a flipped stride makes the runtime itself ask for gigabytes, which SECURITY.md does not promise to bound
    attempt('TFLite graph', run, growth=6_000_000_000)


# -- programs in checkpoints ----------------------------------------------------------------------------------


def whole() -> list:
    """The steps of a pickle with all that is read."""
    buffer = io.BytesIO()
    content = dict(
        state_dict={'w': torch.ones(3, 2), 'b': torch.zeros(2).half()}, meta=dict(a=[1, 'x', None], b=(1.5, True)),
        array=np.arange(3), number=np.float64(0.5),
    )  # fmt: skip
    torch.save(content, buffer)
    with zipfile.ZipFile(buffer) as archive:
        name = next(name for name in archive.namelist() if name.endswith('data.pkl'))
        return steps_of(archive.read(name))


def steps_of(pickled: bytes) -> list:
    places = [position for _, _, position in pickletools.genops(pickled)] + [len(pickled)]
    return [pickled[begin:end] for begin, end in zip(places, places[1:])]


STEPS = whole()
CALLS = (
    *('os system', 'builtins eval', 'builtins getattr', 'torch load', 'torch._utils _rebuild_qtensor', 'torch Size'),
    *('numpy dtype', 'numpy ndarray', 'numpy.core.multiarray scalar', 'numpy.core.multiarray _reconstruct'),
    *(
        '_codecs encode',
        'collections OrderedDict',
        'builtins set',
        'builtins bytearray',
        'torch FloatStorage',
        'torch half',
    ),
    *('torch._utils _rebuild_tensor_v2', 'torch._utils _rebuild_tensor_v3', 'torch.storage UntypedStorage'),
)
POOL = (
    *(b'c' + '\n'.join(call.split()).encode() + b'\n' for call in CALLS),
    *(b'N', b'\x88', b'\x89', b')', b']', b'}', b'\x8f', b'(', b't', b'\x85', b'\x86', b'\x87', b'l', b'd', b'0', b'2'),
    *(b'a', b'e', b's', b'u', b'R', b'\x81', b'\x92', b'b', b'Q', b'.', b'\x94', b'\x93', b'1', b'o'),
    *(b'K\0', b'K\xff', b'J\xff\xff\xff\x7f', b'J\0\0\0\x80', b'\x8a\x08' + b'\xff' * 7 + b'\x7f', b'\x96' + bytes(8)),
    *(b'q\0', b'q\1', b'h\0', b'h\1', b'h\2', b'r\xff\xff\xff\x7f', b'j\xff\xff\xff\xff', b'I1\n', b'V\\ud800\n'),
    *(b'L1L\n', b'G\x7f\xf0' + bytes(6)),
    *(b'X\1\0\0\0' + c for c in (b'O', b'V', b'f', b'b')),
    *(b'X\2\0\0\0' + c for c in (b'f8', b'O8', b'i8', b'V8', b'U9', b'M8')),
    *(b'X\xff\xff\xff\x7f', b'X\7\0\0\0storage', b'X\3\0\0\0cpu', b'U\x08AAAAAAAA', b'\x8a\xff', b'C\x04AAAA', b'P0\n'),
    b'(K\x03X\1\0\0\0|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb',
    b'(K\x03X\1\0\0\0<NX\1\0\0\0aN}K\0K\0K\0tb',
    b'cnumpy\ndtype\n(X\1\0\0\0O\x89\x88tR',
    b'cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(X\2\0\0\0f8\x89\x88tRU\x08AAAAAAAAtR',
)  # fmt: skip
steps = st.sampled_from(POOL) | st.integers(0, len(STEPS) - 1).map(STEPS.__getitem__)
edits = st.lists(
    st.tuples(
        st.floats(0, 1), st.sampled_from(['insert', 'replace', 'remove', 'repeat', 'swap']), steps, st.integers(1, 40)
    ),
    min_size=1,
    max_size=6,
)


def edited(program: list, changes: list) -> bytes:
    program = list(program)
    for share, change, step, count in changes:
        at = min(int(share * len(program)), max(len(program) - 1, 0))
        if change == 'insert':
            program[at:at] = [step] * count
        elif change == 'replace':
            program[at : at + 1] = [step]
        elif change == 'remove':
            del program[at : at + count]
        elif change == 'repeat':
            program[at:at] = program[at : at + count] * count
        elif program:
            program[at], program[-1 - at] = program[-1 - at], program[at]
    return b''.join(program)


@fuzz(0.12)
@given(
    st.one_of(edits.map(lambda changes: edited(STEPS, changes)), st.lists(steps, max_size=60).map(b''.join)),
    st.booleans(),
)
def test_programs_in_checkpoints(attempt, home, pickled, archive):
    path = home / 'weights.pth'
    if archive:
        with zipfile.ZipFile(path, 'w') as made:
            for name, content in ('data.pkl', pickled), ('data/0', bytes(24)), ('data/1', bytes(4)):
                made.writestr(f'a/{name}', content)
    else:
        head = b''.join(pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, {}))
        tail = pickle.dumps(['0', '1'], 2) + struct.pack('<q', 6) + bytes(24) + struct.pack('<q', 2) + bytes(4)
        path.write_bytes(head + pickled + tail)
    attempt('checkpoint program', lambda: read_checkpoint(path))


def test_the_whole_program_is_read(attempt, home):
    with zipfile.ZipFile(home / 'whole.pth', 'w') as made:
        for name, content in ('data.pkl', b''.join(STEPS)), ('data/0', bytes(24)), ('data/1', bytes(4)):
            made.writestr(f'a/{name}', content)
    assert attempt('checkpoint program', lambda: read_checkpoint(home / 'whole.pth'))
    assert set(read_checkpoint(home / 'whole.pth')) == {'state_dict', 'meta', 'array', 'number'}
