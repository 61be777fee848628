"""A traced graph is used where it gives the same as the function, and nowhere else."""

import pytest
import torch
from torch import nn

from pipeline.backends.graphs import Graphs, graphs, trace
from pipeline.backends.openmmlab.network import run_traced


class Counted:
    """Counts how often Python runs the function."""

    def __init__(self, function):
        self.function, self.calls = function, 0

    def __call__(self, *args, **kwargs):
        self.calls += 1
        return self.function(*args, **kwargs)


def python_calls(function, *inputs):
    """Results of the traced function, and how often Python ran it for them after the first."""
    counted = Counted(function)
    traced = Graphs(counted, trace)
    traced(inputs[0])
    before = counted.calls
    return [traced(value) for value in inputs], counted.calls - before


@pytest.fixture
def network():
    torch.manual_seed(0)
    return (
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.SiLU(), nn.AdaptiveAvgPool2d(2))
        .eval()
        .requires_grad_(False)
    )


def test_graph_replaces_the_function_for_any_batch_size(network):
    inputs = [torch.randn(batch, 3, 8, 8) for batch in (4, 1, 2, 7)]
    results, calls = python_calls(network, *inputs)
    assert calls == 0
    for value, result in zip(inputs, results):
        torch.testing.assert_close(result, network(value))


def test_nested_inputs_and_results_keep_their_arrangement(network):
    def function(features):
        return [feature + 1 for feature in features], (features[0] * 2,)

    features = (torch.randn(3, 2, 4), torch.randn(3, 5))
    (result,), calls = python_calls(function, features)
    assert calls == 0 and isinstance(result[0], list) and isinstance(result[1], tuple)
    torch.testing.assert_close(result[0][1], features[1] + 1)
    torch.testing.assert_close(result[1][0], features[0] * 2)


def test_every_size_of_input_gets_its_own_graph_up_to_a_limit(network, monkeypatch):
    monkeypatch.setattr(graphs, 'MAX_GRAPHS', 2)
    traced = Graphs(network, trace)
    for size in (8, 9, 10):
        value = torch.randn(2, 3, size, size)
        torch.testing.assert_close(traced(value), network(value))
    assert len(traced.graphs) == 2


@pytest.mark.parametrize(
    'function',
    [
        lambda x: x * 2 if x.sum() > 0 else x - 1,  # depends on values
        lambda x: torch.from_numpy(x.numpy() * 2),  # leaves torch: the trace holds a constant
        lambda x: x / float(x.shape[0]),  # depends on the batch size
        lambda x: x + float(x.mean()),
        lambda x: torch.stack([row + i for i, row in enumerate(x)]),
    ],
    ids=['branch', 'numpy', 'batch size', 'number', 'loop'],
)
def test_what_a_graph_cannot_hold_stays_python(function):
    inputs = [torch.full((2, 3), 1.0), torch.full((2, 3), -1.0), torch.randn(3, 3)]
    results, calls = python_calls(function, *inputs)
    assert calls == len(inputs)
    for value, result in zip(inputs, results):
        torch.testing.assert_close(result, function(value))


@pytest.mark.parametrize('function', [lambda x: None, lambda x: dict(a=x), lambda x: (x, 'text')])
def test_results_that_are_no_tensors_stay_as_they_are(function):
    (result,), calls = python_calls(function, torch.ones(2, 2))
    assert type(result) is type(function(torch.ones(2, 2))) and calls == 1


def test_other_arguments_go_to_the_function():
    traced = Graphs(lambda x, scale=1: x * scale, trace)
    value = torch.ones(2, 2)
    assert traced(value, scale=3).sum() == 12 and traced(value, 2).sum() == 8
    assert Graphs(len, trace)('text') == 4 and Graphs(len, trace)([]) == 0


def test_networks_outside_torch_are_left_alone():
    class Outside(nn.Module):
        def extract_feat(self, inputs):
            return inputs

    model = Outside()
    run_traced(model)
    assert 'extract_feat' not in vars(model)
