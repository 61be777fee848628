"""The mean of the weights of trainings that share a start (Wortsman et al., "Model soups", ICML 2022)."""

from pathlib import Path
from typing import Mapping, Optional, Sequence, Union

from pipeline.backends.checkpoint import load_model, read_checkpoint, save_model
from pipeline.errors import InputError
from pipeline.networks.refiners.sequence_refiner import SequenceRefiner


def average_files(
    paths: Sequence[Union[str, Path]],
    out: Union[str, Path],
    meta: Optional[Mapping] = None,
    half: bool = False,
    force: bool = False,
) -> None:
    """Write the mean of several refiners.

    Args:
        paths: files of :func:`pipeline.networks.refiners.sequence_refiner.save_refiner` with one config.
        out: the file to write, of the same kind.
        meta: notes to keep, beside where the weights come from.
        half: store weights as float16.
        force: replace an existing file.

    Raises:
        InputError: if a file is no refiner, or the configs differ.
    """
    models = [load_model(path, SequenceRefiner)[0] for path in paths]
    configs = [read_checkpoint(path)['config'] for path in paths]
    for path, config in zip(paths, configs):
        if config != configs[0]:
            raise InputError(f'{path}: has another config than {paths[0]}; only weights of one network have a mean')
    weights = [model.state_dict() for model in models]
    mean = {
        name: sum(entry[name] for entry in weights) / len(weights) if value.is_floating_point() else value
        for name, value in weights[0].items()
    }
    save_model(out, configs[0], mean, {'mean of': [str(path) for path in paths], **(meta or {})}, half, force)
