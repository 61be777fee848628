"""TFLite graphs as modules: sound files only, any size, nothing on the terminal."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pipeline.assets import fetch
from pipeline.backends.litert import LiteRTNetwork
from pipeline.errors import InputError


@pytest.fixture(scope='module')
def movenet():
    try:
        return str(fetch('movenet-multipose'))
    except InputError as error:
        pytest.skip(str(error))


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match='nothing.tflite: no such file'):
        LiteRTNetwork(str(tmp_path / 'nothing.tflite'))


def test_other_file(tmp_path):
    (tmp_path / 'text.tflite').write_text('this is no flatbuffer, but long enough to be read as one')
    with pytest.raises(InputError, match='text.tflite: not a TFLite graph'):
        LiteRTNetwork(str(tmp_path / 'text.tflite'))


def test_a_graph_that_does_not_run_is_named(movenet):
    network = LiteRTNetwork(movenet)
    with pytest.raises(InputError, match=r'movenet_multipose_lightning.tflite: .* an input of 1x64x64x7 '):
        network(np.zeros((1, 64, 64, 7), network.dtype))


def test_unknown_asset():
    with pytest.raises(InputError, match="unknown asset 'nothing'"):
        LiteRTNetwork('asset:nothing')


@pytest.mark.parametrize('num_threads', [0, 1.5, None])
def test_threads(movenet, num_threads):
    with pytest.raises(InputError, match='num_threads'):
        LiteRTNetwork(movenet, num_threads)


def test_copies(movenet):
    with pytest.raises(InputError, match='copies=0'):
        LiteRTNetwork(movenet, copies=0)


def test_sizes_in_turn_and_silence(movenet, capfd):
    """What a graph says does not depend on the sizes it has seen before."""
    image = np.random.default_rng(0).integers(0, 255, (1, 96, 160, 3)).astype(np.uint8)
    network = LiteRTNetwork(movenet, num_threads=1)
    assert network.dtype == np.uint8
    first = network(image)[0]
    assert first.shape == (1, 6, 56)
    network(np.zeros((1, 64, 64, 3), np.uint8))
    np.testing.assert_array_equal(network(image)[0], first)
    np.testing.assert_array_equal(LiteRTNetwork(movenet, num_threads=2)(image)[0], first)
    assert capfd.readouterr() == ('', '')


def test_threads_are_served_side_by_side(movenet, capfd):
    """Each gets what it would have got alone, whatever the sizes of the others."""
    network = LiteRTNetwork(movenet, copies=2)
    images = [
        np.random.default_rng(i).integers(0, 255, (1, 64, 64 + 32 * (i % 3), 3)).astype(np.uint8) for i in range(9)
    ]
    alone = [network(image)[0] for image in images]
    with ThreadPoolExecutor(4) as threads:
        for found, expected in zip(threads.map(network, images), alone):
            np.testing.assert_array_equal(found[0], expected)
    assert capfd.readouterr() == ('', '')
    print('still there', file=sys.stderr)
    assert capfd.readouterr().err == 'still there\n'
