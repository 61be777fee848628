"""Joint sets come from the checkpoint, the config, or are COCO's."""

import numpy as np
import pytest
from mmengine.config import Config

from pipeline.errors import InputError
from pipeline.estimation.metainfo import find_metainfo
from pipeline.skeletons import Skeleton, load_skeleton


def with_dataset(part='train', **dataset):
    return Config({f'{part}_dataloader': dict(dataset=dataset)})


def parsed(name):
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    return parse_pose_metainfo(dict(from_file=f'configs/_base_/datasets/{name}.py'))


@pytest.mark.parametrize(
    'config, meta, name',
    [
        (Config(), {}, 'coco'),
        (with_dataset(type='JhmdbDataset'), {}, 'jhmdb'),
        (with_dataset('test', type='PoseTrack18Dataset'), {}, 'posetrack18'),
        (with_dataset(metainfo=dict(from_file='configs/_base_/datasets/h36m.py'), type='CocoDataset'), {}, 'h36m'),
        (with_dataset(type='JhmdbDataset'), dict(dataset_meta='h36m'), 'h36m'),  # the checkpoint knows best
        (with_dataset(type='JhmdbDataset'), dict(dataset_meta=None, epoch=3), 'jhmdb'),
    ],
)
def test_where_metainfo_comes_from(config, meta, name):
    if isinstance(meta.get('dataset_meta'), str):
        meta = dict(dataset_meta=parsed(meta['dataset_meta']))
    assert Skeleton.from_parsed(find_metainfo(config, meta)).name == name


@pytest.mark.parametrize('name', ['coco', 'posetrack18', 'h36m', 'jhmdb', 'coco_wholebody'])
def test_parsed_and_raw_metainfo_give_the_same_skeleton(name):
    ours, raw = Skeleton.from_parsed(parsed(name)), load_skeleton(name)
    np.testing.assert_array_equal(ours.sigmas, raw.sigmas)
    assert (ours.names, ours.links, ours.flip_indices, ours.sides) == (
        raw.names,
        raw.links,
        raw.flip_indices,
        raw.sides,
    )


@pytest.mark.parametrize('metainfo', [dict(from_file='absent.py'), dict(dataset_name='x')])
def test_unreadable_metainfo_is_one_line(metainfo):
    with pytest.raises(InputError, match='^[^\n]*its metainfo cannot be read[^\n]*$'):
        find_metainfo(with_dataset(metainfo=metainfo), {})
