"""OpenSim's motion files (``.mot``): a header that ends in ``endheader``, names of columns, one line per frame."""

from typing import Iterable, Iterator

import numpy as np

from pipeline.formats.exporter import TIME_DIGITS

_DIGITS = 3


def motion_lines(title: str, names: Iterable[str], times: np.ndarray, angles: np.ndarray) -> Iterator[str]:
    """The file, line by line.

    Args:
        names: ``A`` columns.
        times: ``(F,)`` s.
        angles: ``(F, A)`` degrees, NaN where unknown.
    """
    columns = ['time', *names]
    yield f'{title}\nversion=1\nnRows={len(times)}\nnColumns={len(columns)}\ninDegrees=yes\n\n'
    yield 'Units are S.I. units (second, meters, Newtons, ...)\nAngles are in degrees.\n\nendheader\n'
    yield '\t'.join(columns) + '\n'
    line = f'%.{TIME_DIGITS}f\t' + '\t'.join([f'%.{_DIGITS}f'] * angles.shape[1]) + '\n'
    for time, values in zip(times.tolist(), (angles + 0.0).tolist()):
        yield line % (time, *values)
