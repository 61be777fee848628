"""Where motion comes from; each source reads one data set's files into :class:`PoseSequence`."""

from typing import Tuple

from pipeline.errors import InputError
from pipeline.training.sequences.motion import PoseSequence


def _h36m_2d(**arguments) -> Tuple[PoseSequence, ...]:
    from pipeline.training.sources.h36m import load_h36m_2d

    return load_h36m_2d(**arguments)


def _pairs(**arguments) -> Tuple[PoseSequence, ...]:
    from pipeline.training.sources.pairs import load_pairs

    return load_pairs(**arguments)


def _posetrack(**arguments) -> Tuple[PoseSequence, ...]:
    from pipeline.posetrack.tracks import load_posetrack

    return load_posetrack(**arguments)


SOURCES = {'h36m_2d': _h36m_2d, 'pairs': _pairs, 'posetrack': _posetrack}


def load_source(config: dict) -> Tuple[PoseSequence, ...]:
    """Sequences of the source that ``config['type']`` names, called with the other entries.

    Raises:
        InputError: if there is no such source.
    """
    arguments = dict(config)
    name = arguments.pop('type', None)
    if name not in SOURCES:
        raise InputError(f'source {name!r}: allowed are {", ".join(SOURCES)}')
    return SOURCES[name](**arguments)
