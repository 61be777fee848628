"""Libraries that only some formats need: looked for before work begins, imported when a file is written."""

from importlib.util import find_spec
from typing import List, Sequence

from pipeline.errors import InputError

#: what `pip` calls the modules whose names differ from it
_DISTRIBUTIONS = {'sleap_io': 'sleap-io', 'ndx_pose': 'ndx-pose'}


def missing(modules: Sequence[str]) -> List[str]:
    """Those of ``modules`` that are not installed, by the names that `pip` knows."""
    return [_DISTRIBUTIONS.get(name, name) for name in modules if find_spec(name) is None]


def require(modules: Sequence[str], what: str, extra: str = 'formats') -> None:
    """Check that ``modules`` are installed, without importing them.

    Args:
        what: needs them, for the message, such as ``format c3d``.
        extra: of this package that has them.

    Raises:
        InputError: naming what is missing, and how it is installed.
    """
    absent = missing(modules)
    if absent:
        raise InputError(
            f'{what}: needs {", ".join(absent)}: '
            f"pip install {' '.join(absent)} (or pip install 'smooth-poses[{extra}]')"
        )
