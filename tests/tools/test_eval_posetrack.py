"""The command as a user types it."""

import importlib.util
import json

import pytest


@pytest.fixture(scope='module')
def tool(repository):
    path = repository / 'tools' / 'eval_posetrack.py'
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_table_and_json(tool, fixtures, tmp_path, capsys):
    folder = fixtures('poseval')
    out = tmp_path / 'scores.json'
    assert (
        tool.main(
            [
                '--gt',
                str(folder / 'pt18/gt'),
                '--pred',
                str(folder / 'pt18/pred'),
                '--format',
                '18',
                '--tracking',
                '--boxes',
                'made up',
                '--out',
                str(out),
            ]
        )
        == 0
    )
    printed = capsys.readouterr().out
    assert 'boxes: made up; 5 sequences, 55 annotated frames' in printed
    row = next(line for line in printed.splitlines() if line.startswith('AP'))
    assert row.split()[1:] == ['75.8', '76.2', '74.2', '77.7', '73.6', '79.8', '76.5', '76.2']
    scores = json.loads(out.read_text())
    expected = json.loads((folder / 'results_dcpose_copy.json').read_text())['pt18']
    assert list(scores['AP']) == ['Head', 'Sho', 'Elb', 'Wri', 'Hip', 'Knee', 'Ank', 'Mean']
    assert list(scores['AP'].values()) == pytest.approx(expected['ap_table'], abs=1e-9)
    assert scores['MOTP']['Mean'] == pytest.approx(expected['trk_motp'][-1], abs=1e-9)
    assert list(scores['joints']['switches'].values()) == expected['mot_counts']['num_switches']
    rows = {line.split()[0]: line.split()[-1] for line in printed.splitlines()[2:]}
    assert rows['HOTA'] == f'{scores["HOTA"]["Mean"]:.1f}' and rows['IDF1'] == f'{scores["IDF1"]["Mean"]:.1f}'
    assert scores['AssA']['Mean'] < scores['IDF1']['Mean'] < 100


def test_where_trackeval_is_missing_a_line_says_so(tool, fixtures, monkeypatch, capsys):
    folder = fixtures('poseval') / 'pt17'
    monkeypatch.setattr('pipeline.posetrack.scoring.load_metrics', lambda: None)
    assert tool.main(['--gt', str(folder / 'gt'), '--pred', str(folder / 'pred'), '--tracking']) == 0
    printed = capsys.readouterr().out
    assert (
        'boxes: not stated (--boxes' in printed and '\nMOTA ' in printed and 'IDF1 ' not in printed.split('HOTA and')[0]
    )
    assert 'pip install --no-deps trackeval==' in printed


def test_without_tracking_there_is_no_mota(tool, fixtures, tmp_path):
    folder, out = fixtures('poseval'), tmp_path / 'scores.json'
    tool.main(['--gt', str(folder / 'pt17/gt'), '--pred', str(folder / 'pt17/pred'), '--out', str(out)])
    assert 'MOTA' not in json.loads(out.read_text())


def test_bad_input_ends_in_one_line_and_exit_code_2(tool, tmp_path, capsys):
    gt, pred, out = tmp_path / 'gt', tmp_path / 'pred', tmp_path / 'scores.json'
    for folder in (gt, pred):
        folder.mkdir()
        (folder / 'a.json').write_text('{"annolist": []}')
    (pred / 'a.json').write_text('{"annolist": [}')
    assert tool.main(['--gt', str(gt), '--pred', str(pred), '--out', str(out)]) == 2
    message = capsys.readouterr().err
    assert message.count('\n') == 1 and 'a.json: line 1, column 15' in message and not out.exists()
    out.write_text('mine')
    assert tool.main(['--gt', str(gt), '--pred', str(gt), '--out', str(out)]) == 2
    assert out.read_text() == 'mine' and 'exists already' in capsys.readouterr().err
    assert tool.main(['--gt', str(gt), '--pred', str(gt), '--out', str(out), '--force']) == 0


@pytest.mark.parametrize(
    'command, message',
    [
        ([], '--gt and --pred'),
        (['--gt', 'x'], '--gt and --pred'),
        (['--data-root', 'x'], 'needs --preset'),
        (['--data-root', 'x', '--preset', 'p', '--boxes', 'best'], 'detected or annotated'),
        (['--data-root', 'x', '--preset', 'p', '--fps', '0'], 'must be 1 or more'),
        (['--data-root', 'nowhere', '--preset', 'p'], 'no such folder'),
    ],
)
def test_arguments_that_do_not_fit(tool, capsys, command, message):
    assert tool.main(command) == 2
    assert message in capsys.readouterr().err


def test_mota_of_a_joint_that_nobody_annotated_is_explained(tool, fixtures, tmp_path, capsys):
    folder = fixtures('poseval') / 'pt18'
    for path in (folder / 'gt').glob('*.json'):
        content = json.loads(path.read_text())
        nose = content['categories'][0]['keypoints'].index('nose') if content.get('categories') else 0
        for person in content['annotations']:
            if person.get('keypoints'):
                person['keypoints'][3 * nose : 3 * nose + 3] = [0, 0, 0]
        (tmp_path / path.name).write_text(json.dumps(content))
    files = ['--gt', str(tmp_path), '--pred', str(folder / 'pred'), '--format', '18']
    assert tool.main([*files, '--tracking']) == 0
    assert 'MOTA of nose says nothing: nowhere annotated' in capsys.readouterr().out
    assert tool.main(files) == 0
    assert 'MOTA' not in capsys.readouterr().out
