"""Converted graphs give torch's numbers for any batch, from the cache or fresh, and never from a damaged file."""

from concurrent.futures import ThreadPoolExecutor

import openvino_telemetry
import pytest
import torch
from torch import nn

from pipeline.backends.graphs import Graphs, OpenVINOExporter, graph_cache, openvino_graph
from pipeline.backends.threads import torch_threads
from pipeline.errors import InputError


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv('POSE_CACHE', str(tmp_path))
    return tmp_path / 'openvino'


@pytest.fixture
def exports(monkeypatch):
    """Every export that is made, as its length."""
    made, export = [], openvino_graph.export

    def counted(*args):
        content = export(*args)
        made.append(len(content))
        return content

    monkeypatch.setattr(openvino_graph, 'export', counted)
    return made


def network(seed=0):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.SiLU(), nn.AdaptiveAvgPool2d(1))
    return model.eval().requires_grad_(False)


def exported(model, *facts, function=None):
    return Graphs(function or model, OpenVINOExporter(model, *facts), required='the network')


def test_any_batch_size_gives_torchs_numbers(exports):
    model = network()
    graphs = exported(model)
    for batch in (4, 1, 7):
        inputs = torch.randn(batch, 3, 9, 8).to(memory_format=torch.channels_last)
        torch.testing.assert_close(graphs(inputs), model(inputs), rtol=1e-5, atol=1e-5)
    assert len(exports) == 1 and len(graphs.graphs) == 1


def test_nested_features_keep_their_arrangement():
    def function(features):
        return [feature + 1 for feature in features], (features[0] * 2,)

    features = (torch.randn(3, 2, 4), torch.randn(3, 5))
    result = exported(network(), function=function)(features)
    assert isinstance(result, tuple) and isinstance(result[0], list) and isinstance(result[1], tuple)
    torch.testing.assert_close(result[0][1], features[1] + 1)
    torch.testing.assert_close(result[1][0], features[0] * 2)


def test_works_inside_inference_mode():
    model = network()
    with torch.inference_mode():
        inputs = torch.randn(2, 3, 8, 8)
        torch.testing.assert_close(exported(model)(inputs), model(inputs), rtol=1e-5, atol=1e-5)


def test_second_start_exports_nothing(exports, folder):
    inputs = torch.randn(2, 3, 8, 8)
    first, second = (exported(network())(inputs) for _ in range(2))
    assert torch.equal(first, second) and len(exports) == 1 and len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    'other',
    [
        lambda: exported(network(seed=1)),  # weights
        lambda: exported(network(), 'another config'),
    ],
    ids=['weights', 'config'],
)
def test_other_networks_have_other_files(other, exports, folder):
    exported(network())(torch.randn(2, 3, 8, 8))
    other()(torch.randn(2, 3, 8, 8))
    assert len(exports) == 2 and len(list(folder.iterdir())) == 2


def test_other_sizes_have_other_files(exports):
    model = network()
    graphs = exported(model)
    for size in (8, 9):
        inputs = torch.randn(2, 3, size, size)
        torch.testing.assert_close(graphs(inputs), model(inputs), rtol=1e-5, atol=1e-5)
    assert len(exports) == 2


@pytest.mark.parametrize(
    'damage',
    [
        lambda content: b'',
        lambda content: content[:-1],
        lambda content: content + b'\0',
        lambda content: content[:200] + bytes([content[200] ^ 1]) + content[201:],
    ],
    ids=['empty', 'short', 'long', 'bit'],
)
def test_damaged_file_is_made_again(damage, exports, folder):
    model, inputs = network(), torch.randn(2, 3, 8, 8)
    exported(model)(inputs)
    (path,) = folder.iterdir()
    sound = path.read_bytes()
    path.write_bytes(damage(sound))
    torch.testing.assert_close(exported(model)(inputs), model(inputs), rtol=1e-5, atol=1e-5)
    assert len(exports) == 2
    (path,) = folder.iterdir()
    assert path.read_bytes() != damage(sound) and graph_cache.read(path) == path.read_bytes()


def test_stale_file_is_made_again(exports):
    """Code changes are not in a file's key; the comparison with torch finds them."""
    model, inputs = network(), torch.randn(2, 3, 8, 8)
    exported(model, function=model)(inputs)
    changed = exported(model, function=lambda x: model(x) * 2)
    torch.testing.assert_close(changed(inputs), model(inputs) * 2, rtol=1e-5, atol=1e-5)
    assert len(exports) == 2


def test_what_cannot_be_exported_is_one_error():
    graphs = exported(network(), function=lambda x: x * 2 if x.sum() > 0 else x - 1)
    with pytest.raises(InputError, match='^the network gives no graph: [^\n]*$'):
        graphs(torch.ones(2, 3))


def test_operators_that_openvino_lacks_are_one_quiet_line(capfd):
    graphs = exported(network(), function=torch.special.i0)
    with pytest.raises(InputError, match='^the network gives no graph: [^\n]*aten::i0[^\n]*$'):
        graphs(torch.ones(2, 3))
    assert capfd.readouterr() == ('', '')


def test_nobody_is_told_of_a_conversion(monkeypatch, exports):
    """OpenVINO's own converter sends what it converts to Intel, unless the user has found out how to forbid it."""
    told = []
    monkeypatch.setattr(openvino_telemetry.Telemetry, 'start_session', lambda *words: told.append(words))
    exported(network())(torch.randn(2, 3, 8, 8))
    assert len(exports) == 1 and not told


def test_what_need_not_be_exported_runs_in_torch():
    def function(inputs):
        return inputs / float(inputs.shape[0])

    graphs = Graphs(function, OpenVINOExporter(network()))
    assert graphs(torch.ones(4, 2)).tolist() == torch.full((4, 2), 0.25).tolist()


def test_threads_are_those_of_torch(monkeypatch):
    wanted, plan = [], openvino_graph.plan
    monkeypatch.setattr(openvino_graph, 'plan', lambda *args: wanted.append(args[-1]) or plan(*args))
    model, inputs = network(), torch.randn(2, 3, 8, 8)
    graphs = exported(model)
    for threads in (2, 2, 1):
        with torch_threads(threads):
            torch.testing.assert_close(graphs(inputs), model(inputs), rtol=1e-5, atol=1e-5)
    assert wanted == [2, 1]


def test_callers_side_by_side_get_their_own_answers():
    model = network()
    graphs = exported(model)
    inputs = [torch.randn(1 + i % 3, 3, 16, 16) for i in range(24)]
    expected = [model(value) for value in inputs]
    graphs(inputs[0])
    with ThreadPoolExecutor(4) as threads:
        for found, wanted in zip(threads.map(graphs, inputs), expected):
            torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)


def test_results_stay_when_the_next_is_computed():
    graphs = exported(network())
    inputs = torch.randn(2, 3, 8, 8)
    first = graphs(inputs)
    before = first.clone()
    graphs(inputs + 1)
    assert torch.equal(first, before)


def test_folder_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / 'file').write_text('')
    monkeypatch.setenv('POSE_CACHE', str(tmp_path / 'file'))
    with pytest.raises(InputError, match='file'):
        exported(network())(torch.randn(2, 3, 8, 8))
