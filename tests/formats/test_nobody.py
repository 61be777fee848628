"""Clips without people, in every format."""

import pytest

from pipeline.errors import InputError
from pipeline.formats import missing_packages
from pipeline.registry import WRITERS, names
from pipeline.types import FrameResult, People
from tests.formats.exported import export, results

IN_SPACE = ('bvh', 'gltf', 'angles3d', 'metres')


@pytest.mark.parametrize('name', [name for name in names(WRITERS) if name not in IN_SPACE])
@pytest.mark.parametrize('frames', [0, 1, 6])
def test_a_clip_with_nobody_in_it_is_written(tmp_path, name, frames):
    if missing_packages(name):
        pytest.skip(f'{name} needs {missing_packages(name)}')
    empty = [FrameResult(result.frame, People.empty(17)) for result in results()[:frames]]
    assert all(path.exists() for path in export(tmp_path, name, frames=empty))


@pytest.mark.parametrize('name', ['bvh', 'gltf', 'angles3d'])
def test_formats_of_space_are_refused_without_3d(tmp_path, name):
    with pytest.raises(InputError, match='only smooth-poses --3d'):
        export(tmp_path, name)
    assert not list(tmp_path.iterdir())
