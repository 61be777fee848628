"""Reading JSON with errors that name the file and the place."""

from pathlib import Path
from typing import Any, List, Optional, Union

from pipeline import reading as strict
from pipeline.errors import InputError


class Node:
    """A value inside a JSON file that knows where it stands.

    ``Node(data, path)['images'][3]['id'].integer()`` either gives the number or
    raises an :class:`InputError` such as ``a.json: images[3].id is 'x': not an integer``.
    """

    __slots__ = ('value', '_path', '_parent', '_key')

    def __init__(
        self,
        value: Any,
        path: Union[str, Path, None] = None,
        parent: Optional['Node'] = None,
        key: Union[str, int, None] = None,
    ):
        self.value, self._path, self._parent, self._key = value, path, parent, key

    def __getitem__(self, key: Union[str, int]) -> 'Node':
        if isinstance(key, str):
            if not isinstance(self.value, dict):
                raise self.error('not an object')
            if key not in self.value:
                raise InputError(f'{self.path}: {Node(None, parent=self, key=key).place} is missing')
        return Node(self.value[key], parent=self, key=key)

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    @property
    def path(self) -> str:
        """The file."""
        return str(self._path) if self._parent is None else self._parent.path

    @property
    def place(self) -> str:
        """Where in the file, such as ``images[3].id``."""
        if self._parent is None:
            return ''
        before = self._parent.place
        if isinstance(self._key, int):
            return f'{before}[{self._key}]'
        return f'{before}.{self._key}' if before else self._key

    def items(self) -> List['Node']:
        """The items of an array."""
        if not isinstance(self.value, list):
            raise self.error('not an array')
        return [Node(item, parent=self, key=i) for i, item in enumerate(self.value)]

    def single(self) -> 'Node':
        """The value itself, or the only item of an array: PoseTrack17 wraps all values in arrays."""
        if not isinstance(self.value, list):
            return self
        if len(self.value) != 1:
            raise self.error(f'{len(self.value)} values where one is needed')
        return self[0]

    def number(self) -> float:
        """A finite number."""
        is_number = isinstance(self.value, (int, float)) and not isinstance(self.value, bool)
        if not is_number or not -1e300 < self.value < 1e300:  # whole numbers have no end, and floats have one
            raise self.error('not a finite number')
        return float(self.value)

    def integer(self) -> int:
        """A whole number."""
        number = self.number()
        if number != int(number) or abs(number) >= 2**53:
            raise self.error('not an integer')
        return int(number)

    def identity(self) -> Union[int, str]:
        """An id: a text, or a whole number, which tables and MATLAB write as ``30000.0``."""
        if not isinstance(self.value, (int, float, str)):
            raise self.error('not an id')
        return self.value if isinstance(self.value, str) else self.integer()

    def string(self) -> str:
        """A text."""
        if not isinstance(self.value, str):
            raise self.error('not a string')
        return self.value

    def error(self, problem: str) -> InputError:
        """An error about this value, to be raised."""
        shown = repr(self.value)
        shown = shown if len(shown) <= 40 else shown[:37] + '...'
        return InputError(f'{self.path}: {self.place or "the top level"} is {shown}: {problem}')


def read_json(path: Union[str, Path]) -> Node:
    """The contents of a JSON file, with a byte order mark or without.

    Raises:
        InputError: if it cannot be read or is no JSON; names line and column.
    """
    return Node(strict.read_json(path), path)
