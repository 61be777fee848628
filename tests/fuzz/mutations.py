"""Damaged and hostile inputs by the thousand: each is read, or refused in one line, in little time and memory.

``POSE_FUZZ=10000 pytest tests/fuzz`` (``make fuzz``) tries so many in all, others every time;
without it a small fixed sample is tried. The counts are printed at the end.
"""

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

TOTAL = int(os.environ.get('POSE_FUZZ', 0))
SAMPLE = 15  # inputs per target without POSE_FUZZ


def fuzz(share: float):
    """Decorator: a target that gets ``share`` of all inputs."""
    return settings(
        max_examples=max(SAMPLE, round(TOTAL * share)),
        deadline=None,
        derandomize=not TOTAL,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


class Contents(dict):
    """Without its contents in every message."""

    def __repr__(self):
        return ', '.join(self)


NUMBERS = (
    0,
    1,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0xFFFF,
    1_000_000_000,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    0x7FFFFFFFFFFFFFFF,
    0xFFFFFFFFFFFFFFFF,
)

# where: in the first kilobyte, where headers are, or anywhere
_places = st.one_of(st.integers(0, 1023).map(lambda k: ('byte', k)), st.floats(0, 1).map(lambda s: ('share', s)))
_changes = st.one_of(
    st.tuples(st.just('flip'), st.integers(0, 7)),
    st.tuples(st.just('write'), st.binary(min_size=1, max_size=16)),
    st.tuples(st.just('insert'), st.binary(min_size=1, max_size=16)),
    st.tuples(st.just('number'), st.tuples(st.sampled_from(NUMBERS), st.sampled_from((1, 2, 4, 8)), st.booleans())),
    st.tuples(st.just('remove'), st.integers(1, 200)),
    st.tuples(st.just('repeat'), st.integers(1, 2000)),
    st.tuples(st.just('cut'), st.none()),
)

#: ways to damage a file: see :func:`damaged`
damage = st.lists(st.tuples(_places, _changes), min_size=1, max_size=6)


def damaged(content: bytes, changes) -> bytes:
    """``content`` after a list of changes drawn from :data:`damage`."""
    content = bytearray(content)
    for (kind, where), (change, value) in changes:
        if not content:
            break
        at = min(where if kind == 'byte' else int(where * len(content)), len(content) - 1)
        if change == 'flip':
            content[at] ^= 1 << value
        elif change == 'write':
            content[at : at + len(value)] = value
        elif change == 'insert':
            content[at:at] = value
        elif change == 'number':
            number, width, big = value
            content[at : at + width] = (number % (1 << 8 * width)).to_bytes(width, 'big' if big else 'little')
        elif change == 'remove':
            del content[at : at + value]
        elif change == 'repeat':
            content[at:at] = content[at : at + value]
        else:
            del content[at:]
    return bytes(content)
