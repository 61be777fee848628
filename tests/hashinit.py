"""Weights and inputs that a name alone decides, so that fixtures of large networks need not store them.

A name's numbers are a SplitMix64 stream (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
Generators", 2014), seeded with the first 8 bytes of the name's SHA-256, little endian, and mapped to
[-1, 1). What a network's entry makes of them depends on what it is, see :func:`value`. The numbers
that are expected in ``tests/fixtures`` were computed with the published networks filled this way.
"""

import hashlib
from typing import Collection, Tuple

import numpy as np

GOLDEN_GAMMA = 0x9E3779B97F4A7C15
MIXERS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def uniform(name: str, count: int) -> np.ndarray:
    """``(count,)`` float64 in [-1, 1), always the same for a name."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], 'little')
    state = np.arange(1, count + 1, dtype=np.uint64)  # arrays of uint64 wrap around, as the rule wants
    state *= np.uint64(GOLDEN_GAMMA)
    state += np.uint64(seed)
    for shift, factor in MIXERS:
        state ^= state >> np.uint64(shift)
        state *= np.uint64(factor)
    state ^= state >> np.uint64(31)
    return (state >> np.uint64(11)) * 2.0**-52 - 1


def value(name: str, shape: Tuple[int, ...], names: Collection[str], bn_gamma: float = 1.0) -> np.ndarray:
    """An entry of a state dictionary.

    Convolutions and linear layers get a variance of 1 / fan-in, biases and running means at most 0.1,
    scales of norms ``1 ± 0.1`` (of batch norms ``bn_gamma ± 0.1``), running variances ``1 ± 0.5``.

    Args:
        name: of the entry, as published.
        shape: of the entry.
        names: of all entries: a weight beside a ``running_var`` belongs to a batch norm.
        bn_gamma: mean of batch norms' scales.
    """
    module, _, kind = name.rpartition('.')
    if kind == 'num_batches_tracked':
        return np.zeros(shape, np.int64)
    size = int(np.prod(shape))
    numbers = uniform(name, size).reshape(shape)
    if kind == 'running_var':
        numbers = 1 + 0.5 * numbers
    elif len(shape) >= 2 and kind != 'running_mean':
        numbers = numbers * np.sqrt(3 / (size // shape[0]))
    elif len(shape) == 1 and kind == 'weight':
        centre = bn_gamma if f'{module}.running_var' in names else 1.0
        numbers = centre + 0.1 * numbers
    else:
        numbers = 0.1 * numbers
    return numbers.astype(np.float32)


def input_array(name: str, shape: Tuple[int, ...], scale: float = 1.0) -> np.ndarray:
    """An input ``shape`` float32 in [-scale, scale)."""
    return (scale * uniform(name, int(np.prod(shape))).reshape(shape)).astype(np.float32)
