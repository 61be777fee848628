"""The command of the page: what it refuses, in one line."""

import sys

import pytest

from pipeline.cli.serve import main


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['{folder}/absent'], 'absent: cannot be used as a folder'),
        (['{folder}/clip.mp4'], 'clip.mp4: is no folder'),
        (['{folder}', '--out-dir', '../elsewhere'], 'elsewhere: lies outside of'),
        (['{folder}', '--port', '70000'], '--port 70000: must be from 0'),
        (['{folder}', '--max-upload', '0'], '--max-upload 0: must be gigabytes'),
        (['{folder}', '--score-thr', '3'], '--score-thr 3.0: must be in 0..1'),
    ],
)
def test_what_cannot_be_served_is_one_line(tmp_path, capsys, arguments, message):
    pytest.importorskip('uvicorn', reason='the page needs starlette and uvicorn')
    (tmp_path / 'clip.mp4').write_bytes(b'')
    assert main([argument.format(folder=tmp_path) for argument in arguments]) == 2
    said = capsys.readouterr().err
    assert message in said and said.count('\n') == 1


@pytest.mark.parametrize('missing', ['starlette', 'uvicorn'])
def test_without_the_libraries_it_says_what_to_install(tmp_path, capsys, monkeypatch, missing):
    for name in [name for name in sys.modules if name.split('.')[0] == missing or name.startswith('pipeline.serve')]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    assert main([str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert f'the page needs {missing}' in said and "pip install 'smooth-poses[serve]'" in said and said.count('\n') == 1
