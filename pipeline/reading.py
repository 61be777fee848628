"""Read files of others: bounded in size, from plain files only, as strict JSON."""

import json
import math
import os
import re
import stat
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, Union

from pipeline.errors import InputError

#: Bytes of a JSON file, of a manifest, and of a list of inputs.
MAX_JSON, MAX_MANIFEST, MAX_LIST = 1 << 33, 1 << 28, 1 << 26
_BLOCK = 1 << 20
_NOTHING = b'\0' * 4  # one or three in a row are in a text of UTF-16 or UTF-32
_FRACTION = re.compile(r'\d{1,12}(?:\.\d{0,12})?(?:/\d{1,12})?')
_HALF = re.compile(rb'\\u[dD][89a-fA-F]')  # of a character beyond the first 65,536; two make one


def open_plain(path: Union[str, Path], pipes: bool = False) -> BinaryIO:
    """Open a file for reading; a pipe or a device, which may never end or never begin, is refused.

    Raises:
        InputError: for what is no plain file, nor a pipe if ``pipes`` may be.
        OSError, ValueError: if it cannot be opened.
    """
    file = open(os.open(path, os.O_RDONLY | (0 if pipes else os.O_NONBLOCK)), 'rb')
    mode = os.fstat(file.fileno()).st_mode
    if not (stat.S_ISREG(mode) or pipes and stat.S_ISFIFO(mode)):
        file.close()
        raise InputError(f'{path}: is not a plain file')
    return file


def read_bounded(path: Union[str, Path], limit: int, text: bool = True, pipes: bool = False) -> bytes:
    """The content of a file.

    Args:
        limit: bytes it may have.
        text: refuse it at the first NULs, of which a file of nothing may hold gigabytes.
        pipes: whether it may be a pipe, such as a shell's ``<(command)``.

    Raises:
        InputError: if it cannot be read, is larger, or is a device, a folder, or a pipe and must not be.
    """
    content = bytearray()
    try:
        with open_plain(path, pipes) as file:
            state = os.fstat(file.fileno())
            while state.st_size <= limit and (block := file.read(_BLOCK)):
                content += block
                if text and _NOTHING in block:
                    raise InputError(f'{path}: is no text: it holds NUL bytes')
                if len(content) > limit:
                    break
    except OSError as error:
        raise InputError(f'{path}: cannot be read ({error.strerror})') from error
    except ValueError as error:
        raise InputError(f'{str(path)!r}: no file can have this name ({error})') from error
    if max(len(content), state.st_size) > limit:
        raise InputError(f'{path}: is larger than the {limit} bytes that are read')
    return bytes(content)


def read_json(path: Union[str, Path]) -> Any:
    """The value in a JSON file. ``NaN`` stands for null; numbers that are infinite are left to the caller.

    Raises:
        InputError: if it cannot be read, is larger than :data:`MAX_JSON`, or is no JSON; names line and column.
    """
    content = read_bounded(path, MAX_JSON)
    try:
        value = json.loads(content.decode(json.detect_encoding(content)), parse_constant=_constant)
        if _HALF.search(content):
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except json.JSONDecodeError as error:
        raise InputError(f'{path}: line {error.lineno}, column {error.colno}: not valid JSON ({error.msg})') from error
    except UnicodeDecodeError as error:
        raise InputError(f'{path}: byte {error.start}: not UTF-8 text') from error
    except UnicodeEncodeError as error:
        raise InputError(f'{path}: holds half a character ({error.object[error.start]!r})') from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets without end
        raise InputError(f'{path}: not readable as JSON ({error})') from error


def strict_json(line: bytes) -> Any:
    """The value of a line that we wrote ourselves.

    Raises:
        ValueError, RecursionError: if it is no JSON, or holds a number that is not finite or too long.
    """
    return json.loads(line, parse_constant=_refuse, parse_float=_finite, parse_int=_integer)


def exact_fraction(value: Any) -> Fraction:
    """A number, or a text such as ``25``, ``29.97`` or ``30000/1001``, as a fraction.

    Raises:
        ValueError: if it is something else, or has digits without end, which would take hours.
    """
    if isinstance(value, str) and not _FRACTION.fullmatch(value.strip()):
        raise ValueError(f'{value[:40]!r} is not a number such as 25 or 30000/1001')
    fraction = Fraction(value)  # of a number beyond any rate, too, but never slowly
    if max(abs(fraction.numerator), fraction.denominator).bit_length() > 2000:
        raise ValueError('a number of too many digits')
    return fraction


def _constant(text: str) -> None:
    if text != 'NaN':
        raise ValueError(f'{text} is not a number')


def _refuse(text: str) -> None:
    raise ValueError(f'{text} is not a number')


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _refuse(text[:20])
    return number


def _integer(text: str) -> int:
    if len(text) > 20:
        _refuse(f'{text[:20]}…')
    return int(text)
