"""A refiner by name, by preset entry, or from one's own checkpoint; with parameters, as in ``gaussian:sigma=2``."""

import inspect
from pathlib import Path
from typing import Any, Dict, Iterator, Mapping, Optional, Tuple, Union

from pipeline.assets.asset import known_sha256
from pipeline.errors import InputError
from pipeline.layouts import own_carriers
from pipeline.protocols import Smoother
from pipeline.refine import filters  # noqa: F401, registers them
from pipeline.refine.stream import StreamRefiner
from pipeline.refine.window_options import WindowOptions
from pipeline.registry import REFINERS, check_arguments, names
from pipeline.resources import WEIGHTS
from pipeline.skeletons import Skeleton

# weights that serve a skeleton, where they are not named after it: PoseTrack18's 17 joints without its ears
JOINTS = {'posetrack1817': 'posetrack15'}
# what a checkpoint may hold, by refiner; ``network`` takes any of them. Of HANet's own weights ``hanet`` are those that
# anybody may use for anything, ``hanet-academic`` those of data sets for research, ``hanet-paper`` the paper's network.
NETWORKS = {
    'hanet': ('HANet', 'GuidedHANet'),
    'hanet-academic': ('HANet', 'GuidedHANet'),
    'hanet-paper': ('HANet',),
    'smoothnet': ('SmoothNet',),
    'deciwatch': ('DeciWatch',),
    'network': (),
}


def refiner_options(spec: Union[str, Path, Mapping]) -> Dict[str, Any]:
    """What describes a refiner, as a dictionary; nothing is built.

    Args:
        spec: a registered name (see :data:`pipeline.registry.REFINERS`), or the path of a refiner's checkpoint
            (``.pth``), alone or with parameters (``gaussian:sigma=2,max_gap=0.5``, ``mine.pth:overlap=4``);
            or a dictionary with ``type`` (one of these) and further parameters.

    Returns:
        A dictionary with ``type``, a registered name, and its parameters.

    Raises:
        InputError: for an unknown name or parameter, a parameter given twice, or text that cannot be read.
    """
    options = dict(spec) if isinstance(spec, Mapping) else dict(type=spec)
    if isinstance(options.get('type'), (str, Path)):
        name, text = _split(str(options['type']))
        if name not in names(REFINERS) and name.endswith('.pth'):
            if 'checkpoint' in options:
                raise InputError(f'refiner {name!r}: is a checkpoint already; another is {options["checkpoint"]}')
            options.update(type='network', checkpoint=name)
        else:
            options['type'] = name
        for key, value in _read_parameters(name, text):
            if key in options:
                raise InputError(f'refiner {name!r}: {key} is given twice, as {options[key]} and {value}')
            options[key] = value
    check_arguments(options, REFINERS, also=('max_gap',))
    return options


def _split(spec: str) -> Tuple[str, Optional[str]]:
    """``gaussian`` and ``sigma=2`` of ``gaussian:sigma=2``; paths may have colons of their own.

    Without a colon behind the name the text is None.
    """
    name, colon, text = spec.partition(':')
    if name in names(REFINERS):
        return name, text if colon else None
    path, ending, text = spec.rpartition('.pth:')
    if ending:
        return f'{path}.pth', text
    return (spec, None) if spec.endswith('.pth') else (name, None)


def _read_parameters(name: str, text: Optional[str]) -> Iterator[Tuple[str, Any]]:
    for part in () if text is None else text.split(','):
        key, _, value = (word.strip() for word in part.partition('='))
        if not key.isidentifier() or not value:
            raise InputError(
                f'refiner {name!r}: {part!r}: must be NAME=VALUE, with commas between, as gaussian:sigma=2'
            )
        yield key, _value(value)


def _value(text: str) -> Any:
    """A number, True, False or None where the text says so, else the text."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return dict(true=True, false=False, none=None).get(text.lower(), text)


def build_refiner(
    options: Union[str, Path, Mapping], skeleton: Skeleton, device: str = 'auto', runtime: str = 'torch'
) -> StreamRefiner:
    """Make the refiner that ``options`` describe.

    Args:
        options: as :func:`refiner_options` takes them. Besides those of the refiner itself there are the
            parameters ``max_gap`` (seconds that are bridged; if not given 0.3, and 0.8 where the tracker still
            expects somebody) and, for the networks, ``checkpoint`` (default: the weights in
            ``pipeline/weights`` for this skeleton) and those of :class:`pipeline.refine.window_options.WindowOptions`.
        skeleton: of the poses it will be given.
        device, runtime: of the networks; ``auto`` is a GPU where torch sees one, ``openvino`` runs
            them from converted graphs on a CPU.

    Returns:
        The refiner; its ``record`` says what of it the options leave open (``network``, the
        type in the checkpoint).

    Raises:
        InputError: for an unknown name or parameter or a value that is not allowed, weights of another type
            than asked for, or if no weights fit the skeleton.
    """
    options = refiner_options(options)
    name = options['type']
    gaps = _gaps(name, options.pop('max_gap')) if 'max_gap' in options else ()
    smoother = REFINERS.build(options, skeleton=skeleton, device=device, runtime=runtime)
    refiner = StreamRefiner(smoother, *((0.0, 0.0) if name == 'none' else gaps))
    if hasattr(smoother, 'network'):
        refiner.record = dict(options, network=smoother.network)
    return refiner


def _gaps(name: str, max_gap: Any) -> Tuple[float, float]:
    """The longest gaps that are bridged, of those who are missing and of those who are hidden: as long as asked for."""
    if isinstance(max_gap, bool) or not isinstance(max_gap, (int, float)) or not 0 <= max_gap < float('inf'):
        raise InputError(f'refiner {name!r}: max_gap is {max_gap!r}: it must be seconds from 0 up')
    return max_gap, max_gap


def _register_network(name: str) -> None:
    def build(
        skeleton: Skeleton,
        checkpoint: Union[None, str, Path] = None,
        device: str = 'cpu',
        runtime: str = 'torch',
        **options: Any,
    ) -> Smoother:
        from pipeline.refine.network import network_smoother  # torch only where a network is wanted

        hangs_on = own_carriers(skeleton)
        joints = f'{skeleton.name}{skeleton.num_keypoints}' if hangs_on is None else 'coco17'
        path = Path(str(checkpoint) if checkpoint is not None else shipped(f'{name}_{JOINTS.get(joints, joints)}.pth'))
        if checkpoint is not None and not path.is_file():
            raise InputError(f'{path}: no such weights of a refiner')
        if not path.is_file():
            others = ', '.join(other for other in names(REFINERS) if other not in NETWORKS)
            raise InputError(
                f'{path}: no such weights for refiner {name!r} and skeleton {skeleton.name!r} '
                f'({skeleton.num_keypoints} joints); give a checkpoint or use {others}'
            )
        smoother = network_smoother(path, skeleton.names, WindowOptions(**options), device, runtime, hangs_on)
        allowed = NETWORKS[name]
        if allowed and smoother.network not in allowed:
            raise InputError(
                f'{path}: holds a {smoother.network}, refiner {name!r} is {" or ".join(allowed)}; '
                f'give the file itself as the refiner to use it'
            )
        return smoother

    # a registry reads off a signature what may be asked for
    own = list(inspect.signature(build).parameters.values())[:-1]
    windows = list(inspect.signature(WindowOptions).parameters.values())
    build.__signature__ = inspect.Signature(own + windows)  # type: ignore[attr-defined]
    REFINERS.register_module(name=name, module=build)


for _name in NETWORKS:
    _register_network(_name)


def shipped(file: str) -> Path:
    """Weights that come with this package; torch itself notices no flipped byte in a file."""
    path = WEIGHTS / file
    lines = (WEIGHTS / 'SHA256SUMS').read_text().splitlines()
    sums = {name: digest for digest, name in map(str.split, lines)}
    if path.is_file() and known_sha256(path) != sums.get(file):
        raise InputError(
            f'{path}: its SHA-256 is not the one in SHA256SUMS beside it: the file is damaged; or, if it '
            'was replaced on purpose: sha256sum *.pth > SHA256SUMS'
        )
    return path
