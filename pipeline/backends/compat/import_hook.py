"""An import hook that provides stand-ins for modules that cannot be installed, in any import order.

Importing ``pipeline`` installs one finder. It serves

* ``mmcv._ext``, mmcv's compiled ops, from torchvision (:mod:`.mmcv_ext`),
* ``xtcocotools`` from pycocotools (:mod:`.xtcocotools`),
* ``mmengine.logging``, the real one, without notes that no user can act on (:mod:`.quiet`),

the first two only where the real module is absent or does not load. No import has to stand before another.
A second finder, asked last, says how to install MMPose where it is missing (:mod:`.missing`).
"""

import importlib
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec, spec_from_loader
from types import ModuleType
from typing import Callable, Optional, Sequence

from pipeline.backends.compat.missing import MissingFinder

HOME = 'pipeline.backends.compat'


class StandInFinder(MetaPathFinder):
    """Answers for the modules named above, and for no other."""

    def find_spec(self, name: str, path: Optional[Sequence[str]] = None, target=None) -> Optional[ModuleSpec]:
        if name == 'mmcv._ext':
            return _mmcv_ops(PathFinder.find_spec(name, path))
        if name == 'mmengine.logging':
            return _after(PathFinder.find_spec(name, path), f'{HOME}.quiet')
        if name == 'xtcocotools' and not _loads(PathFinder.find_spec(name, path)):
            return spec_from_loader(
                name, _Made(lambda: importlib.import_module(f'{HOME}.xtcocotools').package()), is_package=True
            )
        if name.startswith('xtcocotools.') and hasattr(sys.modules.get('xtcocotools'), 'STAND_IN'):
            part = name.partition('.')[2]
            return spec_from_loader(name, _Made(lambda: importlib.import_module(f'{HOME}.xtcocotools').part(part)))
        return None


def install() -> None:
    """Ask the finder first from now on, and :class:`MissingFinder` last; a second call changes nothing."""
    if not any(isinstance(finder, StandInFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, StandInFinder())
        sys.meta_path.append(MissingFinder())


class _Made(Loader):
    """A module that a function makes."""

    def __init__(self, make: Callable[[], ModuleType]):
        self._make = make

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._make()

    def exec_module(self, module: ModuleType) -> None:
        pass


class _Wrapped(Loader):
    """A real module's loader; ``after`` is imported, and its ``adapt`` called, once the module is loaded."""

    def __init__(self, loader: Loader, after: str):
        self._loader, self._after = loader, after

    def create_module(self, spec: ModuleSpec) -> Optional[ModuleType]:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        importlib.import_module(self._after).adapt(module)


class _Compiled(Loader):
    """mmcv's compiled module; the stand-in where it was built for another torch."""

    def __init__(self, loader: Loader):
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        stand_in = importlib.import_module(f'{HOME}.mmcv_ext')
        try:
            return self._loader.create_module(spec)
        except ImportError as error:  # typically an undefined symbol
            return stand_in.instead_of_broken(error)

    def exec_module(self, module: ModuleType) -> None:
        if not hasattr(module, 'STAND_IN'):
            self._loader.exec_module(module)


def _mmcv_ops(real: Optional[ModuleSpec]) -> ModuleSpec:
    if real is None:
        return spec_from_loader('mmcv._ext', _Made(lambda: importlib.import_module(f'{HOME}.mmcv_ext').StandIn()))
    real.loader = _Compiled(real.loader)
    return real


def _after(real: Optional[ModuleSpec], adapter: str) -> Optional[ModuleSpec]:
    if real is not None and not isinstance(real.loader, _Wrapped):
        real.loader = _Wrapped(real.loader, adapter)
    return real


def _loads(package: Optional[ModuleSpec]) -> bool:
    """Whether xtcocotools' compiled part fits the installed NumPy."""
    if package is None or not package.submodule_search_locations:
        return False
    compiled = PathFinder.find_spec('xtcocotools._mask', list(package.submodule_search_locations))
    if compiled is None:
        return False
    try:
        compiled.loader.exec_module(module_from_spec(compiled))
    except (ImportError, ValueError):  # compiled against NumPy 1: "numpy.dtype size changed"
        return False
    return True
