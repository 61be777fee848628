"""The weights that come with the package are those that were measured."""

import shutil

import pytest

from pipeline.errors import InputError
from pipeline.refine import build
from pipeline.skeletons import load_skeleton


def test_every_file_of_weights_has_its_sum():
    listed = [line.split()[1] for line in (build.WEIGHTS / 'SHA256SUMS').read_text().splitlines()]
    assert sorted(listed) == sorted(path.name for path in build.WEIGHTS.glob('*.pth'))
    for name in listed:
        assert build._shipped(name).is_file()


@pytest.mark.parametrize('share', [0.01, 0.5, 0.9])
def test_one_flipped_bit_is_refused(tmp_path, monkeypatch, share):
    shutil.copytree(build.WEIGHTS, tmp_path / 'weights')
    monkeypatch.setattr(build, 'WEIGHTS', tmp_path / 'weights')
    skeleton = load_skeleton('coco')
    build.build_refiner('hanet', skeleton)
    path = tmp_path / 'weights' / 'hanet_coco17.pth'
    content = bytearray(path.read_bytes())
    content[int(share * len(content))] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r'hanet_coco17.pth: its SHA-256 is not'):
        build.build_refiner('hanet', skeleton)


@pytest.mark.parametrize('max_gap', ['x', -1, None, float('nan'), float('inf'), True])
def test_a_gap_that_is_no_time_is_refused(max_gap):
    with pytest.raises(InputError, match='max_gap is'):
        build.build_refiner(dict(type='none', max_gap=max_gap), load_skeleton('coco'))
