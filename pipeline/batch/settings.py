"""Settings that all videos of a batch share, and their fingerprint."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterator, Optional

from pipeline.backends.devices import check_device
from pipeline.backends.openmmlab.config import resolve_config
from pipeline.formats import run_info
from pipeline.options import OutputOptions
from pipeline.presets import merged_preset


@dataclass(frozen=True)
class BatchSettings:
    """A chain and its outputs, as plain values that can travel to another process.

    Attributes:
        preset: of :meth:`pipeline.VideoPipeline.from_preset`.
        device: of it.
        chain: further arguments of it.
        outputs: what to write for each video; ``out_dir`` is the batch's folder.
    """

    preset: str = 'embedded'
    device: str = 'auto'
    chain: Dict[str, Any] = field(default_factory=dict)
    outputs: OutputOptions = field(default_factory=OutputOptions)

    def build(self, device: Optional[str] = None):
        """The chain, on ``device`` in place of the settings' if given.

        Raises:
            InputError: for anything unknown, missing or unfit.
        """
        from pipeline.pipeline import VideoPipeline

        return VideoPipeline.from_preset(self.preset, device or self.device, **self.chain)

    def fingerprint(self) -> str:
        """SHA-256 of all that can change what is in the files, as 16 hex digits.

        That is the merged preset, the content of its config and weights files, the
        kind of device, the output options and the versions of the packages.

        Raises:
            InputError: if the preset or a config of it is not there.
        """
        config = merged_preset(self.preset, **self.chain)
        configs = {
            name: hashlib.sha256(resolve_config(name).read_bytes()).hexdigest()
            for name in sorted(set(_configs(config)))
        }
        content = dict(
            run=run_info(config).to_dict(),
            configs=configs,
            outputs=self.outputs.content(),
            device=check_device(self.device, config.get('runtime', 'torch')).type,
        )
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _configs(value) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == 'config' and isinstance(inner, (str, Path)):
                yield str(inner)
            else:
                yield from _configs(inner)
