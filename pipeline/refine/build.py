"""A refiner by name, by preset entry, or from one's own checkpoint."""

from pathlib import Path
from typing import Callable, Dict, Union

from pipeline.assets.asset import sha256_of
from pipeline.errors import InputError
from pipeline.refine.filters import NoSmoother, OneEuroSmoother, gaussian, savgol
from pipeline.refine.smoother import Smoother
from pipeline.refine.stream import StreamRefiner
from pipeline.resources import WEIGHTS
from pipeline.skeletons import Skeleton

# weights that serve a skeleton, where they are not named after it: PoseTrack18's 17 joints without its ears
JOINTS = {'posetrack1817': 'posetrack15'}
FILTERS: Dict[str, Callable[..., Smoother]] = {
    'none': NoSmoother,
    'one-euro': OneEuroSmoother,
    'savgol': savgol,
    'gaussian': gaussian,
}
NETWORKS = ('hanet', 'smoothnet', 'deciwatch')
REFINERS = (*FILTERS, *NETWORKS)


def build_refiner(
    options: Union[str, dict], skeleton: Skeleton, device: str = 'cpu', runtime: str = 'torch'
) -> StreamRefiner:
    """Make the refiner that ``options`` describe.

    Args:
        options: a name out of :data:`REFINERS`, or a dictionary with ``type`` (such a
            name), optionally ``checkpoint`` (for the networks; default: the weights
            in ``pipeline/weights`` for this skeleton), ``max_gap`` (seconds), and
            arguments of the filter.
        skeleton: of the poses it will be given.
        device, runtime: of the networks; ``onnxruntime`` runs them from exported graphs.

    Raises:
        InputError: for an unknown name or argument, or if no weights fit the skeleton.
    """
    options = dict(type=options) if isinstance(options, str) else dict(options)
    name = options.pop('type', None)
    max_gap = options.pop('max_gap', 0.3)
    if isinstance(max_gap, bool) or not isinstance(max_gap, (int, float)) or not 0 <= max_gap < float('inf'):
        raise InputError(f'refiner {name!r}: max_gap is {max_gap!r}: it must be seconds from 0 up')
    if name not in REFINERS:
        raise InputError(f'unknown refiner {name!r}: allowed are {", ".join(REFINERS)}')
    try:
        smoother = _filter(name, options) if name in FILTERS else _network(name, skeleton, device, runtime, options)
    except TypeError as error:
        raise InputError(f'refiner {name!r}: {error}') from error
    return StreamRefiner(smoother, 0.0 if name == 'none' else max_gap)


def _filter(name: str, options: dict) -> Smoother:
    return FILTERS[name](**options)


def _network(name: str, skeleton: Skeleton, device: str, runtime: str, options: dict) -> Smoother:
    from pipeline.refine.network import network_smoother  # torch only where a network is wanted

    joints = f'{skeleton.name}{skeleton.num_keypoints}'
    checkpoint = options.pop('checkpoint', None) or _shipped(f'{name}_{JOINTS.get(joints, joints)}.pth')
    if not Path(checkpoint).is_file():
        raise InputError(
            f'{checkpoint}: no such weights for refiner {name!r} and skeleton {skeleton.name!r} '
            f'({skeleton.num_keypoints} joints); give a checkpoint or use {", ".join(FILTERS)}'
        )
    return network_smoother(Path(checkpoint), skeleton.names, device=device, runtime=runtime, **options)


def _shipped(file: str) -> Path:
    """Weights that come with this package; torch itself notices no flipped byte in a file."""
    path = WEIGHTS / file
    lines = (WEIGHTS / 'SHA256SUMS').read_text().splitlines()
    sums = {name: digest for digest, name in map(str.split, lines)}
    if path.is_file() and sha256_of(path) != sums.get(file):
        raise InputError(
            f'{path}: its SHA-256 is not the one in SHA256SUMS beside it: the file is damaged; or, if it '
            'was replaced on purpose: sha256sum *.pth > SHA256SUMS'
        )
    return path
