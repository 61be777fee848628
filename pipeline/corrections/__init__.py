"""Corrections by hand: what a person says of poses, kept beside them, and applied to them again.

corrections = read_corrections('out/clip_corrections.json')
corrected = corrected_poses(read_poses_json('out/clip_poses.json'), corrections)

The poses stay as they are; the file of corrections is small, can be read, and is the only thing that is edited.
Only tracks and frames around a correction are refined anew, see :mod:`pipeline.corrections.anew`.
"""

from pipeline.corrections.anew import corrected_poses, refined_around
from pipeline.corrections.apply import Corrected, apply
from pipeline.corrections.entries import (
    KINDS,
    Athlete,
    Correction,
    Delete,
    Joint,
    Merge,
    Split,
    SwapIds,
    SwapSides,
    from_json,
    to_json,
)
from pipeline.corrections.file import (
    SUFFIX,
    corrections_beside,
    read_corrections,
    write_corrections,
)
from pipeline.corrections.table import Table

__all__ = [
    'KINDS',
    'SUFFIX',
    'Athlete',
    'Corrected',
    'Correction',
    'Delete',
    'Joint',
    'Merge',
    'Split',
    'SwapIds',
    'SwapSides',
    'Table',
    'apply',
    'corrected_poses',
    'corrections_beside',
    'from_json',
    'read_corrections',
    'refined_around',
    'to_json',
    'write_corrections',
]
