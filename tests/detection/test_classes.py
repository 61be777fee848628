"""The label of a person is found wherever class names are written."""

import pytest
from mmengine.config import Config

from pipeline.detection.classes import person_index
from pipeline.errors import InputError


def with_dataset(**dataset):
    return Config(dict(test_dataloader=dict(dataset=dataset)))


@pytest.mark.parametrize(
    'config, meta, index',
    [
        (with_dataset(type='CocoDataset'), {}, 0),  # the class's own names
        (with_dataset(type='mmdet.VOCDataset'), {}, 14),
        (with_dataset(type='CocoDataset', metainfo=dict(classes=('car', 'person'))), {}, 1),
        (with_dataset(type='CocoDataset'), dict(dataset_meta=dict(CLASSES=('cat', 'dog', 'person'))), 2),
        (with_dataset(type='CocoDataset'), dict(dataset_meta=dict(classes=('cat', 'Person'))), 1),
        (with_dataset(type='CocoDataset'), dict(CLASSES=['cat', 'person']), 1),  # MMDetection 2
        (with_dataset(type='RepeatDataset', dataset=dict(metainfo=dict(classes=('a', 'b', 'c', 'person')))), {}, 3),
        (with_dataset(type='ConcatDataset', datasets=[dict(metainfo=dict(classes=('a', 'person')))]), {}, 1),
        (Config(dict(metainfo=dict(classes='person'))), {}, 0),
    ],
)
def test_index(config, meta, index):
    assert person_index(config, meta) == index


def test_detector_of_other_things_is_refused():
    with pytest.raises(InputError, match="no class 'person', only face, hand"):
        person_index(with_dataset(metainfo=dict(classes=('face', 'hand'))), {})
    with pytest.raises(InputError, match='names no classes'):
        person_index(Config(), {})
