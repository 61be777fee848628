"""Configs are found by every kind of name, and a wrong one ends in one line."""

import pytest
from mmengine.config import Config

from pipeline.backends.openmmlab import load_config, pipeline_config, resolve_config, type_name
from pipeline.errors import InputError


def test_packaged_config_is_found_by_package_and_path():
    path = resolve_config('mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coco.py')
    assert path.is_file() and path.parts[-4:-1] == ('.mim', 'configs', 'rtmdet')


def test_repository_config_is_found_from_any_folder(tmp_path, monkeypatch, repository):
    monkeypatch.chdir(tmp_path)
    assert resolve_config('configs/presets/rtmpose-m.py') == repository / 'configs/presets/rtmpose-m.py'


@pytest.mark.parametrize(
    'name, part',
    [
        ('mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coc.py', 'similar ones: rtmdet/rtmdet_tiny_8xb32-300e_coco.py'),
        ('mmdet::../../apis/inference.py', 'brings no such config'),
        ('os::path.py', 'mmdet, mmpose'),
        ('nowhere.py', 'nowhere.py: no such config file'),
        ('', 'no such config file'),
    ],
)
def test_missing_config_is_one_clear_line(name, part):
    with pytest.raises(InputError, match='^[^\n]*$') as caught:
        resolve_config(name)
    assert part in str(caught.value)


@pytest.mark.parametrize('text', ['model = dict(', 'value = 1 / 0', '_base_ = "absent.py"', '\0'])
def test_unreadable_config_names_its_file(tmp_path, text):
    path = tmp_path / 'broken.py'
    path.write_text(text)
    with pytest.raises(InputError, match='^[^\n]*broken.py: not a readable config[^\n]*$'):
        load_config(path)


def test_modules_beside_a_config_can_be_imported_by_it(tmp_path):
    (tmp_path / 'beside_the_config.py').write_text('VALUE = 7\n')
    (tmp_path / 'config.py').write_text(
        'custom_imports = dict(imports=["beside_the_config"], allow_failed_imports=False)\nvalue = 3\n'
    )
    assert load_config(tmp_path / 'config.py').value == 3


def test_a_given_config_is_copied():
    given = Config(dict(model=dict(backbone=dict(depth=18))))
    load_config(given).model.backbone.depth = 50
    assert given.model.backbone.depth == 18


@pytest.mark.parametrize(
    'dataset',
    [
        dict(pipeline=[dict(type='A')]),
        dict(dataset=dict(pipeline=[dict(type='A')])),
        dict(datasets=[dict(pipeline=[dict(type='A')]), dict(pipeline=[dict(type='B')])]),
    ],
)
def test_pipeline_is_found_under_wrapped_data_sets(dataset):
    transforms = pipeline_config(Config(dict(test_dataloader=dict(dataset=dataset))))
    assert [type_name(t) for t in transforms] == ['A']


def test_pipeline_may_stand_alone_but_must_be_there():
    assert type_name(pipeline_config(Config(dict(test_pipeline=[dict(type='mmdet.A')])))[0]) == 'A'
    with pytest.raises(InputError, match='test_pipeline'):
        pipeline_config(Config(dict(test_dataloader=dict(dataset=dict(type='X')))))
