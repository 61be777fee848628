"""Registries of the components of a chain, and how one is built from a preset's options.

    from pipeline.registry import TRACKERS

    @TRACKERS.register_module()
    class MyTracker: ...

makes ``tracker = dict(type='MyTracker')`` work in a preset that names the module in
``custom_imports = dict(imports=['my_module'])``. :mod:`pipeline.protocols` says what each
component does, :mod:`pipeline.testing` checks one's own, docs/extending.md has examples.

A component is built by its classmethod ``from_config`` if it has one, else by its
constructor. It gets the options of the preset and, of what the chain knows (``skeleton``,
``device``, ...), whatever it has a parameter of that name for.
"""

import inspect
import sys
from pathlib import Path
from typing import Any, Callable, Mapping, Optional, Sequence, Union

from mmengine.registry import Registry
from mmengine.utils import import_modules_from_strings

from pipeline.errors import InputError

# what the chain knows; options of these names are not worth naming
GIVEN = ('skeleton', 'device', 'runtime', 'speed')
# of these, what no preset and no text can say
_OBJECTS = ('skeleton',)


def build_component(options: Union[str, Mapping], registry: Registry, **context: Any):
    """Build what ``options`` describe; ``REGISTRY.build(options, **context)`` calls it.

    Args:
        options: a registered name, or a dictionary with ``type`` (such a name) and arguments.
        registry: where the name is looked for.
        context: what the chain knows. The component is given those that it has a parameter
            for; an option of the same name goes over it (of dictionaries, key by key).

    Raises:
        InputError: for an unknown type, or arguments that it does not take.
    """
    arguments = dict(type=options) if isinstance(options, str) else dict(options)
    check_arguments(arguments, registry)
    kind = arguments.pop('type')
    make = _maker(registry, kind)
    try:
        taken = inspect.signature(make).parameters
        for name in taken.keys() & context.keys():
            given = context[name]
            if isinstance(given, dict):
                arguments[name] = {**given, **arguments.get(name, {})}
            else:
                arguments.setdefault(name, given)
        return make(**arguments)
    except (TypeError, ValueError) as error:
        raise InputError(f'{registry.name} {kind!r}: {" ".join(str(error).split())}') from error


def check_arguments(options: Mapping, registry: Registry, also: Sequence[str] = ()) -> None:
    """Refuse what :func:`build_component` would, as far as names tell: nothing is built.

    Args:
        options: a dictionary with ``type`` and arguments.
        registry: where the type is looked for.
        also: arguments that whoever builds the component takes for itself.

    Raises:
        InputError: for an unknown type, or an argument that it does not take, with those allowed.
    """
    kind = options.get('type')
    if kind not in registry.module_dict:
        raise InputError(
            f'unknown {registry.name} {kind!r}: allowed are {", ".join(names(registry))}; '
            'to use your own, register it and name its module in custom_imports'
        )
    taken = inspect.signature(_maker(registry, kind)).parameters
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in taken.values()):
        return
    unknown = [name for name in options if name not in ('type', *taken, *also) or name in _OBJECTS]
    if unknown:
        allowed = [name for name in (*taken, *also) if name not in GIVEN]
        raise InputError(
            f'{registry.name} {kind!r}: unknown {unknown[0]}: allowed are {", ".join(allowed) or "no options"}'
        )


def names(registry: Registry) -> tuple:
    """Registered names, ours first."""
    return tuple(registry.module_dict)


def import_custom(imports: Union[str, Sequence[str]], preset: Optional[Path] = None) -> None:
    """Import the modules of a preset's ``custom_imports``, so that they register their components.

    Args:
        imports: dotted names.
        preset: the file that names them; they may lie beside it, besides on ``sys.path``.

    Raises:
        InputError: naming the module, if one cannot be imported.
    """
    beside = [str(preset.resolve().parent)] if preset is not None else []
    sys.path[:0] = beside
    try:
        import_modules_from_strings([imports] if isinstance(imports, str) else list(imports))
    except Exception as error:  # whatever happens in a stranger's module
        where, reason = f'{preset}: ' if preset is not None else '', ' '.join(str(error).split())
        raise InputError(
            f'{where}custom_imports {imports!r}: cannot be imported ({type(error).__name__}: {reason})'
        ) from error
    finally:
        for folder in beside:
            sys.path.remove(folder)


def _maker(registry: Registry, kind: str) -> Callable:
    component = registry.module_dict[kind]
    return getattr(component, 'from_config', component)


def _registry(name: str) -> Registry:
    return Registry(name, build_func=build_component, scope='pipeline')


#: Who finds people; given ``device`` and ``speed``. Ours: ``PersonDetector`` (any config of MMDetection).
DETECTORS = _registry('detector')
#: Who poses them; given ``device`` and ``speed``. Ours: ``PoseEstimator`` (any top-down config of MMPose).
ESTIMATORS = _registry('estimator')
#: Who gives them ids; given ``skeleton``. Ours: ``PoseTracker``.
TRACKERS = _registry('tracker')
#: Who smooths tracks; given ``skeleton``, ``device`` and ``runtime``. Ours: filters and networks (pipeline/refine).
REFINERS = _registry('refiner')
#: Formats of pose data, by the names that ``formats=(...)`` takes. Ours are in pipeline/formats: ``json``, ``csv`` …
WRITERS = _registry('format')
