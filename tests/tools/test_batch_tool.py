"""tools/batch.py as a person meets it: codes 0, 1 and 2, and one line for each thing that is wrong."""

import importlib.util
import json
import sys

import pytest


@pytest.fixture(scope='module')
def tool(repository):
    """``tool(*arguments)``: its exit code, run in this process."""
    spec = importlib.util.spec_from_file_location('batch_tool', repository / 'tools' / 'batch.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def call(*arguments):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, 'argv', ['batch.py', *map(str, arguments)])
            return module.main()

    return call


@pytest.mark.parametrize(
    'arguments, words',
    [
        ([], 'no input'),
        (['0'], 'a camera has no end'),
        (['a.mp4', '--workers', '0'], '--workers 0: must be 1 or more'),
        (['a.mp4', '--retries', '-1'], '--retries -1'),
        (['a.mp4', '--segment-frames', '0'], '--segment-frames 0'),
        (['a.mp4', '--preset', 'fastest'], "unknown preset 'fastest'"),
        (['--list', 'none.txt'], 'none.txt: cannot be read'),
        (['a.mp4', '--detect-every', '0'], '--detect-every 0'),
        (['a.mp4', '--no-video', '--no-json'], 'nothing is left'),
    ],
)
def test_wrong_arguments_are_one_line_and_code_2(tool, tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert tool(*arguments, '--out', 'out') == 2
    error = capsys.readouterr().err
    assert words in error and error.startswith('error: ') and error.count('\n') == 1
    assert not list(tmp_path.glob('out/*poses*'))


def test_what_failed_is_told_line_by_line_with_code_1(tool, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'list.txt').write_text('gone.mp4\n\nlost.mkv\n')
    assert tool('--list', 'list.txt', '--out', 'out', '--quiet') == 1
    assert capsys.readouterr().out.splitlines() == [
        '2 failed',
        '  gone: gone.mp4: no such file or folder',
        '  lost: lost.mkv: no such file or folder',
    ]
    rows = [json.loads(line) for line in (tmp_path / 'out' / 'manifest.jsonl').read_text().splitlines()]
    assert [row['status'] for row in rows] == ['failed', 'failed']


def test_an_empty_folder_is_an_error(tool, tmp_path, capsys):
    (tmp_path / 'in').mkdir()
    assert tool(tmp_path / 'in', '--out', tmp_path / 'out') == 2
    assert 'holds neither images nor videos' in capsys.readouterr().err
