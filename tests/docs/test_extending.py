"""The examples of docs/extending.md run as they stand, one after the other."""

import json
import re
import sys
from fractions import Fraction

import numpy as np
import pytest

from pipeline import registry
from pipeline.types import VideoInfo
from pipeline.video import VideoWriter

REGISTRIES = [getattr(registry, name) for name in ('DETECTORS', 'ESTIMATORS', 'TRACKERS', 'REFINERS', 'WRITERS')]


@pytest.fixture
def blocks(repository):
    """Python blocks of the page, by the file that their first line names ('' for those to be run)."""
    text = (repository / 'docs' / 'extending.md').read_text()
    found = {}
    for block in re.findall(r'```python\n(.*?)```', text, re.DOTALL):
        name = re.match(r'# (\w+\.py)\n', block)
        found.setdefault(name[1] if name else '', []).append(block)
    return found


@pytest.fixture
def folder(tmp_path, monkeypatch, blocks):
    """A working folder with the page's files and a clip, of which nothing stays registered."""
    import pipeline.pipeline  # noqa: F401, registers ours before the registries are copied

    for known in REGISTRIES:
        monkeypatch.setattr(known, '_module_dict', dict(known.module_dict))
    for name in ('my_parts.py', 'my_preset.py'):
        (tmp_path / name).write_text('\n\n'.join(blocks[name]))
    with VideoWriter(tmp_path / 'clip.mp4', VideoInfo('clip', 160, 90, Fraction(25)), threads=1) as writer:
        for i in range(12):
            picture = np.full((90, 160, 3), 40, np.uint8)
            picture[20:70, 10 + 5 * i : 40 + 5 * i] = 250
            writer.write(picture, i / 25)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop('my_parts', None)


def test_every_extension_point_has_an_example(blocks):
    text = '\n'.join(blocks['my_parts.py'])
    assert all(f'@{name}.register_module' in text for name in ('DETECTORS', 'ESTIMATORS', 'TRACKERS'))
    assert all(f'@{name}.register_module' in text for name in ('REFINERS', 'WRITERS'))
    assert list(blocks['my_preset.py'][0].splitlines())[1].startswith('custom_imports')


def test_the_examples_run_and_pass_the_checks(folder, blocks, capsys):
    spaces = []
    for block in blocks['']:
        spaces.append({})
        exec(compile(block, 'docs/extending.md', 'exec'), spaces[-1])
    counts = (folder / 'output' / 'clip_count.txt').read_text().splitlines()
    assert counts[0] == '0.00 1' and len(counts) == 12 and {line.split()[1] for line in counts} == {'1'}
    poses = json.loads((folder / 'output' / 'clip_poses.json').read_text())
    assert poses['meta_info']['run']['options']['refiner'] == dict(type='Average', weight=0.7)
    person = poses['instance_info'][0]['instances'][0]
    assert person['track_id'] == 1
    np.testing.assert_allclose(person['keypoints'][0], [10, 20], atol=2)  # the upper left corner of the block
    # the block moves by 5 px a frame; an average of weight 0.7 lags behind by 5 * 0.3 / 0.7 px
    last = poses['instance_info'][11]['instances'][0]
    lag = np.subtract(last['keypoints_raw'], last['keypoints'])[:, 0]
    np.testing.assert_allclose(lag, 5 * 0.3 / 0.7, atol=0.5)
    printed = capsys.readouterr().out.splitlines()
    assert printed[1] == '0.04 [1] (1, 17, 2)'
    people = next(space['people'] for space in spaces if 'people' in space)
    np.testing.assert_array_equal(people.keypoints[0, -1], [40, 70])
