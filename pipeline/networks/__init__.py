"""The networks, registered in MMPose; each is imported when it is first asked for."""

import importlib

_HOMES = {
    'HANet': 'refiners.hanet',
    'TemporalOutput': 'refiners.temporal',
    'SequenceRefiner': 'refiners.sequence_refiner',
    'SmoothNet': 'refiners.smoothnet',
    'DeciWatch': 'refiners.deciwatch',
    'load_refiner': 'refiners.sequence_refiner',
    'save_refiner': 'refiners.sequence_refiner',
    'DCPose': 'estimators.dcpose',
    'DSTA': 'estimators.dsta',
}
__all__ = list(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(importlib.import_module(f'{__name__}.{_HOMES[name]}'), name)
