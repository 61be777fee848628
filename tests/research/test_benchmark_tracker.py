"""The command that compares trackers."""

import importlib.util
import json

import numpy as np
import pytest

from pipeline.posetrack import PoseFrame, PosePerson, PoseSequence, save_sequence
from pipeline.posetrack.mot import MotCounts


@pytest.fixture(scope='module')
def tool(repository):
    path = repository / 'tools' / 'research' / 'benchmark_tracker.py'
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(0)
    for number in range(2):
        shape = rng.uniform(-60, 60, (15, 2))
        frames = []
        for index in range(12):
            person = PosePerson(
                points=shape + [200 + 3 * index, 200],
                visible=np.ones(15, bool),
                track_id=1,
                head_box=np.array([0.0, 0, 20, 20]),
            )
            frames.append(PoseFrame.from_people(f'{index:06d}.jpg', [person]))
        save_sequence(PoseSequence(str(number), frames), tmp_path / 'data' / f'{number}.json', 18)
    return tmp_path / 'data'


def test_table_and_file(tool, data, tmp_path, capsys):
    out = tmp_path / 'out.json'
    assert tool.main(['--data', str(data), '--strides', '1', '--out', str(out)]) == 0
    results = json.loads(out.read_text())
    assert [result['tracker'] for result in results][0] == 'ours'
    ordinary = results[0]['scenarios']['25/s ordinary']
    assert ordinary['objects'] == 2 * 12 * 15
    errors = ordinary['misses'] + ordinary['false_positives'] + ordinary['switches']
    assert ordinary['MOTA'] == pytest.approx(100 * (1 - errors / ordinary['objects']))
    # one person, one id: what is found is found under this id, so IDF1 is that of the joints
    detections = ordinary['objects'] - ordinary['misses']
    f1 = 100 * 2 * detections / (2 * detections + ordinary['misses'] + ordinary['false_positives'])
    assert ordinary['IDF1'] == pytest.approx(f1, abs=3)
    assert f'{ordinary["MOTA"]:6.2f} {ordinary["HOTA"]:6.2f} {ordinary["IDF1"]:6.2f}' in capsys.readouterr().out


def counts(misses):
    zero = np.zeros(15, int)
    return MotCounts(zero + 10, zero + 10 - misses, zero + misses, zero, zero, zero, zero.astype(float))


def test_folds_are_scored_with_what_was_best_elsewhere(tool):
    # options A are better on the first sequence only, B on all others
    names = [str(i) for i in range(10)]
    a = [{name: counts(0 if name == '0' else 5) for name in names}]
    b = [{name: counts(9 if name == '0' else 1) for name in names}]
    chosen, folds = tool.cross_validate([a, b])
    assert chosen == [1] * 5
    assert folds == [['0', '5'], ['1', '6'], ['2', '7'], ['3', '8'], ['4', '9']]


def test_searched_rows_are_of_held_out_sequences(tool, data, tmp_path, capsys):
    out = tmp_path / 'out.json'
    options = ['--data', str(data), '--strides', '1', '--errors', 'ordinary', '--search', '2', '--out', str(out)]
    assert tool.main(options) == 0
    ours = json.loads(out.read_text())[0]
    assert len(ours['chosen']) == 5 and len(ours['by_options']) == 2
    scenario = ours['scenarios']['25/s ordinary']
    assert scenario['objects'] == 2 * 12 * 15 and 0 < scenario['HOTA'] < scenario['MOTA'] < 100
    assert 'boxes: detections, simulated' in capsys.readouterr().out


def test_bad_arguments(tool, data, capsys):
    assert tool.main(['--data', str(data), '--strides', '0']) == 2
    assert 'must be 1 or more' in capsys.readouterr().err
    assert tool.main(['--data', str(data / 'nothing')]) == 2
    assert 'no such folder' in capsys.readouterr().err
