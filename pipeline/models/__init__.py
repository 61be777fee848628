"""The networks, registered in MMPose; each is imported when it is first asked for."""
import importlib

_HOMES = {
    'HANet': 'hanet', 'HANetOutput': 'hanet', 'SequenceRefiner': 'sequence_refiner', 'SmoothNet': 'smoothnet',
    'DeciWatch': 'deciwatch', 'load_refiner': 'checkpoint', 'save_refiner': 'checkpoint',
    'DCPose': 'dcpose', 'DSTA': 'dsta',
}
__all__ = list(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(importlib.import_module(f'{__name__}.{_HOMES[name]}'), name)
