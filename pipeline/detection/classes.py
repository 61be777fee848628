"""Find the label of class ``person`` of a detector."""

from typing import Optional, Sequence

from mmengine.config import Config

from pipeline.backends.openmmlab import config_name
from pipeline.errors import InputError

PERSON = 'person'


def person_index(config: Config, meta: dict) -> int:
    """Label of class ``person``.

    Class names are looked for in the checkpoint, in the config's data sets, and in the
    data set classes that the config names.

    Args:
        meta: ``meta`` of the checkpoint.

    Raises:
        InputError: if there are no class names, or ``person`` is not one of them.
    """
    classes = _from_checkpoint(meta) or _from_config(config)
    if not classes:
        raise InputError(
            f'{config_name(config)}: names no classes; give metainfo=dict(classes=(…)) to the data set '
            'of test_dataloader'
        )
    names = [str(name).lower() for name in classes]
    if PERSON not in names:
        shown = ', '.join(names[:5]) + (', …' if len(names) > 5 else '')
        raise InputError(f'{config_name(config)}: its detector knows no class {PERSON!r}, only {shown}')
    return names.index(PERSON)


def _from_checkpoint(meta: dict) -> Optional[Sequence[str]]:
    info = meta.get('dataset_meta')
    info = {str(key).lower(): value for key, value in info.items()} if isinstance(info, dict) else {}
    return _as_names(info.get('classes', meta.get('CLASSES')))


def _from_config(config: Config) -> Optional[Sequence[str]]:
    for key in ('test_dataloader', 'val_dataloader', 'train_dataloader'):
        dataset = (config.get(key) or {}).get('dataset')
        while dataset is not None:
            names = _as_names((dataset.get('metainfo') or {}).get('classes')) or _of_class(dataset.get('type'))
            if names:
                return names
            inner = dataset.get('datasets')  # a wrapper around others
            dataset = inner[0] if inner else dataset.get('dataset')
    return _as_names((config.get('metainfo') or {}).get('classes'))


def _of_class(kind) -> Optional[Sequence[str]]:
    from mmdet.registry import DATASETS

    dataset = DATASETS.get(kind) if isinstance(kind, str) else kind
    return _as_names(getattr(dataset, 'METAINFO', {}).get('classes'))


def _as_names(value) -> Optional[Sequence[str]]:
    if isinstance(value, str):
        return [value]
    return list(value) if value is not None and len(value) else None
