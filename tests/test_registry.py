"""Components by name: what they are given, and how wrong names and options are refused."""

import sys

import pytest
from mmengine.registry import Registry

from pipeline.errors import InputError
from pipeline.registry import build_component, import_custom, names


@pytest.fixture
def things():
    registry = Registry('thing', build_func=build_component, scope='test')

    @registry.register_module()
    class Plain:
        def __init__(self, size=1):
            self.size = size

    @registry.register_module(name='by-config')
    class ByConfig:
        def __init__(self, parts):
            self.parts = parts

        @classmethod
        def from_config(cls, device, speed=None):
            return cls((device, speed))

    return registry


def test_a_name_or_a_dictionary_describes_a_component(things):
    assert things.build('Plain').size == 1
    assert things.build(dict(type='Plain', size=3)).size == 3


def test_the_chain_gives_only_what_there_is_a_parameter_for(things):
    assert things.build('Plain', device='cuda', speed={}).size == 1
    assert things.build('by-config', device='cuda', runtime='x').parts == ('cuda', None)


def test_options_go_over_what_the_chain_gives(things):
    options = dict(type='by-config', device='cpu', speed=dict(half=True))
    built = things.build(options, device='cuda', speed=dict(half=False, runtime='torch'))
    assert built.parts == ('cpu', dict(half=True, runtime='torch'))
    assert options == dict(type='by-config', device='cpu', speed=dict(half=True))


@pytest.mark.parametrize(
    'options, words',
    [
        ('Round', "unknown thing 'Round': allowed are Plain, by-config; .*custom_imports"),
        (dict(size=3), 'unknown thing None'),
        (dict(type='os.system'), "unknown thing 'os.system'"),
        (dict(type='Plain', colour=1), "thing 'Plain': .*colour"),
        (dict(type='by-config'), "thing 'by-config': .*device"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(things, options, words):
    with pytest.raises(InputError, match=words) as error:
        things.build(options)
    assert '\n' not in str(error.value)


def test_names_come_in_the_order_of_registration(things):
    assert names(things) == ('Plain', 'by-config')


def test_a_module_beside_the_preset_is_imported_and_the_path_left_alone(tmp_path):
    (tmp_path / 'thing_beside_a_preset.py').write_text('VALUE = 5')
    before = list(sys.path)
    import_custom(['thing_beside_a_preset'], tmp_path / 'preset.py')
    assert sys.modules.pop('thing_beside_a_preset').VALUE == 5 and sys.path == before


@pytest.mark.parametrize('code, words', [(None, 'ImportError'), ('1 / 0', 'ZeroDivisionError')])
def test_a_module_that_cannot_be_imported_is_named(tmp_path, code, words):
    if code:
        (tmp_path / 'thing_that_fails.py').write_text(code)
    with pytest.raises(InputError, match=f'preset.py: .*thing_that_fails.*{words}') as error:
        import_custom(['thing_that_fails'], tmp_path / 'preset.py')
    assert '\n' not in str(error.value)
