"""Prepared arrays kept on disk, because parsing Human3.6M takes longer than a short training."""

import hashlib
import json
from pathlib import Path
from typing import Callable, Dict, Optional, Union

import numpy as np

from pipeline.files import atomic_path


def cached_arrays(
    folder: Optional[Union[str, Path]], key: dict, build: Callable[[], Dict[str, np.ndarray]]
) -> Dict[str, np.ndarray]:
    """The arrays that ``build`` makes, from ``folder`` if an earlier run with the same ``key`` left them.

    Args:
        folder: None switches the cache off.
        key: everything that the arrays depend on, as plain values.
        build: makes the arrays, by name.
    """
    if folder is None:
        return build()
    digest = hashlib.sha256(json.dumps(key, sort_keys=True, default=str).encode()).hexdigest()[:16]
    path = Path(folder) / f'{digest}.npz'
    if path.is_file():
        with np.load(path) as arrays:
            return {name: arrays[name] for name in arrays.files}
    arrays = build()
    with atomic_path(path, force=True) as temporary:
        np.savez(temporary, **arrays)
    return arrays
