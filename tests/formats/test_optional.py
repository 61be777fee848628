"""Formats whose libraries are missing are refused before any work."""

import pytest

from pipeline.errors import InputError
from pipeline.formats import format_named, missing_packages
from pipeline.formats.c3d_file import C3dExporter


def test_a_missing_library_is_one_line_that_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(C3dExporter, 'packages', ('no_such_module', 'sleap_io_of_nobody'))
    with pytest.raises(InputError) as caught:
        format_named('c3d')
    line = 'format c3d: needs no_such_module, sleap_io_of_nobody: pip install no_such_module sleap_io_of_nobody'
    assert str(caught.value).startswith(line) and 'smooth-poses[formats]' in str(caught.value)
    assert missing_packages('c3d') == ['no_such_module', 'sleap_io_of_nobody'] and missing_packages('json') == []
