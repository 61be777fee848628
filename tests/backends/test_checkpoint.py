"""Checkpoint files: what goes in comes out, and nothing else is let in."""

import os
import pickle
import zipfile

import numpy as np
import pytest
import torch

import pipeline.training.losses  # noqa: F401, registers what the config names
from pipeline.backends.checkpoint import digest_of, read_checkpoint, save_model
from pipeline.errors import InputError
from pipeline.networks import HANet, SequenceRefiner
from pipeline.networks.refiners.sequence_refiner import load_refiner, save_refiner
from pipeline.resources import WEIGHTS

BACKBONE = dict(type='HANet', num_keypoints=3, dims=2, window=9, embed_dims=8, num_levels=2)
CONFIG = dict(
    type='SequenceRefiner',
    backbone=BACKBONE,
    loss=dict(type='HANetLoss'),
    fps_range=(10, 120),
    normaliser=dict(type='FigureNormaliser'),
    keypoint_names=('a', 'b', 'c'),
)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return SequenceRefiner(**{key: value for key, value in CONFIG.items() if key != 'type'}).eval()


@pytest.fixture
def saved(model, tmp_path):
    path = tmp_path / 'refiner.pth'
    save_refiner(path, model, CONFIG, {'data': 'none', 'error': np.float64(1.5)})
    return path


def edit(path, change):
    content = torch.load(path, weights_only=True)
    change(content)
    torch.save(content, path)


def test_a_file_is_all_that_is_needed(saved, model):
    loaded = load_refiner(saved)
    keypoints = 100 * torch.randn(2, 9, 3, 2)
    assert torch.equal(loaded.refine(keypoints), model.refine(keypoints))
    assert loaded.keypoint_names == ('a', 'b', 'c') and loaded.fps_range == (10, 120)
    assert loaded.meta == {'data': 'none', 'error': 1.5}
    assert not loaded.training and len(loaded.losses) == 0


def test_half_precision_halves_the_file_and_hardly_moves_the_poses(saved, model, tmp_path):
    half = tmp_path / 'half.pth'
    save_refiner(half, model, CONFIG, half=True)
    weights = torch.load(half, weights_only=True)['state_dict']
    assert {value.dtype for value in weights.values()} == {torch.float16}
    keypoints = 100 * torch.randn(2, 9, 3, 2)
    loaded = load_refiner(half)
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}
    torch.testing.assert_close(loaded.refine(keypoints), model.refine(keypoints), rtol=0.01, atol=1.0)


def test_a_file_whose_weights_changed_since_they_were_saved_is_refused(saved):
    def flip(content):
        weight = next(iter(content['state_dict'].values()))
        weight.view(torch.int32).flatten()[0] ^= 1  # the last bit of one number

    edit(saved, flip)
    with pytest.raises(InputError, match='refiner.pth: is damaged'):
        load_refiner(saved)


def test_files_from_before_there_was_a_digest_are_read(saved, model):
    edit(saved, lambda content: content.pop('digest'))
    assert load_refiner(saved).num_keypoints == 3


def test_a_scalar_and_an_empty_weight_have_a_digest(tmp_path):
    weights = {'a': torch.tensor(3), 'b': torch.zeros(0, 2), 'c': torch.ones(2, 3).t(), 'd': torch.ones(2).bfloat16()}
    save_model(tmp_path / 'a.pth', {'type': 'X'}, weights)
    content = read_checkpoint(tmp_path / 'a.pth')
    assert content['digest'] == digest_of(content['state_dict'])
    assert digest_of({'c': torch.ones(3, 2)}) == digest_of({'c': weights['c']}) != digest_of({'c': torch.ones(2, 3)})


@pytest.mark.parametrize(
    'name', ['hanet_coco17.pth', 'hanet_posetrack15.pth', 'hanet-academic_coco17.pth', 'hanet-academic_posetrack15.pth']
)
def test_our_files_carry_their_digest_and_no_flipped_bit_gets_by(tmp_path, name):
    whole = (WEIGHTS / name).read_bytes()
    assert 'digest' in read_checkpoint(WEIGHTS / name)
    places = np.random.default_rng(0).integers(0, len(whole), 12)
    for place in places:
        damaged = bytearray(whole)
        damaged[place] ^= 0x40
        (tmp_path / name).write_bytes(damaged)
        try:
            load_refiner(tmp_path / name)
        except InputError as error:
            assert name in str(error)
        else:  # a byte between the entries of the archive, which means nothing
            found, expected = (torch.load(folder / name)['state_dict'] for folder in (tmp_path, WEIGHTS))
            assert all(torch.equal(found[key], expected[key]) for key in expected)


def test_an_existing_file_is_kept(saved, model):
    before = saved.read_bytes()
    with pytest.raises(InputError, match='exists already'):
        save_refiner(saved, model, CONFIG)
    assert saved.read_bytes() == before
    save_refiner(saved, model, CONFIG, force=True)


def test_only_plain_values_are_kept(model, tmp_path):
    with pytest.raises(InputError, match='meta.device'):
        save_refiner(tmp_path / 'x.pth', model, CONFIG, {'device': torch.device('cpu')})
    assert list(tmp_path.iterdir()) == []


def test_weights_that_do_not_fit_the_config_are_named(saved):
    edit(saved, lambda content: content['config']['backbone'].update(embed_dims=16))
    with pytest.raises(InputError, match='do not fit the config: backbone.encoder_embed.weight has shape'):
        load_refiner(saved)
    edit(saved, lambda content: content['config']['backbone'].update(embed_dims=8, num_levels=3))
    with pytest.raises(InputError, match='is missing'):
        load_refiner(saved)
    edit(saved, lambda content: content['config']['backbone'].update(num_levels=2, hierarchical=False))
    with pytest.raises(InputError, match='do not fit the config'):
        load_refiner(saved)


def test_files_of_other_kinds_are_named(saved, tmp_path, model):
    hanet = tmp_path / 'hanet.pth'
    save_model(hanet, BACKBONE, model.backbone.state_dict())
    assert isinstance(HANet.from_checkpoint(hanet), HANet)
    with pytest.raises(InputError, match='holds a HANet, a SequenceRefiner is needed'):
        load_refiner(hanet)
    with pytest.raises(InputError, match='holds a SequenceRefiner, a HANet is needed'):
        HANet.from_checkpoint(saved)
    foreign = tmp_path / 'foreign.pth'
    torch.save({'state_dict': {}}, foreign)
    with pytest.raises(InputError, match='convert_checkpoint'):
        load_refiner(foreign)
    torch.save([1, 2], foreign)
    with pytest.raises(InputError, match='holds a list'):
        load_refiner(foreign)


@pytest.mark.parametrize('content', [b'', b'no checkpoint', bytes(range(256)) * 8])
def test_broken_files_are_named(tmp_path, content):
    path = tmp_path / 'broken.pth'
    path.write_bytes(content)
    with pytest.raises(InputError, match='broken.pth'):
        load_refiner(path)
    with pytest.raises(InputError, match='No such file'):
        load_refiner(tmp_path / 'absent.pth')


def test_truncated_files_are_named(saved):
    whole = saved.read_bytes()
    for share in (0.1, 0.5, 0.9, 0.999):
        saved.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(InputError, match='refiner.pth'):
            load_refiner(saved)


def test_code_in_a_file_never_runs(tmp_path):
    class Malicious:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / 'pwned'),)

    path = tmp_path / 'malicious.pth'
    for write in (
        lambda: torch.save({'state_dict': Malicious()}, path),
        lambda: path.write_bytes(pickle.dumps({'state_dict': Malicious()})),
    ):
        write()
        with pytest.raises(InputError, match='could run code'):
            load_refiner(path)
    assert not (tmp_path / 'pwned').exists()


def test_a_config_cannot_name_anything_but_registered_classes(saved):
    backbone = {'type': 'subprocess.Popen', 'args': ['true']}
    edit(saved, lambda content: content['config'].update(backbone=backbone))
    with pytest.raises(InputError, match="'subprocess.Popen' is not a registered"):
        load_refiner(saved)


@pytest.mark.parametrize('core', ['numpy.core', 'numpy._core'])
def test_single_numbers_of_numpy_are_read(tmp_path, core):
    """Training loops store them beside the weights; the name differs between NumPy 1 and 2."""
    path, renamed = tmp_path / 'a.pth', tmp_path / 'b.pth'
    torch.save({'performance': np.float64(0.5)}, path)
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(renamed, 'w') as target:
        for item in source.infolist():
            data = source.read(item)
            if item.filename.endswith('data.pkl'):
                ours = np.float64(0).__reduce__()[0].__module__
                data = data.replace(ours.encode(), f'{core}.multiarray'.encode())
            target.writestr(item, data)
    assert read_checkpoint(renamed)['performance'] == 0.5


def test_a_config_that_asks_for_too_much_is_refused_before_memory_is(saved):
    for change in ({'window': 10**9 + 1}, {'embed_dims': 2**40}, {'num_levels': 10**6}, {'dims': 'two'}):
        before = saved.read_bytes()
        edit(saved, lambda content, change=change: content['config']['backbone'].update(change))
        with pytest.raises(InputError, match='refiner.pth'):
            load_refiner(saved)
        saved.write_bytes(before)


def test_damaged_bytes_end_in_an_input_error_or_in_a_model(saved):
    rng = np.random.default_rng(0)
    whole = saved.read_bytes()
    for _ in range(100):
        damaged = bytearray(whole)
        for position in rng.integers(0, 4000, size=rng.integers(1, 6)):
            damaged[position] = rng.integers(256)
        saved.write_bytes(damaged)
        try:
            load_refiner(saved)
        except InputError as error:
            assert 'refiner.pth' in str(error)
