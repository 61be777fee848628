"""TOML files that say what the command line says."""

import os
from pathlib import Path

import pytest

from pipeline.cli import batch, demo
from pipeline.errors import InputError


@pytest.fixture
def config(tmp_path):
    def write(text: str) -> str:
        (tmp_path / 'run.toml').write_text(text)
        return str(tmp_path / 'run.toml')

    return write


def read(config_file: str, *words: str, tool=demo):
    return tool.parse_arguments(['--config', config_file, *words])


EVERYTHING = """
inputs = ['a.mp4', 'b.mp4']
detect-every = '0.3s'
[people]
people = 2
blur_faces = true
[picture]
video = false
[data]
csv = true
json = false
[chain]
detector = ['d.py', 'd.pth']
score-thr = 1
python-path = ['x', 'y']
"""


def test_a_file_says_what_the_command_line_says(config):
    words = (
        'a.mp4 b.mp4 --detect-every 0.3s --people 2 --blur-faces --no-video --csv --no-json --detector d.py d.pth '
        '--score-thr 1 --python-path x --python-path y'
    )
    expected = {**vars(demo.parse_arguments(words.split())), 'config': Path(config(''))}
    assert vars(read(config(EVERYTHING))) == expected


def test_the_command_line_goes_over_the_file(config):
    args = read(config(EVERYTHING), 'c.mp4', '--people', 'main', '--python-path', 'z', '--every', '3')
    assert (args.inputs, args.people, args.python_path, args.every) == (['c.mp4'], 'main', [Path('z')], 3)
    assert args.blur_faces and not args.video
    assert demo.parse_arguments(['c.mp4']).people is None


def test_a_batch_takes_its_folder_from_the_file(config):
    args = read(config("inputs = ['videos']\n[run]\nout = 'results'\nworkers = 2\n"), tool=batch)
    assert (args.out, args.workers, args.inputs) == (Path('results'), 2, ['videos'])
    with pytest.raises(InputError, match='required: --out'):
        read(config("inputs = ['videos']"), tool=batch)


@pytest.mark.parametrize(
    'text, said',
    [
        ('refner = "none"', "unknown key 'refner'; did you mean refiner"),
        ('xyzzy = 1', "unknown key 'xyzzy'; keys are the options of --help-all without dashes"),
        ('config = "a"', "unknown key 'config'"),
        ('[peple]\npeople = 1', 'unknown table [peple]; did you mean [people]?'),
        ('every = "x"', 'every = x: must be a whole number'),
        ('every = 1.5', 'every = 1.5: must be a whole number'),
        ('csv = 1', 'csv = 1: must be true or false'),
        ('start = [1]', 'start = [1]: must be one value and no list'),
        ('inputs = 3', 'inputs = 3: must be a list'),
        ('start = true', 'start = True: must be text or a number'),
        ('blur-faces = true\nblur_faces = true', "'blur_faces' is given twice"),
        ('a = ', 'is no TOML'),
    ],
)
def test_what_is_wrong_is_one_line_with_the_name_of_the_file(config, text, said):
    with pytest.raises(InputError) as told:
        read(config(text))
    assert said in str(told.value) and 'run.toml' in str(told.value) and '\n' not in str(told.value)


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r'none\.toml'):
        read(str(tmp_path / 'none.toml'))


def test_a_written_file_repeats_the_run_from_anywhere(config, tmp_path, monkeypatch):
    (tmp_path / 'a.mp4').touch()
    monkeypatch.chdir(tmp_path)
    words = ['a.mp4', '--people', '10,20@1.5', '--no-ids', '--start', '12.5', '--csv', '--every', '2', '--force']
    parser = demo.make_parser(words)
    args = parser.parse_args(words)
    text = parser.repeat(args)
    os.chdir('/')
    again = read(config(text))
    assert again.inputs == [str(tmp_path / 'a.mp4')] and again.out_dir == tmp_path / 'output'
    same = {'people', 'ids', 'start', 'csv', 'every', 'preset', 'video', 'fps', 'detector', 'python_path'}
    assert {name: getattr(again, name) for name in same} == {name: getattr(args, name) for name in same}
    assert not again.force  # nothing is replaced without being asked


def test_addresses_are_written_without_their_passwords():
    words = ['rtsp://me:secret@camera/1', '0']
    parser = demo.make_parser(words)
    text = parser.repeat(parser.parse_args(words))
    assert 'secret' not in text and '"0"' in text


def test_all_formats_of_a_run_are_named_one_by_one_in_its_file():
    words = ['a.mp4', '--3d', '--format', 'all', '--format', 'metres']
    parser = demo.make_parser(words)
    text = parser.repeat(parser.parse_args(words))
    assert '"all"' not in text
    assert all(f'"{name}"' in text for name in ('bvh', 'csv', 'metres', 'angles3d'))


def test_a_note_of_somebody_else_is_not_replaced_by_a_batch(tmp_path, capsys):
    (tmp_path / 'batch_run.toml').write_text('mine')
    batch.write_repeat(tmp_path, 'batch.py --config THIS_FILE repeats\n')
    assert (tmp_path / 'batch_run.toml').read_text() == 'mine' and 'stays' in capsys.readouterr().err
    (tmp_path / 'batch_run.toml').unlink()
    for text in ('# batch.py --config THIS_FILE repeats\na = 1\n', '# batch.py --config THIS_FILE repeats\na = 2\n'):
        batch.write_repeat(tmp_path, text)
        assert (tmp_path / 'batch_run.toml').read_text() == text
