"""Every option of the command line reaches the chain or its files, under the name that these know."""

import inspect
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from pipeline.cli import arguments, batch, demo
from pipeline.errors import InputError
from pipeline.options import GROUPS, ChainOptions, OutputOptions, check, option_of, preset_options
from pipeline.pipeline import VideoPipeline
from pipeline.presets import PRESETS
from pipeline.registry import REFINERS, names

# read by the tools themselves, before there is a chain
BY_THE_TOOL = {'preset', 'device', 'python_path'}
EXAMPLES = {
    int: '3',
    float: '0.5',
    Path: 'some/file',
    arguments._number_or_word: '2',
    arguments._formats: 'csv,mot',
}
# of those that take no others
WORDS = {'draw_others': 'faint', 'facing': 'left', 'floor': '0,9,9,9', 'background': 'blur', 'refiner_3d': 'none'}


def make_parser() -> arguments.OptionParser:
    parser = arguments.OptionParser(arguments=['--help-all'])
    arguments.add_chain_options(parser)
    arguments.add_output_options(parser)
    return parser


def options() -> list:
    return [action for action in make_parser()._actions if action.dest not in ('help', 'help_all', 'config')]


def meaning(*words: str) -> tuple:
    """What a command line says of chain and files."""
    args = make_parser().parse_args(words)
    return arguments.chain_options(args), arguments.output_options(args, out_dir=Path('out'))


@pytest.mark.parametrize('action', options(), ids=lambda action: action.option_strings[0])
def test_every_option_changes_the_chain_or_its_files(action):
    words = [action.option_strings[0]]
    if action.nargs == '+':
        words += ['config.py', 'weights.pth']
    elif action.nargs != 0:
        words.append(WORDS.get(action.dest) or EXAMPLES.get(action.type, 'word'))
    if action.dest == 'draw_others':
        words += ['--people', 'main']
    if action.dest in ('focal', 'refiner_3d'):
        words += ['--3d']
    if action.dest == 'facing':
        words += ['--draw-angles']
    changed = meaning(*words) != meaning()
    assert changed != (action.dest in BY_THE_TOOL)


def test_the_chain_knows_every_word():
    chain, _ = meaning()
    named = set(inspect.signature(VideoPipeline.from_preset).parameters)
    assert set(chain) <= named | set(preset_options())


def test_values_arrive_as_they_were_given():
    chain, files = meaning(
        *'--refiner savgol --detector d.py d.pth --score-thr 0.4 --estimator e.py --flip-test --detect-every 5'.split(),
        *'--every 2 --runtime openvino --half --scene crowd --batch 4'.split(),
        *'--start 12.5 --end 300f --reader decord'.split(),
        *'--compare --boxes --no-ids --trails --no-json --csv --posetrack --trc'.split(),
    )
    assert {key: value for key, value in chain.items() if value} == dict(
        refiner='savgol',
        detector=dict(config='d.py', checkpoint='d.pth', score_thr=0.4),
        estimator=dict(config='e.py', flip_test=True),
        detect_every=5,
        tracker=dict(scene='crowd'),
        batch=4,
        every=2,
        runtime='openvino',
        half=True,
    )
    assert files == OutputOptions(
        out_dir=Path('out'),
        formats=('csv', 'posetrack', 'trc'),
        start='12.5',
        end='300f',
        reader='decord',
        compare=True,
        boxes=True,
        ids=False,
        trails=True,
    )


def test_what_is_not_said_is_left_to_the_preset_and_the_files_defaults():
    chain, files = meaning()
    assert not any(chain.values())
    assert files == OutputOptions(out_dir=Path('out'))
    assert {field.name for field in fields(files)} >= {'video', 'formats', 'report', 'trails'}


def test_own_refiner_weights_say_what_they_are_unless_a_refiner_is_named():
    assert meaning('--refiner-checkpoint', 'a.pth')[0]['refiner'] == dict(type='network', checkpoint='a.pth')
    named = meaning('--refiner', 'smoothnet', '--refiner-checkpoint', 'a.pth')[0]['refiner']
    assert named == dict(type='smoothnet', checkpoint='a.pth')


def test_help_describes_every_refiner_with_its_parameters():
    said = next(action for action in options() if action.dest == 'refiner').help
    # weights, threads, other joints and windows have options and pages of their own; a block changes no number
    elsewhere = {'skeleton', 'device', 'runtime', 'checkpoint', 'threads', 'partial', 'block', 'step', 'mirror'}
    for name in names(REFINERS):
        start = max(said.index('.pth' if name == 'network' else name) - 30, 0)
        part = said[start : start + 130]
        taken = set(inspect.signature(REFINERS.module_dict[name]).parameters) - elsewhere
        assert all(parameter in part for parameter in taken), name


@pytest.mark.parametrize(
    'words, said',
    [
        ('--detect-every 0', "--detect-every '?0'?: must be a number of frames from 1 up, or seconds as 0.2s"),
        ('--every -1', "--every '?-1'?: must be a whole number from 1 up"),
        ('--batch 0', "--batch '?0'?: must be a whole number from 1 up"),
        ('--score-thr 1.5', "--score-thr '?1.5'?: must be in 0..1"),
        ('--detector a b c', 'must be a config and a checkpoint'),
        ('--no-video --no-json', 'nothing is left to write'),
        ('--people 0', "--people '?0'?: must be main, largest, longest, a number from 1 up, ids=1,3 or x,y@seconds"),
        ('--draw-others none', '--draw-others none: say by --people who the others are not'),
        ('--facing left', '--facing left: is for the signs of angles; give --angles or --draw-angles too'),
        ('--people main --draw-others grey', "--draw-others 'grey': must be as-usual, faint or none"),
        ('--single --scene crowd', '--single --scene crowd: give one of the two'),
    ],
)
def test_values_out_of_range_are_named(words, said):
    with pytest.raises(InputError, match=said):
        arguments.check_options(make_parser().parse_args(words.split()))


def test_the_short_help_names_what_is_used_most_and_the_long_one_every_option():
    texts = {}
    for words in ((), ('--help-all',)):
        parser = arguments.OptionParser(arguments=words)
        arguments.add_chain_options(parser)
        arguments.add_output_options(parser)
        texts[words] = parser.format_help()
    short, full = texts.values()
    assert '--refiner ' in short and '--report' in short and '--half' not in short and '--help-all shows' in short
    assert all(action.option_strings[0] in full for action in options()) and '--help-all shows' not in full
    assert len(short.splitlines()) < len(full.splitlines()) * 0.7


def test_every_option_stands_in_a_group_that_the_help_explains():
    entries = [option_of(entry) for cls in (ChainOptions, OutputOptions) for entry in fields(cls)]
    assert {entry.group for entry in entries} - {None} <= set(GROUPS)


def test_formats_are_named_one_by_one_or_all_at_once():
    _, files = meaning('--format', 'mot,c3d', '--format', 'csv')
    assert set(files.formats) == {'json', 'csv', 'mot', 'c3d'}
    _, files = meaning('--no-json', '--format', 'all')
    assert {'json', 'openpose', 'coco', 'mot', 'labelstudio', 'angles'} <= set(files.formats)
    assert not {'metres', 'bvh', 'angles3d'} & set(files.formats)  # which need options of their own
    _, files = meaning('--format', 'all', '--3d')
    assert {'bvh', 'gltf', 'angles3d', 'csv'} <= set(files.formats) and 'metres' not in files.formats
    assert not {'bvh', 'gltf'} & set(meaning('--format', 'csv', '--3d')[1].formats)
    with pytest.raises(InputError, match="unknown format 'doc': allowed are .*csv"):
        meaning('--format', 'doc')
    with pytest.raises(InputError, match="formats 'csv': must be a tuple of names of formats"):
        check(OutputOptions(formats='csv'))


def test_who_is_wanted_reaches_tracker_and_files():
    chain, files = meaning('--single', '--people', '2', '--draw-others', 'faint')
    assert chain['tracker'] == dict(scene='single')
    assert (files.people, files.draw_others, files.waits, files.draws_late) == (2, 'faint', True, True)
    assert not meaning('--people', 'main')[1].draws_late


@pytest.mark.parametrize(
    'words, said',
    [
        ('a.mp4 --nonsense', 'unrecognized arguments: --nonsense'),
        ('a.mp4 --every', 'argument --every: expected one argument'),
        ('a.mp4 --every x', "--every 'x': must be a whole number"),
        ('a.mp4 --every 1.5', "--every '1.5': must be a whole number"),
        ('a.mp4 --score-thr high', "--score-thr 'high': must be a number"),
        ('a.mp4 --config', 'argument --config: expected one argument'),
    ],
)
def test_words_that_no_option_takes_are_refused_in_one_line(words, said, capsys):
    assert demo.main(words.split()) == 2
    assert capsys.readouterr().err == f'error: {said}\n'


@pytest.mark.parametrize(
    'words, said',
    [
        (['--focal', '900'], '--focal 900: .* --3d'),
        (['--refiner-3d', 'hanet'], '--refiner-3d hanet: .* --3d'),
        (['--3d', '--refiner-3d', 'gaussian'], "--refiner-3d 'gaussian': must be hanet, none or a checkpoint"),
        (['--keypoints='], "--keypoints ''"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(words, said):
    with pytest.raises(InputError, match=said):
        meaning(*words)


@pytest.fixture
def unbuilt(monkeypatch):
    """Fails where a network would be loaded."""
    for stage in ('detector', 'estimator'):
        monkeypatch.setattr(f'pipeline.pipeline.build_{stage}', lambda *_: pytest.fail('a network was loaded'))


@pytest.mark.parametrize('command', [demo, batch])
@pytest.mark.parametrize(
    'words, said',
    [
        ('--bvh', '--bvh: has bones in space; only smooth-poses --3d finds them'),
        ('--gltf', '--gltf: has bones in space; only smooth-poses --3d finds them'),
        ('--format csv,angles3d', '--angles3d: has bones in space; only smooth-poses --3d finds them'),
        ('--3d --refiner-3d no/such.pth', '--refiner-3d no/such.pth: no such weights'),
    ],
)
def test_what_3d_lacks_is_said_before_anything_is_loaded(command, words, said, unbuilt, tmp_path, capsys):
    # the inputs are looked at later
    out = ('--out-dir' if command is demo else '--out', str(tmp_path / 'out'))
    assert command.main([str(tmp_path / 'none.mp4'), *words.split(), *out]) == 2
    assert capsys.readouterr().err == f'error: {said}\n' and not (tmp_path / 'out').exists()


def test_a_preset_that_lifts_may_write_what_3d_writes(tmp_path):
    preset = tmp_path / 'lifts.py'
    preset.write_text((PRESETS / 'embedded.py').read_text() + 'three_d = True\n')
    args = make_parser().parse_args(['--preset', str(preset), '--bvh'])
    arguments.check_lifting(args, arguments.output_options(args))


@pytest.mark.parametrize(
    'given, said',
    [
        (dict(tracker=dict(scene='beach')), "unknown scene 'beach' for the tracker"),
        (dict(three_d=True, refiner_3d='no/such.pth'), '--refiner-3d no/such.pth: no such weights'),
    ],
)
def test_a_chain_says_what_is_wrong_before_it_loads_networks(given, said, unbuilt):
    with pytest.raises(InputError, match=said):
        VideoPipeline.from_preset('embedded', 'cpu', **given)


def test_metres_in_the_picture_are_written_beside_3d_where_they_are_asked_for():
    _, asked = meaning('--3d', '--person-height', '1.8', '--metres')
    assert asked.person_height == 1.8 and 'metres' in asked.formats
    _, unasked = meaning('--3d', '--person-height', '1.8')
    assert unasked.person_height is None and 'metres' not in unasked.formats


@pytest.mark.parametrize('command', ['demo', 'batch', 'refine', 'serve', 'assets'])
def test_a_command_answers_help_before_it_loads_what_works(command):
    words = f'import sys, pipeline.cli.{command}; print(*(name for name in sys.modules if "." not in name))'
    run = subprocess.run([sys.executable, '-c', words], capture_output=True, text=True, timeout=120, check=True)
    assert not {'torch', 'scipy', 'av', 'openvino', 'mmcv', 'mmdet', 'mmpose', 'matplotlib'} & set(run.stdout.split())
