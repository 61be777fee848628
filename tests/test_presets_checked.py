"""Presets with wrong options are refused in one line that names the option."""

import pytest

from pipeline.errors import InputError
from pipeline.pipeline import VideoPipeline
from pipeline.presets import PRESETS, load_preset, merged_preset, preset_names
from pipeline.registry import DETECTORS, ESTIMATORS
from pipeline.skeletons import load_skeleton

BASE = (PRESETS / 'embedded.py').read_text()
MOVENET = "dict(config='configs/detectors/movenet_multipose_256.py', "


def preset(tmp_path, line):
    path = tmp_path / 'mine.py'
    path.write_text(f'{BASE}\n{line}\n')
    return str(path)


def test_those_that_come_with_the_package_are_right():
    for name in preset_names():
        assert load_preset(name)['detector']['config']


@pytest.mark.parametrize('line, value', [('focal = 1500', 1500), ('focal = 1499.5', 1499.5), ('person_height = 2', 2)])
def test_whole_numbers_are_numbers(tmp_path, line, value):
    assert load_preset(preset(tmp_path, line))[line.split()[0]] == value


@pytest.mark.parametrize(
    'line, words',
    [
        ("detect_every = 'x'", "detect_every is 'x'"),
        ('detect_every = 0', 'detect_every'),
        ('every = 2.5', 'every'),
        ('batch = True', 'batch'),
        ('batch = -1', 'batch'),
        ('follow = 3', 'follow'),
        ("overlap = 'no'", 'overlap'),
        ('runtime = 7', 'runtime'),
        ('half = 1', 'half'),
        ('focal = True', 'focal'),
        ('person_height = 4', 'person_height is 4: must be metres in 0.3..3'),
        ('detector = 5', 'detector'),
        ('detector = dict(_delete_=True)', 'detector'),
        ('detector = dict(config=5)', 'detector names no config'),
        ('estimator = []', 'estimator'),
        ('tracker = 5', 'tracker'),
        ('refiner = 5', 'refiner'),
        ('colour = 1', 'unknown colour'),
        ('custom_imports = 5', 'custom_imports is'),
        ("custom_imports = dict(imports=['no_such_module'])", 'no_such_module'),
        ("custom_imports = dict(import_all=['x'])", 'custom_imports is'),
    ],
)
def test_wrong_kinds_are_named(tmp_path, line, words):
    with pytest.raises(InputError, match=words) as error:
        load_preset(preset(tmp_path, line))
    assert 'mine.py' in str(error.value) and '\n' not in str(error.value)


@pytest.mark.parametrize(
    'line, words',
    [
        ('estimator.update(colour=1)', 'colour'),
        ("estimator.update(batch_size='x')", 'estimator'),
        ('estimator.update(speed=dict(colour=1))', 'colour'),
        ('estimator.update(speed=5)', 'estimator'),
    ],
)
def test_options_that_a_link_does_not_take_are_named(tmp_path, line, words):
    with pytest.raises(InputError, match=words) as error:
        VideoPipeline.from_preset(preset(tmp_path, line))
    assert '\n' not in str(error.value)


class Straight:
    """The least a tracker has: it cannot predict."""

    def reset(self):
        pass

    def update(self, people, time, image_size):
        return people


@pytest.mark.parametrize('options', [dict(follow=True), dict(detect_every=2)])
def test_following_needs_a_tracker_that_predicts(options):
    with pytest.raises(InputError, match=r"tracker 'Straight': has no predict\(time\)"):
        VideoPipeline(None, None, Straight(), None, **options)


def test_a_type_stands_in_for_a_config_and_replaces_the_presets_stage(tmp_path):
    config = load_preset(preset(tmp_path, "detector = dict(type='Mine', size=3, _delete_=True)"))
    assert config['detector']['type'] == 'Mine'
    given = merged_preset('embedded', detector=dict(type='Mine'), tracker=dict(type='Other'))
    assert given['detector'] == dict(type='Mine') and given['tracker'] == dict(type='Other')


@pytest.mark.parametrize('link', ['detector', 'estimator', 'tracker', 'refiner'])
def test_an_unknown_type_is_named_with_those_that_there_are(tmp_path, link):
    with pytest.raises(InputError, match=f"unknown {link} 'Nobody': allowed are .*custom_imports"):
        VideoPipeline.from_preset(preset(tmp_path, f"{link} = dict(type='Nobody', _delete_=True)"))


def test_a_refiners_parameters_may_be_written_behind_its_name(tmp_path):
    wanted = dict(type='gaussian', sigma=2)
    assert merged_preset('embedded', 'gaussian:sigma=2')['refiner'] == wanted
    assert merged_preset(preset(tmp_path, "refiner = 'gaussian:sigma=2'"))['refiner'] == wanted
    with pytest.raises(InputError, match="refiner 'gaussian': unknown sgima: allowed are sigma"):
        merged_preset('embedded', 'gaussian:sgima=2')


class Blind:
    """Finds nobody, and knows the joints of those it does not find."""

    skeleton, frame_offsets = load_skeleton('coco'), (0,)


def test_the_chain_has_the_refiner_with_its_parameters_and_records_them(tmp_path, monkeypatch):
    monkeypatch.setitem(DETECTORS.module_dict, 'Blind', Blind)
    monkeypatch.setitem(ESTIMATORS.module_dict, 'Blind', Blind)
    stages = "detector = dict(type='Blind')\nestimator = dict(type='Blind')"
    path = preset(tmp_path, f"{stages}\nruntime = 'torch'")
    chain = VideoPipeline.from_preset(path, 'cpu', refiner='gaussian:sigma=2,max_gap=0.5')
    assert chain.options['refiner'] == dict(type='gaussian', sigma=2, max_gap=0.5)
    assert chain.refiner.max_gap == 0.5
    # a filter twice as wide looks twice as far ahead
    narrow = VideoPipeline.from_preset(path, 'cpu', refiner='gaussian:sigma=1').refiner.smoother
    block = 32
    assert chain.refiner.smoother.window - block == 2 * (narrow.window - block)
