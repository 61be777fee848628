"""Checkpoints: what is published opens, what could run code does not, what does not fit says where."""

import os
from collections import OrderedDict

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from torch import nn

from pipeline.backends.openmmlab.checkpoint import load_checkpoint
from pipeline.errors import InputError


class Call:
    """Pickles as a call of ``function``: what a malicious file does."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call

    def __call__(self):
        """Only what can be called may be pickled as a function."""


@pytest.fixture
def model():
    return nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 4, 1), bn=nn.BatchNorm2d(4)))


def saved(tmp_path, content):
    path = tmp_path / 'weights.pth'
    torch.save(content, path)
    return path


def test_weights_arrive_and_meta_is_returned(tmp_path, model):
    weights = {name: torch.full_like(value, 2) for name, value in model.state_dict().items()}
    path = saved(tmp_path, dict(state_dict=weights, meta=dict(epoch=3)))
    assert load_checkpoint(model, path) == dict(epoch=3)
    assert all((value == 2).all() for value in model.state_dict().values())


def test_everything_that_published_checkpoints_hold_opens(tmp_path, model):
    meta = dict(
        dataset_meta=dict(
            CLASSES=('person',),
            sigmas=np.array([0.026, 0.025], np.float32),
            colours=np.array([[51, 153, 255]], np.uint8),
            names=np.array(['nose']),
        ),
        best=np.float64(0.5),
        cfg='model = 1',
        seed=np.int64(3),
        where=slice(1, 2),
    )
    log = dict(
        log_scalars=OrderedDict(loss=HistoryBuffer([1.0, 2.0], [1, 1])), statistics=Call(getattr, HistoryBuffer, 'min')
    )
    path = saved(
        tmp_path,
        dict(
            state_dict=model.state_dict(),
            meta=meta,
            message_hub=log,
            optimizer=dict(state={}, param_groups=[dict(lr=1e-3)]),
        ),
    )
    found = load_checkpoint(model, path)
    assert found['dataset_meta']['sigmas'].tolist() == pytest.approx([0.026, 0.025])
    assert found['dataset_meta']['CLASSES'] == ('person',) and found['best'] == 0.5


@pytest.mark.parametrize(
    'attack',
    [
        lambda mark: Call(os.system, f'touch {mark}'),
        lambda mark: Call(eval, f'open({str(mark)!r}, "w")'),
        lambda mark: Call(Call(getattr, HistoryBuffer, '__subclasses__')),
        lambda mark: Call(np.load, str(mark)),
    ],
)
def test_malicious_checkpoint_is_refused_and_runs_nothing(tmp_path, model, attack):
    mark = tmp_path / 'pwned'
    path = saved(tmp_path, dict(state_dict=model.state_dict(), meta=attack(mark)))
    with pytest.raises(InputError, match='^[^\n]*weights.pth[^\n]*$'):
        load_checkpoint(model, path)
    assert not mark.exists()


def test_allowed_getattr_gives_nothing_away(tmp_path, model):
    path = saved(tmp_path, dict(state_dict=model.state_dict(), meta=dict(found=Call(getattr, HistoryBuffer, 'min'))))
    assert not callable(load_checkpoint(model, path)['found'])


def test_flat_averages_of_mmdetection_2_are_ignored(tmp_path, model):
    weights = {name: torch.full_like(value, 2) for name, value in model.state_dict().items()}
    copies = {'ema_' + name.replace('.', '_'): torch.zeros_like(value) for name, value in weights.items()}
    load_checkpoint(model, saved(tmp_path, dict(state_dict={**weights, **copies})))
    assert all((value == 2).all() for value in model.state_dict().values())
    with pytest.raises(InputError, match='have no place .ema_neck_weight'):
        load_checkpoint(model, saved(tmp_path, dict(state_dict={**weights, 'ema_neck_weight': torch.zeros(1)})))


def without(name):
    return lambda weights: weights.pop(name)


def with_one(name, shape):
    return lambda weights: weights.update({name: torch.zeros(shape)})


@pytest.mark.parametrize(
    'change, part',
    [
        (without('conv.weight'), '1 are missing (conv.weight)'),
        (with_one('head.weight', 1), '1 have no place (head.weight)'),
        (with_one('conv.weight', (4, 5, 1, 1)), 'conv.weight has shape [4, 5, 1, 1], the config says [4, 3, 1, 1]'),
    ],
)
def test_weights_that_do_not_fit_are_named(tmp_path, model, change, part):
    weights = dict(model.state_dict())
    change(weights)
    with pytest.raises(InputError, match='^[^\n]*weights.pth: weights that do not fit the config[^\n]*$') as caught:
        load_checkpoint(model, saved(tmp_path, dict(state_dict=weights)))
    assert part in str(caught.value)


def test_harmless_differences_between_versions_are_let_pass(tmp_path, model):
    weights = {f'module.{name}': value for name, value in model.state_dict().items()}
    del weights['module.bn.num_batches_tracked']
    weights['data_preprocessor.mean'] = torch.zeros(3, 1, 1)
    load_checkpoint(model, saved(tmp_path, weights))  # bare weights, without state_dict around them


@pytest.mark.parametrize(
    'content',
    [
        b'',
        b'text',
        b'PK\x03\x04 cut off',
        bytes(1000),
        b'\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}q\x00X\x01',
    ],
)
def test_broken_file_is_named(tmp_path, model, content):
    path = tmp_path / 'broken.pth'
    path.write_bytes(content)
    with pytest.raises(InputError, match='^[^\n]*broken.pth[^\n]*$'):
        load_checkpoint(model, path)


def test_file_without_weights_or_absent_is_named(tmp_path, model):
    with pytest.raises(InputError, match='holds no weights'):
        load_checkpoint(model, saved(tmp_path, dict(meta={})))
    with pytest.raises(InputError, match='absent.pth'):
        load_checkpoint(model, tmp_path / 'absent.pth')
    with pytest.raises(InputError, match="unknown asset 'nothing'"):
        load_checkpoint(model, 'asset:nothing')
