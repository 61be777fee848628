"""Names from anywhere become names of plain files in the folder at hand."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.files import safe_name
from pipeline.files.output import Outputs


@pytest.mark.parametrize('name', ['clip', 'a b (2)', 'Übung-3', '日本', 'x..y', '=1+1', '~', 'concat:a|b', 'a' * 180])
def test_usual_names_stay(name):
    assert safe_name(name) == name


@pytest.mark.parametrize(
    'name, safe',
    [
        ('', '_'),
        ('.', '_'),
        ('..', '__'),
        ('...', '___'),
        ('.segments', '_segments'),
        ('../../etc/passwd', '___.._etc_passwd'),
        ('/root', '_root'),
        ('a\\b', 'a_b'),
        ('a\nb\tc\0d\x1b[2J', 'a_b_c_d_[2J'),
        ('evil\u202egnp', 'evil_gnp'),
        ('\udcff', '_'),
    ],
)
def test_others_lose_what_is_dangerous(name, safe):
    assert safe_name(name) == safe


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(), max_size=12) | st.text('./\\\0\n日é', max_size=300))
def test_any_name_with_the_longest_additions_is_a_file_of_its_folder(tmp_path, name):
    safe = safe_name(name)
    assert safe_name(safe) == safe and not safe.startswith('.')
    outputs = Outputs()
    path = tmp_path / f'{safe}_id9223372036854775807.trc'
    outputs.add(path).write_text('x')
    outputs.place()
    assert os.listdir(tmp_path) == [path.name]
    path.unlink()


def test_long_names_stay_apart():
    one, two = safe_name('a' * 300), safe_name('a' * 301)
    assert one != two and len(one.encode()) <= 180 and one.startswith('aaaa')
