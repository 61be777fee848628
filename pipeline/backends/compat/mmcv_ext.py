"""A stand-in for ``mmcv._ext``, mmcv's compiled module, whose ops come from torchvision."""

import importlib.machinery
import importlib.metadata
import types
import warnings

from pipeline.backends.compat.ops import OPS

NAME = 'mmcv._ext'


class StandIn(types.ModuleType):
    """Has every op by name, as ``mmcv.ops`` asks at import. One without a counterpart raises if called."""

    STAND_IN = True

    def __init__(self):
        super().__init__(NAME)
        self.__spec__ = importlib.machinery.ModuleSpec(NAME, loader=None)  # mmengine looks for it
        vars(self).update(OPS)

    def __getattr__(self, name: str):
        if name.startswith('__'):
            raise AttributeError(name)

        def missing(*args, **kwargs):
            raise NotImplementedError(
                f'mmcv op {name!r} has no counterpart in torchvision; install a compiled mmcv '
                f'(ten minutes, needs a C++ compiler): {build_command()}'
            )

        return missing


def instead_of_broken(error: ImportError) -> StandIn:
    """The stand-in for an installed module that does not load, with a warning that says why."""
    warnings.warn(
        f'the installed mmcv was compiled against another torch ({error}); its ops come from '
        f'torchvision instead. To build it anew: {build_command()}',
        stacklevel=2,
    )
    return StandIn()


def build_command() -> str:
    """How to get a compiled mmcv that fits the installed torch.

    Not in pip's isolation, where there is no torch; not from pip's cache, which may hold
    a build against another torch.
    """
    package = next((name for name in ('onedl-mmcv', 'mmcv') if _is_installed(name)), 'onedl-mmcv')
    pin = f'{package}=={importlib.metadata.version(package)}' if _is_installed(package) else package
    return (
        "pip install --upgrade 'setuptools>=77' wheel ninja && pip install --force-reinstall --no-deps "
        f'--no-cache-dir --no-build-isolation --no-binary {package} {pin}'
    )


def _is_installed(package: str) -> bool:
    return any(True for _ in importlib.metadata.Distribution.discover(name=package))
