"""Importing the package costs nothing; its names are there when asked for."""

import subprocess
import sys

import pytest

import pipeline.networks


def test_names_are_imported_when_they_are_asked_for(repository):
    code = 'import sys, pipeline.networks; sys.exit("torch" in sys.modules)'
    assert subprocess.run([sys.executable, '-c', code], cwd=repository, timeout=120).returncode == 0
    assert pipeline.networks.HANet.__name__ == 'HANet'


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match='NoNet'):
        _ = pipeline.networks.NoNet
