"""The weights that come with the package are those that were measured."""

import shutil
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.refine import build
from pipeline.skeletons import load_skeleton


def test_every_file_of_weights_has_its_sum():
    listed = [line.split()[1] for line in (build.WEIGHTS / 'SHA256SUMS').read_text().splitlines()]
    assert sorted(listed) == sorted(path.name for path in build.WEIGHTS.glob('*.pth'))
    for name in listed:
        assert build.shipped(name).is_file()


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


@pytest.fixture(params=['SmoothNet', 'HANet'])
def trained(request, tmp_path):
    """A refiner's file as a training leaves it, and what it holds."""
    from pipeline.networks.refiners.sequence_refiner import SequenceRefiner, save_refiner

    sizes = dict(window=8, embed_dims=8) | (dict(num_levels=1) if request.param == 'HANet' else {})
    backbone = dict(type=request.param, num_keypoints=17, dims=2, **sizes)
    config = dict(backbone=backbone, keypoint_names=list(load_skeleton('coco').names))
    save_refiner(tmp_path / 'refiner.pth', SequenceRefiner(**config), config)
    return tmp_path / 'refiner.pth', request.param


@pytest.mark.parametrize('kind', [str, Path])
def test_the_path_of_a_checkpoint_is_a_refiner_and_the_record_says_what_it_holds(trained, kind):
    path, network = trained
    refiner = build.build_refiner(kind(path), load_skeleton('coco'))
    assert refiner.smoother.window == 8
    assert refiner.record == dict(type='network', checkpoint=str(path), network=network)
    with_gap = build.build_refiner(dict(type=str(path), max_gap=0.1, overlap=4), load_skeleton('coco'))
    assert with_gap.max_gap == 0.1 and with_gap.smoother.step == 2


def test_a_checkpoint_of_another_network_is_refused_with_what_it_holds(trained):
    path, network = trained
    names = dict(SmoothNet='smoothnet', HANet='hanet')
    for held, name in names.items():
        options = dict(type=name, checkpoint=str(path))
        if held == network:
            assert build.build_refiner(options, load_skeleton('coco')).record['network'] == network
            continue
        with pytest.raises(InputError, match=f'refiner.pth: holds a {network}, refiner {name!r} is {held}') as error:
            build.build_refiner(options, load_skeleton('coco'))
        assert '\n' not in str(error.value)


def test_the_record_names_the_network_of_the_default_weights():
    assert build.build_refiner('hanet', load_skeleton('coco')).record == dict(type='hanet', network='GuidedHANet')
    assert build.build_refiner('savgol', load_skeleton('coco')).record == {}


def test_a_path_without_a_file_and_a_second_checkpoint_are_refused(tmp_path):
    with pytest.raises(InputError, match='nothing.pth: no such weights'):
        build.build_refiner(str(tmp_path / 'nothing.pth'), load_skeleton('coco'))
    with pytest.raises(InputError, match="'a.pth': is a checkpoint already; another is b.pth"):
        build.build_refiner(dict(type='a.pth', checkpoint='b.pth'), load_skeleton('coco'))


@pytest.mark.parametrize(
    'spec, options',
    [
        ('gaussian', dict(type='gaussian')),
        ('gaussian:sigma=2', dict(type='gaussian', sigma=2)),
        ('savgol: window=7, order=1, max_gap=0.5', dict(type='savgol', window=7, order=1, max_gap=0.5)),
        ('hampel:cutoff=none', dict(type='hampel', cutoff=None)),
        ('hanet:checkpoint=runs:2/a.pth,overlap=4', dict(type='hanet', checkpoint='runs:2/a.pth', overlap=4)),
        ('runs/a.pth', dict(type='network', checkpoint='runs/a.pth')),
        ('C:/runs/a.pth', dict(type='network', checkpoint='C:/runs/a.pth')),
        ('C:/runs/a.pth:overlap=4', dict(type='network', checkpoint='C:/runs/a.pth', overlap=4)),
        (dict(type='hanet:overlap=4', checkpoint='a.pth'), dict(type='hanet', overlap=4, checkpoint='a.pth')),
    ],
)
def test_text_describes_a_refiner_as_a_dictionary_does(spec, options):
    read = build.refiner_options(spec)
    assert read == options and build.refiner_options(read) == read


@pytest.mark.parametrize(
    'spec, words',
    [
        ('kalman:gain=2', "unknown refiner 'kalman': allowed are savgol, gaussian"),
        ('median:', "refiner 'median': '': must be NAME=VALUE, with commas between"),
        ('runs/a.pth:', "refiner 'runs/a.pth': '': must be NAME=VALUE"),
        ('gaussian:sgima=2', "refiner 'gaussian': unknown sgima: allowed are sigma, block, max_gap"),
        ('none:sigma=2', "refiner 'none': unknown sigma: allowed are max_gap"),
        ('hanet:sigma=2', 'unknown sigma: allowed are checkpoint, overlap, polish'),
        ('hanet:skeleton=5', "refiner 'hanet': unknown skeleton: allowed are checkpoint, overlap"),
        ('gaussian:2', "'2': must be NAME=VALUE"),
        ('gaussian:sigma=', "'sigma=': must be NAME=VALUE"),
        ('gaussian:sigma=2,', "'': must be NAME=VALUE"),
        ('gaussian:sigma=2,sigma=3', 'sigma is given twice, as 2 and 3'),
        ('a.pth:checkpoint=b.pth', 'checkpoint is given twice'),
        (dict(type='gaussian:sigma=2', sigma=3), 'sigma is given twice, as 3 and 2'),
    ],
)
def test_text_that_describes_no_refiner_is_refused_in_one_line(spec, words):
    with pytest.raises(InputError, match=words) as error:
        build.refiner_options(spec)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('threads', [-1, 'x', 2.5])
def test_threads_that_are_no_number_are_refused(trained, threads):
    with pytest.raises(InputError, match='threads is .*: must be a whole number'):
        build.build_refiner(dict(type=str(trained[0]), threads=threads), load_skeleton('coco'))


@pytest.mark.parametrize(
    'more, words',
    [
        (dict(overlap=True), 'overlap is True: windows of .* frames allow 1 to'),
        (dict(partial=5), 'partial is 5: must be True or False'),
    ],
)
def test_switches_are_no_numbers_and_numbers_no_switches(trained, more, words):
    with pytest.raises(InputError, match=words):
        build.build_refiner(dict(type=str(trained[0]), **more), load_skeleton('coco'))


@pytest.mark.parametrize('checkpoint', [5, 0])
def test_a_checkpoint_may_be_called_by_a_number(checkpoint):
    with pytest.raises(InputError, match=f'^{checkpoint}: no such weights'):
        build.build_refiner(f'hanet:checkpoint={checkpoint}', load_skeleton('coco'))
