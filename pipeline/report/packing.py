"""Pack curves as compact text for a page: 16-bit quantisation, differences, gzip, base64.

A curve is mapped to integers of its own scale, then each is replaced by its
difference to the one before (modulo 2**16): smooth curves become small numbers,
which gzip shortens. ``page/packing.js`` is the way back.
"""

import base64
import gzip
from typing import Dict

import numpy as np

_MISSING = -32768
_LARGEST = 32767


def pack(curves: np.ndarray) -> Dict:
    """Pack ``curves`` ``(N, F)``; NaN stays NaN, the error is at most 1/65534 of a curve's largest value.

    Returns:
        ``rows`` N, ``columns`` F, ``scales`` N values per integer step, ``data`` base64.
    """
    curves = np.where(np.isfinite(curves), curves, np.nan).astype(np.float64)
    largest = np.nanmax(np.abs(curves), axis=1, initial=0.0) if curves.size else np.zeros(len(curves))
    scales = np.where(largest > 0, largest / _LARGEST, 1.0)
    steps = np.rint(curves / scales[:, None])
    whole = np.where(np.isnan(steps), _MISSING, steps).astype(np.int16)
    # int16 wraps around, and so does the way back
    differences = np.diff(whole, axis=1, prepend=np.zeros((len(whole), 1), np.int16))
    data = gzip.compress(differences.astype('<i2').tobytes(), compresslevel=9, mtime=0)
    return dict(
        rows=curves.shape[0],
        columns=curves.shape[1],
        scales=[float(f'{s:.9g}') for s in scales],
        data=base64.b64encode(data).decode('ascii'),
    )


def unpack(packed: Dict) -> np.ndarray:
    """What :func:`pack` packed, ``(N, F)`` float64."""
    differences = np.frombuffer(gzip.decompress(base64.b64decode(packed['data'])), '<i2')
    whole = np.cumsum(differences.reshape(packed['rows'], packed['columns']), axis=1, dtype=np.int16)
    return np.where(whole == _MISSING, np.nan, whole * np.array(packed['scales'])[:, None])
