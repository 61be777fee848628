"""Read what ``torch.save`` pickles, without unpickling it.

A pickle is a program. This machine knows the few steps that checkpoints are made of, and every name
in a file stands for a small builder of this module or for nothing: no class of the file's choice is
made, no function of it is called. Sizes are checked before memory is asked for, and what comes out
is plain: numbers, strings, lists, dictionaries, tensors, and arrays of numbers.
"""

import math
import pickletools
import re
from collections import OrderedDict
from typing import Any, BinaryIO, Callable, Dict, List, Optional, Tuple

import numpy as np
import torch

MAX_STEPS = 2_000_000  # of a pickle; the published checkpoints have some ten thousand
MAX_DEPTH = 100  # of values within values
MAX_PICKLE = 1 << 26  # bytes, tensors not counted
_KEYS = (str, int, float, bool, type(None))
_NUMBERS = re.compile(r'[<>|=]?(b1|\?|[iu][1248]|f[248])')
_SYSTEM = frozenset(('builtins', '__builtin__', 'ctypes', 'nt', 'os', 'posix', 'runpy', 'shutil', 'subprocess', 'sys'))
_TEXT = re.compile(r'[<>|=]?[US]\d+')


class Refused(Exception):
    """The file holds something that is not read; the message says what."""


class Discarded:
    """Stands in for what training left in a checkpoint and nothing here reads."""


class Storage:
    """The numbers of one or more tensors.

    Attributes:
        data: ``(N,)`` tensor; one of bytes where the file does not say of what type the numbers are.
        typed: whether it does.
    """

    def __init__(self, data: torch.Tensor, typed: bool):
        self.data, self.typed = data, typed


class _DType:
    """A NumPy type on its way; only the order of its bytes can be set."""

    def __init__(self, code: str):
        self.code = code
        self.dtype = np.dtype(code) if _NUMBERS.fullmatch(code) else None  # None: text, which is not read


class _Array(np.ndarray):
    """An array on its way: empty until its content comes."""


class _Name:
    """A name in a file, and what is built where the file calls it."""

    def __init__(self, name: str, build: Callable):
        self.name, self.build = name, build


class Reader:
    """A stack machine for one pickle.

    Args:
        load: gives the :class:`Storage` of a persistent id, which is a tuple.
        max_bytes: that all tensors may claim together.
        discarded: if given, names that stand for nothing here become :class:`Discarded`, and are added to it;
            only those of the operating system are refused even then.
    """

    def __init__(self, load: Callable[[Tuple], Storage], max_bytes: int, discarded: Optional[List[str]] = None):
        self._load, self._left, self._discarded = load, max_bytes, discarded
        self._copied = 0
        self._stack: List[Any] = []
        self._marks: List[int] = []
        self._memo: Dict[int, Any] = {}

    def read(self, stream: BinaryIO) -> Any:
        """The value of the pickle that begins where ``stream`` stands.

        Raises:
            Refused: if it holds anything but plain values and weights.
            ValueError, LookupError …: if it is damaged.
        """
        for count, (opcode, argument, position) in enumerate(pickletools.genops(stream)):
            if count >= MAX_STEPS or (position or 0) > MAX_PICKLE:
                raise Refused(f'more than {MAX_STEPS} steps or {MAX_PICKLE} bytes beside the weights')
            if opcode.name == 'STOP':
                value = self._stack.pop()
                if self._discarded is None:
                    check_plain(value)
                return value
            self._step(opcode.name, argument)
        raise EOFError

    def _step(self, name: str, argument: Any) -> None:
        stack = self._stack
        if name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name in _LITERALS:
            stack.append(_text(argument) if isinstance(argument, str) else argument)
        elif name in ('PROTO', 'FRAME'):
            pass
        elif name == 'MARK':
            self._marks.append(len(stack))
        elif name == 'TUPLE':
            stack.append(tuple(self._since_mark()))
        elif name in ('TUPLE1', 'TUPLE2', 'TUPLE3'):
            stack.append(tuple(self._popped(int(name[-1]))))
        elif name in ('BINPUT', 'LONG_BINPUT', 'MEMOIZE'):
            self._memo[len(self._memo) if argument is None else argument] = stack[-1]
        elif name in ('BINGET', 'LONG_BINGET'):
            stack.append(self._memo[argument])
        elif name in ('APPEND', 'APPENDS'):
            items = self._since_mark() if name == 'APPENDS' else self._popped(1)
            if not isinstance(stack[-1], Discarded):
                _a(list, stack[-1]).extend(items)
        elif name in ('SETITEM', 'SETITEMS'):
            items = self._since_mark() if name == 'SETITEMS' else self._popped(2)
            if not isinstance(stack[-1], Discarded):
                target = _a(dict, stack[-1])
                for key, value in zip(items[::2], items[1::2], strict=True):
                    target[_key(key)] = value
        elif name == 'GLOBAL':
            stack.append(self._named(argument))
        elif name == 'STACK_GLOBAL':
            module, attribute = self._popped(2)
            stack.append(self._named(f'{_a(str, module)} {_a(str, attribute)}'))
        elif name == 'BINPERSID':
            stack.append(self._load(_a(tuple, stack.pop())))
        elif name in ('REDUCE', 'NEWOBJ'):
            called, arguments = self._popped(2)
            stack.append(_a(_Name, called).build(self, *_a(tuple, arguments)))
        elif name == 'BUILD':
            (state,) = self._popped(1)
            self._set_state(stack[-1], state)
        else:
            raise Refused(f'the step {name}')

    def _named(self, name: str) -> Any:
        try:
            return _named(name)
        except Refused as error:
            if self._discarded is None or name.partition(' ')[0].partition('.')[0] in _SYSTEM:
                raise
            if str(error) not in self._discarded:
                self._discarded.append(str(error))
            return _Name(name, _discard)

    def _popped(self, count: int) -> list:
        if len(self._stack) < count + (self._marks[-1] if self._marks else 0):
            raise IndexError('stack is empty')
        items = self._stack[-count:]
        del self._stack[-count:]
        return items

    def _since_mark(self) -> list:
        mark = self._marks.pop()
        items = self._stack[mark:]
        del self._stack[mark:]
        return items

    def _set_state(self, value: Any, state: Any) -> None:
        if isinstance(value, Discarded):
            return
        if isinstance(value, OrderedDict):  # versions of modules, which state dicts carry along
            if isinstance(state, dict) and isinstance(state.get('_metadata'), dict):
                value._metadata = state['_metadata']
        elif isinstance(value, _DType):
            version, order, *others = _a(tuple, state)
            if version != 3 or others[:3] != [None] * 3 or len(others) != 6 or others[-1] not in (0, 8):
                raise Refused('a NumPy type with fields')
            if value.dtype is not None:
                value.dtype = value.dtype.newbyteorder(order)
        elif isinstance(value, _Array):
            _fill(value, state)
        else:
            raise Refused(f'a state of {type(value).__name__}')

    def copied(self, size: int) -> None:
        """Count ``size`` items or bytes that are copied, so that a short file cannot ask for endless copies."""
        self._copied += size
        if self._copied > MAX_PICKLE:
            raise Refused('too many copies of its own parts')

    def tensor(self, storage: Storage, dtype: torch.dtype, offset: int, size: Tuple, stride: Tuple) -> torch.Tensor:
        """A tensor over a storage.

        Raises:
            Refused: if it reaches beyond the storage, or all tensors together ask for too much.
        """
        data = storage.data if storage.typed else storage.data.view(dtype)
        numbers = [offset, *_a(tuple, size), *_a(tuple, stride)]
        if len(size) != len(stride) or any(type(n) is not int or not 0 <= n < 1 << 62 for n in numbers):
            raise Refused('a tensor of an impossible shape')
        count = math.prod(size)
        last = offset + sum((n - 1) * step for n, step in zip(size, stride)) if count else offset - 1
        self._left -= count * data.element_size()
        if last >= len(data) or self._left < 0:
            raise Refused('tensors larger than the file')
        return torch.as_strided(data, size, stride, offset)


def check_plain(value: Any) -> None:
    """Raise :class:`Refused` if ``value`` holds anything unreadable, is nested too deeply, or has no end."""
    waiting, seen = [(value, 0)], 0
    while waiting:
        item, depth = waiting.pop()
        seen += 1
        if depth > MAX_DEPTH or seen > MAX_STEPS:
            raise Refused(f'values nested more than {MAX_DEPTH} deep, or more than {MAX_STEPS}')
        if isinstance(item, dict):
            waiting.extend((inner, depth + 1) for inner in item.values())
        elif isinstance(item, (list, tuple, set)):
            waiting.extend((inner, depth + 1) for inner in item)
        elif isinstance(item, (_Name, _DType, Storage)):
            raise Refused(getattr(item, 'name', type(item).__name__))


def _a(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f'{kind.__name__} expected, found {type(value).__name__}')
    return value


def _text(value: str) -> str:
    value.encode()  # raises for half a character, which nobody could print
    return value


def _key(value: Any) -> Any:
    if not isinstance(value, _KEYS):  # hashing a tuple goes down into it
        raise Refused(f'a key that is a {type(value).__name__}')
    return value


def _fill(array: _Array, state: Any) -> None:
    version, shape, dtype, fortran, content = _a(tuple, state)
    dtype, content = _a(_DType, dtype).dtype, _bytes(content) if not isinstance(content, list) else content
    if dtype is None:
        return
    sized = all(type(n) is int and 0 <= n < 1 << 31 for n in _a(tuple, shape)) and len(shape) <= 8
    if not sized or not isinstance(content, bytes) or math.prod(shape) * dtype.itemsize != len(content):
        raise Refused('an array whose content does not fit its shape')
    array.__setstate__((1, shape, dtype, bool(fortran), content))


def _bytes(value: Any) -> bytes:
    return value.encode('latin1') if isinstance(value, str) else _a(bytes, value)


def _make_dtype(reader: Reader, code: Any, *_) -> _DType:
    if not isinstance(code, str) or not (_NUMBERS.fullmatch(code) or _TEXT.fullmatch(code)):
        raise Refused(f'the NumPy type {str(code)[:20]!r}')
    return _DType(code)


def _make_scalar(reader: Reader, dtype: Any, content: Any) -> Any:
    dtype, content = _a(_DType, dtype).dtype, _bytes(content)
    if dtype is None:
        return Discarded()
    if len(content) != dtype.itemsize:
        raise Refused('a number of another size than its type')
    return np.frombuffer(content, dtype)[0]


def _make_array(reader: Reader, kind: Any, shape: Any, code: Any) -> _Array:
    return np.empty(0, np.uint8).view(_Array)


def _make_bytes(reader: Reader, text: Any, encoding: Any = 'latin1') -> bytes:
    if encoding not in ('latin1', 'latin-1', 'utf-8', 'utf8', 'ascii'):
        raise Refused(f'the encoding {str(encoding)[:20]!r}')
    reader.copied(len(_a(str, text)))
    return text.encode(encoding)


def _make_no_bytes(reader: Reader) -> bytes:
    return b''


def _make_dictionary(reader: Reader, pairs: Any = ()) -> OrderedDict:
    reader.copied(len(_a((list, tuple), pairs)))
    return OrderedDict((_key(key), value) for key, value in pairs)


def _make_set(reader: Reader, items: Any = ()) -> set:
    reader.copied(len(_a((list, tuple), items)))
    return set(map(_key, items))


def _make_tuple(reader: Reader, items: Any = ()) -> tuple:
    reader.copied(len(_a((list, tuple), items)))
    return tuple(items)


def _make_tensor(reader: Reader, storage: Any, offset: Any, size: Any, stride: Any, *_) -> torch.Tensor:
    storage = _a(Storage, storage)
    if not storage.typed:
        raise Refused('a tensor of no type')
    return reader.tensor(storage, storage.data.dtype, offset, size, stride)


def _make_tensor_of_bytes(
    reader: Reader, storage: Any, offset: Any, size: Any, stride: Any, grad: Any, hooks: Any, dtype: Any, *_
) -> torch.Tensor:
    return reader.tensor(_a(Storage, storage), _a(torch.dtype, dtype), offset, size, stride)


def _make_parameter(reader: Reader, data: Any, *_) -> torch.Tensor:
    return _a(torch.Tensor, data)


def _make_tensor_with_attributes(reader: Reader, called: Any, kind: Any, arguments: Any, *_) -> torch.Tensor:
    build = _a(_Name, called).build
    if build not in (_make_tensor, _make_tensor_of_bytes, _make_parameter):
        raise Refused(f'a tensor made by {called.name}')
    return build(reader, *_a(tuple, arguments))


def _discard(reader: Reader, *_) -> Discarded:
    return Discarded()


_LITERALS = ('BININT', 'BININT1', 'BININT2', 'LONG1', 'BINFLOAT', 'BINUNICODE', 'SHORT_BINUNICODE')
_LITERALS += ('SHORT_BINSTRING', 'BINSTRING', 'BINBYTES', 'SHORT_BINBYTES')
_CONSTANTS = {'NONE': None, 'NEWTRUE': True, 'NEWFALSE': False, 'EMPTY_TUPLE': ()}
_EMPTY = {'EMPTY_LIST': list, 'EMPTY_DICT': dict, 'EMPTY_SET': set}
#: Types of numbers that tensors may have, by the names that files use for their storages.
STORAGES = {
    'DoubleStorage': torch.float64,
    'FloatStorage': torch.float32,
    'HalfStorage': torch.float16,
    'BFloat16Storage': torch.bfloat16,
    'LongStorage': torch.int64,
    'IntStorage': torch.int32,
    'ShortStorage': torch.int16,
    'CharStorage': torch.int8,
    'ByteStorage': torch.uint8,
    'BoolStorage': torch.bool,
}
_TYPES = {str(dtype).rpartition('.')[2]: dtype for dtype in STORAGES.values()}
_NAMES: Dict[str, Callable] = {
    'collections OrderedDict': _make_dictionary,
    'builtins set': _make_set,
    '__builtin__ set': _make_set,
    'builtins slice': _discard,
    '__builtin__ slice': _discard,
    '_codecs encode': _make_bytes,
    'builtins bytes': _make_no_bytes,
    '__builtin__ bytes': _make_no_bytes,
    'torch Size': _make_tuple,
    'torch device': _discard,
    'torch._utils _rebuild_tensor': _make_tensor,
    'torch._utils _rebuild_tensor_v2': _make_tensor,
    'torch._utils _rebuild_tensor_v3': _make_tensor_of_bytes,
    'torch._utils _rebuild_parameter': _make_parameter,
    'torch._tensor _rebuild_from_type_v2': _make_tensor_with_attributes,
    'torch Tensor': _discard,
    'torch.nn.parameter Parameter': _discard,
    'numpy dtype': _make_dtype,
    'numpy ndarray': _discard,
    # the log of a training run, whose buffers were pickled with `getattr`; neither is let in
    'mmengine.logging.history_buffer HistoryBuffer': _discard,
    'builtins getattr': _discard,
    '__builtin__ getattr': _discard,
}
for _core in ('numpy.core', 'numpy._core'):
    _NAMES[f'{_core}.multiarray scalar'] = _make_scalar
    _NAMES[f'{_core}.multiarray _reconstruct'] = _make_array


def _named(name: str) -> Any:
    module, _, attribute = name.partition(' ')
    if name in _NAMES:
        return _Name(name, _NAMES[name])
    if module == 'torch' and attribute in STORAGES or name == 'torch.storage UntypedStorage':
        return _Name(name, _refuse_call)
    if module == 'torch' and attribute in _TYPES:
        return _TYPES[attribute]
    raise Refused(name[:80].replace(' ', '.'))


def named_storage(value: Any) -> Optional[torch.dtype]:
    """The type of the numbers in a storage that a file calls ``value``; None for bytes of any type."""
    name = _a(_Name, value).name
    if value.build is not _refuse_call:
        raise Refused(name)
    return STORAGES.get(name.partition(' ')[2])


def _refuse_call(reader: Reader, *_) -> None:
    raise Refused('a storage outside of a tensor')
