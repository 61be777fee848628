"""Presets: one MMEngine config each that names the four stages of a chain.

A preset has the keys ``detector``, ``estimator``, ``tracker`` and ``refiner``,
each a dictionary of that stage's options; ``configs/presets`` holds ours. A ``type`` chooses a
registered component (:mod:`pipeline.registry`); ``custom_imports`` names modules that register more,
which may lie beside the preset.
"""

from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Union

from mmengine.config import Config

from pipeline.errors import InputError
from pipeline.options import Kind, preset_options
from pipeline.resources import PRESETS

STAGES = ('detector', 'estimator', 'tracker', 'refiner')
OPTIONS = (*preset_options(), 'custom_imports')

_NAMED = Kind(dict, 'a name or a dictionary')
_STAGE = Kind(dict, "a dictionary of the stage's options")
_IMPORTS = Kind(dict, 'dict(imports=[...]), names of modules', lambda value: set(value) == {'imports'})
KINDS = {**dict.fromkeys(STAGES[:3], _STAGE), **preset_options(), 'custom_imports': _IMPORTS}


def preset_names() -> list:
    """Names of the presets in ``configs/presets``."""
    return sorted(path.stem for path in PRESETS.glob('*.py'))


def load_preset(name: Union[str, Path]) -> dict:
    """Read the preset ``name``, or the preset file that ``name`` is the path of.

    Raises:
        InputError: if there is no such preset, or it lacks or invents keys.
    """
    path = PRESETS / f'{name}.py'
    if not path.is_file():
        path = Path(name)
    if path.suffix != '.py' or not path.is_file():
        raise InputError(f'unknown preset {str(name)!r}: allowed are {", ".join(preset_names())}, or a config file')
    try:
        config = Config.fromfile(str(path), import_custom_modules=False).to_dict()
    except Exception as error:  # a config is Python: anything can go wrong in it
        raise InputError(f'{path}: not a readable config ({type(error).__name__}: {error})') from error
    missing = [key for key in ('detector', 'estimator') if key not in config]
    unknown = [key for key in config if key not in STAGES + OPTIONS]
    if missing or unknown:
        raise InputError(
            f'{path}: '
            + '; '.join(
                filter(
                    None,
                    [
                        f'lacks {", ".join(missing)}' if missing else '',
                        f'has unknown {", ".join(unknown)}' if unknown else '',
                        f'a preset has {", ".join(STAGES + OPTIONS)}',
                    ],
                )
            )
        )
    for key, value in config.items():
        if key == 'refiner' and isinstance(value, (str, dict)):
            continue
        KINDS.get(key, _NAMED).check(f'{path}: {key} is', value)
    for stage in ('detector', 'estimator'):
        if 'type' not in config[stage] and not isinstance(config[stage].get('config'), str):
            raise InputError(f'{path}: {stage} names no config')
    if 'custom_imports' in config:
        from pipeline.registry import import_custom

        import_custom(config['custom_imports']['imports'], path)
    return config


@contextmanager
def options_of(stage: str, preset: str) -> Iterator[None]:
    """Turn what a stage's constructor says of unknown options or wrong types into an :class:`InputError`."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise InputError(f'{preset or "the chain"}: {stage}: {" ".join(str(error).split())}') from error


def merged_preset(preset: Union[str, Path], refiner: Union[None, str, dict] = None, **given) -> dict:
    """The preset with what is given in its place.

    Args:
        refiner: in place of the preset's; HANet if neither says. Any description of one becomes a dictionary.
        given: ``detector``, ``estimator`` and ``tracker`` options that go over the preset's
            (one that names a ``type`` or ``config`` replaces the preset's stage altogether), and
            other keys of a preset; None leaves the preset's.

    Raises:
        InputError: as :func:`load_preset`, and for an unknown refiner or parameter of one.
    """
    from pipeline.refine.build import refiner_options  # SciPy only where a chain is wanted

    models = {name: given.pop(name, None) or {} for name in ('detector', 'estimator', 'tracker')}
    config = {**load_preset(preset), **{key: value for key, value in given.items() if value is not None}}
    config['refiner'] = refiner_options(refiner or config.get('refiner', 'hanet'))
    for name, options in models.items():
        config[name] = options if 'config' in options or 'type' in options else {**config.get(name, {}), **options}
    return config
