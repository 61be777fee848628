"""A folder of Human3.6M's pairs, small: one person before one camera."""

import json
from pathlib import Path

import numpy as np

from pipeline.training.sources import h36m

JOINTS = list(h36m.MPII_FROM_H36M)
OFF = 0.03  # rad, by which the hourglass is wrong, to the right and down


def studio(folder: Path, frames: int = 60) -> str:
    """Somebody who passes a camera that looks along the world's y from 5 m, and an hourglass's guess."""
    rng = np.random.default_rng(0)
    body = rng.normal(0, 300, (17, 3))
    body[0] = 0
    world = body + np.linspace(-500, 500, frames)[:, None, None] * np.array([1, 0, 0])
    world = world + rng.normal(0, 20, (frames, 17, 3))
    camera = dict(
        R=[[1, 0, 0], [0, 0, -1], [0, 1, 0]],
        centre_mm=[0, -5000, 0],
        f=[1000, 1000],
        c=[500, 500],
        k=[0, 0, 0],
        p=[0, 0],
    )
    x, y, z = np.moveaxis(world, -1, 0)
    pixels = np.stack([500 + 1000 * x / (y + 5000), 500 - 1000 * z / (y + 5000)], -1)[:, JOINTS] + 1000 * OFF
    arrays = {'Walk/gt3d': np.rint(10 * world).astype(int), 'Walk/sh2d/1': np.rint(pixels).astype(int)}
    np.savez(folder / 'S1.npz', **{k: np.diff(v, axis=0, prepend=0).astype(np.int16) for k, v in arrays.items()})
    (folder / 'cameras.json').write_text(json.dumps({'S1/1': camera}))
    return str(folder)
