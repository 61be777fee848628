"""TFLite graphs as modules: sound files only, any size, nothing on the terminal."""
import numpy as np
import pytest

from pipeline.assets import fetch
from pipeline.errors import InputError
from pipeline.models.litert import LiteRTNetwork


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


def test_unknown_asset():
    with pytest.raises(InputError, match="unknown asset 'nothing'"):
        LiteRTNetwork('asset:nothing')


@pytest.mark.parametrize('num_threads', [0, 1.5, None])
def test_threads(movenet, num_threads):
    with pytest.raises(InputError, match='num_threads'):
        LiteRTNetwork(movenet, num_threads)


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
