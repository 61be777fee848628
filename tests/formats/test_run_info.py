"""The record of a run."""

import hashlib
import json
from pathlib import Path

import numpy

from pipeline.formats import RunInfo, run_info


def test_weights_are_hashed_wherever_they_are_named(tmp_path):
    weights = tmp_path / 'net.pth'
    weights.write_bytes(b'abc')
    options = {
        'preset': 'embedded',
        'device': 'cpu',
        'batch': 2,
        'estimator': {'config': 'a.py', 'checkpoint': str(weights)},
        'refiner': [{'checkpoint': Path('gone.onnx')}],
    }
    run = run_info(options, command='demo.py x.mp4')
    # SHA-256 of 'abc', FIPS 180-2
    assert run.weights == {
        str(weights): 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
        'gone.onnx': None,
    }
    assert run.preset == 'embedded' and 'preset' not in run.options and options['preset'] == 'embedded'
    assert run.command == 'demo.py x.mp4' and run.versions['numpy'] == numpy.__version__


def test_a_changed_file_is_hashed_again(tmp_path):
    weights = tmp_path / 'net.pth'
    for content in (b'one', b'three'):
        weights.write_bytes(content)
        assert run_info({'a': str(weights)}).weights[str(weights)] == hashlib.sha256(content).hexdigest()


def test_the_record_is_plain_json_in_a_fixed_order():
    run = RunInfo({'b': '1', 'a': '2'}, 'p', {}, {'path': Path('x'), 'pair': (1, 2)}, '')
    assert list(run.to_dict()['versions']) == ['a', 'b']
    assert run.to_dict()['options'] == {'pair': [1, 2], 'path': 'x'}
    assert json.loads(run.to_json()) == run.to_dict()
