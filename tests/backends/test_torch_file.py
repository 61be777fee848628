"""What torch.save wrote is read as it was; what could run code, crash or fill the memory is refused."""

import os
import pickle
import struct
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch

from pipeline.backends import plain_pickle
from pipeline.backends.checkpoint import read_checkpoint
from pipeline.errors import InputError


def written(path, content, archive=True):
    torch.save(content, path, _use_new_zipfile_serialization=archive)
    return path


def packed(path, pickled: bytes, compression=zipfile.ZIP_STORED, **entries: bytes):
    """An archive of torch with this ``data.pkl``."""
    with zipfile.ZipFile(path, 'w', compression) as archive:
        for name, content in {'data.pkl': pickled, 'version': b'3\n', **entries}.items():
            archive.writestr(f'a/{name}', content)
    return path


def same(a, b) -> bool:
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and a.shape == b.shape and torch.equal(a, b)
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return np.array_equal(a, b) and type(a) is type(b)


@pytest.mark.parametrize('archive', [True, False])
def test_weights_and_plain_values_come_back(tmp_path, archive):
    base = torch.arange(24, dtype=torch.float32)
    content = dict(
        state_dict=OrderedDict(
            whole=base,
            view=base[4:16].view(3, 4).t(),
            one=torch.tensor(3),
            none=torch.zeros(0, 3),
            half=torch.ones(3).half(),
            brain=torch.ones(3).bfloat16(),
            switch=torch.tensor([True, False]),
            parameter=torch.nn.Parameter(torch.ones(2)).data,
        ),
        meta=dict(a=1, b=-(2**70), c=1.5, d='ü', e=None, f=(True, [1, ()]), g={1: 2}, h=torch.Size([2, 3])),
        numbers=[np.float64(0.5), np.int64(3), np.bool_(True)],
        type=torch.float16,
    )
    found = read_checkpoint(written(tmp_path / 'a.pth', content, archive))
    assert same(dict(content, meta={**content['meta'], 'h': (2, 3)}), found)


def test_the_versions_of_modules_come_along(tmp_path):
    weights = torch.nn.BatchNorm2d(3).state_dict()
    found = read_checkpoint(written(tmp_path / 'a.pth', dict(state_dict=weights)))['state_dict']
    assert found._metadata == weights._metadata and found._metadata['']['version'] == 2


def test_files_of_models_are_read_as_torch_reads_them(repository, shared):
    files = [*(repository / 'pipeline' / 'weights').glob('*.pth'), *shared('weights').glob('*.pth')]
    for path in files:
        assert same(torch.load(path, weights_only=True), read_checkpoint(path)), path


def test_arrays_of_numbers_are_read_and_text_in_them_is_left_out(tmp_path):
    numbers = dict(a=np.arange(6.0).reshape(2, 3), b=np.array([1, 2], '>i2'), c=np.zeros(0, bool))
    found = read_checkpoint(written(tmp_path / 'a.pth', {**numbers, 'text': np.array(['nose'])}))
    for name, value in numbers.items():
        assert found[name].dtype == value.dtype.newbyteorder('=') and np.array_equal(found[name], value)
    assert 'nose' not in str(found['text'])


# -- what is refused ------------------------------------------------------------------------------------------


def test_a_number_made_of_an_address_does_not_crash(shared):
    with pytest.raises(InputError, match='scalar_object.pth'):
        read_checkpoint(shared('fixtures', 'hostile', 'scalar_object.pth'))


class Call:
    def __init__(self, function, *arguments, state=None):
        self.call = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self):
        return self.call


scalar, rebuild = np.float64(0).__reduce__()[0], np.zeros(1).__reduce__()[0]
DTYPES = [
    np.dtype('O'),
    np.dtype('V8'),
    np.dtype([('a', 'i4'), ('b', 'O')]),
    np.dtype(('i4', (2,))),
    np.dtype('M8[s]'),
    np.dtype('c16'),
    Call(np.dtype, 'f8', state=(3, '|', None, ('a',), {'a': (np.dtype('f8'), 0)}, 8, 1, 27)),
    Call(np.dtype, 'f8', state=(3, '|', (np.dtype('O'), (2,)), None, None, 16, 8, 0)),
    Call(np.dtype, 'O', state=(3, '|', None, None, None, 8, 8, 0)),
    Call(np.dtype, 'O8,f8'),
]


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('archive', [True, False])
def test_only_types_of_numbers_are_built(tmp_path, dtype, archive):
    for content in (
        Call(scalar, dtype, b'\x41' * 8),
        Call(rebuild, np.ndarray, (0,), b'b', state=(1, (1,), dtype, False, b'\x41' * 8)),
        dtype,
    ):
        with pytest.raises(InputError, match='a.pth'):
            read_checkpoint(written(tmp_path / 'a.pth', {'x': content}, archive))


@pytest.mark.parametrize(
    'state',
    [
        (1, (10**9,), np.dtype('f8'), False, b'12345678'),
        (1, (-1,), np.dtype('f8'), False, b''),
        (1, (2**40, 2**40), np.dtype('f8'), False, b''),
        (1, (1,), np.dtype('f8'), False, [object]),
        (1, (1,), np.dtype('f8'), False, '\u1234' * 8),
        'state',
    ],
)
def test_arrays_whose_content_does_not_fit_are_refused(tmp_path, state):
    path = written(tmp_path / 'a.pth', {'x': Call(rebuild, np.ndarray, (0,), b'b', state=state)})
    with pytest.raises(InputError, match='a.pth'):
        read_checkpoint(path)


def nest(kind: str, depth: int) -> bytes:
    begin, end = {
        'tuple': (b')', b'\x85'),
        'list': (b']' * depth, b'a'),
        'key': (b'})', b'\x85'),
    }[kind]
    last = b'Ns.' if kind == 'key' else b'.'
    return b'\x80\x02' + begin + end * (depth - (kind == 'list')) + last


@pytest.mark.parametrize('kind', ['tuple', 'list', 'key'])
@pytest.mark.parametrize('depth', [1000, 200_000])
@pytest.mark.parametrize('archive', [True, False])
def test_nests_without_end_do_not_overflow_the_stack(tmp_path, kind, depth, archive):
    pickled, path = nest(kind, depth), tmp_path / 'a.pth'
    if archive:
        packed(path, pickled)
    else:
        head = b''.join(pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, {}))
        path.write_bytes(head + pickled + pickle.dumps([], 2))
    with pytest.raises(InputError, match='nested|a key that is a tuple'):
        read_checkpoint(path)


def test_two_million_steps_are_refused(tmp_path):
    with pytest.raises(InputError, match=f'more than {plain_pickle.MAX_STEPS}'):
        read_checkpoint(packed(tmp_path / 'a.pth', nest('tuple', 2_100_000)))


def test_a_value_within_itself_is_refused(tmp_path):
    with pytest.raises(InputError, match='nested'):
        read_checkpoint(packed(tmp_path / 'a.pth', b'\x80\x02]q\x00h\x00a.'))


def test_copies_of_copies_are_refused(tmp_path):
    layers = b'\x80\x02]q\x00' + b''.join(b']q%c(%sh%ce' % (i + 1, b'h%c' % i * 20, i) for i in range(20)) + b'.'
    with pytest.raises(InputError, match='nested more than|or more than'):
        read_checkpoint(packed(tmp_path / 'a.pth', layers))
    text = b'X' + struct.pack('<I', 10**6) + b'x' * 10**6
    copies = b'\x80\x02]' + text + b'q\x000' + b'c_codecs\nencode\n(h\x00X\x06\x00\x00\x00latin1tRa' * 1000 + b'.'
    with pytest.raises(InputError, match='copies'):
        read_checkpoint(packed(tmp_path / 'a.pth', copies))


@pytest.mark.parametrize('memory', [b'\x80\x02}r\xff\xff\xff\x7f.', b'\x80\x02}j\xff\xff\xff\x7f.'])
def test_a_number_of_the_memo_asks_for_no_memory(tmp_path, memory):
    try:
        assert read_checkpoint(packed(tmp_path / 'a.pth', memory)) == {}
    except InputError as error:
        assert 'a.pth' in str(error)


def test_a_small_archive_that_unfolds_is_refused(tmp_path):
    big = bytes(64 << 20)
    path = packed(tmp_path / 'a.pth', pickle.dumps({}, 2), zipfile.ZIP_DEFLATED, **{'data/0': big})
    assert path.stat().st_size < 1 << 17
    with pytest.raises(InputError, match='entries larger than the file'):
        read_checkpoint(path)


def stored(shape, stride, offset=0, count=4):
    """The pickle of a dictionary with one tensor over ``count`` floats, of any shape."""

    def tuple_of(numbers):
        return b'(' + b''.join(b'\x8a\x09' + struct.pack('<q', n) + b'\0' for n in numbers) + b't'

    return (
        b'\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n'
        + b'X\x01\x00\x00\x000X\x03\x00\x00\x00cpu'
        + b'K%ctQ' % count
        + b'\x8a\x09' + struct.pack('<q', offset) + b'\0'
        + tuple_of(shape)
        + tuple_of(stride)
        + b'\x89ccollections\nOrderedDict\n)RtRs.'
    )  # fmt: skip


def test_tensors_stay_within_their_storage(tmp_path):
    numbers = {'data/0': np.arange(4, dtype=np.float32).tobytes()}
    whole = read_checkpoint(packed(tmp_path / 'a.pth', stored([2, 2], [2, 1]), **numbers))
    assert whole['w'].tolist() == [[0, 1], [2, 3]]
    for shape, stride, offset in (
        ([5], [1], 0),
        ([2], [1], 3),
        ([2], [4], 0),
        ([1], [1], -1),
        ([-1], [1], 0),
        ([2], [-1], 3),
        ([2**40], [0], 0),
        ([2**40, 2**40], [0, 0], 0),
        ([4], [1, 1], 0),
        ([2], [2**61], 0),
    ):
        with pytest.raises(InputError, match='a.pth'):
            read_checkpoint(packed(tmp_path / 'a.pth', stored(shape, stride, offset), **numbers))
    with pytest.raises(InputError, match='larger than the file'):
        read_checkpoint(packed(tmp_path / 'a.pth', stored([5], [1], count=5), **numbers))


def test_a_storage_of_the_old_layout_asks_for_no_more_than_the_file_holds(tmp_path):
    content = written(tmp_path / 'a.pth', {'w': torch.ones(4)}, archive=False).read_bytes()
    (tmp_path / 'a.pth').write_bytes(content.replace(b'K\x04', b'J\x00\xca\x9a\x3b'))
    with pytest.raises(InputError, match='larger than the file'):
        read_checkpoint(tmp_path / 'a.pth')


@pytest.mark.parametrize('head', [b'', b'PK\x03\x04', b'\x80\x02X\xff\xff\xff\x7f', b'\x80\x02cnumpy'])
def test_gigabytes_of_nothing_cost_nothing(tmp_path, head):
    with open(tmp_path / 'a.pth', 'wb') as file:
        file.write(head)
        file.truncate(6 << 30)
    with pytest.raises(InputError, match='a.pth'):
        read_checkpoint(tmp_path / 'a.pth')


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / 'a.pth')
    with pytest.raises(InputError, match='a.pth: is not a plain file'):
        read_checkpoint(tmp_path / 'a.pth')


def test_a_flipped_bit_in_a_tensor_is_found(tmp_path):
    path = written(tmp_path / 'a.pth', {'w': torch.ones(1000)})
    content = bytearray(path.read_bytes())
    content[content.index(struct.pack('<f', 1.0) * 10) + 1003] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match='broken'):
        read_checkpoint(path)


def test_every_step_that_is_not_known_is_refused(tmp_path):
    for step in b'iboOIFLVUptg\x82\x83\x84\x93\x97\x98\x8d\x8e\x96':
        with pytest.raises(InputError, match='a.pth'):
            read_checkpoint(packed(tmp_path / 'a.pth', b'\x80\x02}' + bytes([step]) + b'1\n1\n.'))
    for name in (
        b'os\nsystem',
        b'torch\nload',
        b'torch._C\n_cuda',
        b'builtins\neval',
        b'torch._utils\n_rebuild_qtensor',
    ):
        pickled = b'\x80\x02}X\x01\x00\x00\x00ac' + name + b'\n)Rs.'
        with pytest.raises(InputError, match='could run code'):
            read_checkpoint(packed(tmp_path / 'a.pth', pickled))
