"""Record a run in its files: enough to repeat it, and nothing that differs when it is repeated."""

import json
import platform
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Dict, Iterator, Mapping, Optional

from pipeline.addresses import without_secrets
from pipeline.version import __version__

_PACKAGES = (
    'torch',
    'torchvision',
    'onedl-mmengine',
    'onedl-mmcv',
    'onedl-mmdetection',
    'mmengine',
    'mmcv',
    'mmdet',
    'mmpose',
    'openvino',
    'numpy',
    'scipy',
    'opencv-python',
    'decord2',
    'av',
)
_WEIGHT_SUFFIXES = ('.pth', '.pt', '.tflite', '.onnx', '.safetensors', '.npz')


@dataclass(frozen=True)
class RunInfo:
    """A run's record. It holds no time of day: the same run gives the same files.

    Attributes:
        versions: version of every package that has a say in the numbers.
        preset: its name.
        weights: SHA-256 by reference (path, asset or URL) of every weights file;
            None where the file is not on this machine.
        options: of the chain, as plain JSON values.
        command: how the run was started, if on a command line.
    """

    versions: Dict[str, str] = field(default_factory=dict)
    preset: str = ''
    weights: Dict[str, Optional[str]] = field(default_factory=dict)
    options: Dict = field(default_factory=dict)
    command: str = ''

    def to_dict(self) -> dict:
        """Plain JSON values in a fixed order; passwords in addresses are left out."""
        return json.loads(json.dumps(_without_secrets(asdict(self)), sort_keys=True, default=str))

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=2, sort_keys=True)


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {without_secrets(str(key)): _without_secrets(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_secrets(inner) for inner in value]
    if isinstance(value, (str, Path)):  # file names, too, which need not be text
        return without_secrets(str(value)).encode('utf-8', 'replace').decode()
    return value


def run_info(options: Mapping, command: str = '') -> RunInfo:
    """Record a run of a chain.

    Args:
        options: what the chain was built with. ``preset`` names the preset; strings
            that end like weights files, or name an asset, are hashed.
        command: the command line.
    """
    options = dict(options)
    preset = str(options.pop('preset', ''))
    weights = {reference: _hash_of(reference) for reference in sorted(set(_weight_references(options)))}
    return RunInfo(package_versions(), preset, weights, options, command)


def package_versions() -> Dict[str, str]:
    """Versions of Python, of this package and of those that it builds on, as far as they are installed."""
    versions = {'python': platform.python_version(), 'pipeline': __version__}
    for name in _PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def _weight_references(value) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _weight_references(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _weight_references(inner)
    elif isinstance(value, (str, Path)):
        if str(value).startswith('asset:') or str(value).lower().endswith(_WEIGHT_SUFFIXES):
            yield str(value)


def _hash_of(reference: str) -> Optional[str]:
    from pipeline.assets import find  # urllib only where there are weights
    from pipeline.assets.asset import known_sha256

    path: Optional[Path] = Path(reference)
    if reference.startswith('asset:'):
        path = find(reference[len('asset:') :])
    return known_sha256(path) if path is not None and path.is_file() else None
