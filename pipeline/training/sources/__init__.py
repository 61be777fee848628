"""Sources of motion; each reads one data set's files into :class:`PoseSequence`.

A source from outside this package registers itself where it is defined, and a config names its
module in ``custom_imports`` (as ``configs/_base_/hanet_posetrack_t5.py`` does)::

    register_source('my_data', load_my_data)
"""

from typing import Callable, Dict, Tuple

from pipeline.errors import InputError
from pipeline.training.motion import PoseSequence

Source = Callable[..., Tuple[PoseSequence, ...]]


def _h36m_2d(**arguments) -> Tuple[PoseSequence, ...]:
    from pipeline.training.sources.h36m import load_h36m_2d

    return load_h36m_2d(**arguments)


def _h36m_universal(**arguments) -> Tuple[PoseSequence, ...]:
    from pipeline.training.sources.h36m import load_h36m_universal

    return load_h36m_universal(**arguments)


def _pairs(**arguments) -> Tuple[PoseSequence, ...]:
    from pipeline.training.sources.pairs import load_pairs

    return load_pairs(**arguments)


def _coco_videos(**arguments) -> Tuple[PoseSequence, ...]:
    from pipeline.training.sources.coco_video import load_coco_videos

    return load_coco_videos(**arguments)


SOURCES: Dict[str, Source] = {
    'h36m_2d': _h36m_2d,
    'h36m_universal': _h36m_universal,
    'pairs': _pairs,
    'coco_videos': _coco_videos,
}


def register_source(name: str, load: Source) -> None:
    """Let configs name ``load`` as ``dict(type=name, ...)``; a later registration replaces an earlier one."""
    SOURCES[name] = load


def load_source(config: dict) -> Tuple[PoseSequence, ...]:
    """Sequences of the source that ``config['type']`` names, called with the other entries.

    Raises:
        InputError: if there is no such source.
    """
    arguments = dict(config)
    name = arguments.pop('type', None)
    if name not in SOURCES:
        raise InputError(
            f'source {name!r}: allowed are {", ".join(SOURCES)}, and those that modules in custom_imports register'
        )
    return SOURCES[name](**arguments)
