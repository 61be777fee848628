"""Devices by name, and the one that a machine has."""

import pytest
import torch

from pipeline.backends.devices import check_device
from pipeline.errors import InputError


@pytest.mark.parametrize('device', ['cuda:99', 'gpu', 'meta', ''])
def test_unknown_device_is_named_beside_those_that_are_there(device):
    with pytest.raises(InputError, match=f'device {device!r}.*there is auto, cpu'):
        check_device(device)


@pytest.mark.parametrize(
    'seen, runtime, expected',
    [(False, 'torch', 'cpu'), (True, 'torch', 'cuda'), (True, 'openvino', 'cpu')],
)
def test_auto_is_a_gpu_where_torch_sees_one_and_can_use_it(monkeypatch, seen, runtime, expected):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: seen)
    monkeypatch.setattr(torch, 'empty', lambda *size, device: None)  # this machine need not have one
    assert check_device('auto', runtime) == torch.device(expected)


def test_a_device_that_is_asked_for_is_not_replaced(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    assert check_device('cpu') == torch.device('cpu')


@pytest.mark.parametrize('device', ['cpu', 'auto'])
@pytest.mark.parametrize('runtime, said', [('onnxruntime', 'openvino has taken its place'), ('', 'not known')])
def test_unknown_runtime_is_named_beside_those_that_are_there(device, runtime, said):
    with pytest.raises(InputError, match=f"^runtime '{runtime}': {said}; allowed are torch, openvino$"):
        check_device(device, runtime)


def test_openvino_is_for_cpus(monkeypatch):
    monkeypatch.setattr(torch, 'empty', lambda *size, device: None)
    with pytest.raises(InputError, match="^runtime openvino: runs on device cpu, not on 'cuda:0'$"):
        check_device('cuda:0', 'openvino')
