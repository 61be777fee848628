"""PoseTrack files as training pairs: tracks of an estimator, annotations where there are some."""

import json

import numpy as np
import pytest
from mmengine.config import Config

from pipeline.errors import InputError
from pipeline.networks.refiners.sequence_refiner import load_refiner
from pipeline.posetrack import JOINTS, PoseFrame, PosePerson, PoseSequence, save_sequence
from pipeline.posetrack.tracks import load_posetrack
from pipeline.training.batches.pair_batches import PairWindowBatches
from pipeline.training.joint_sets import JOINT_SETS
from tools import train

NAMES = JOINT_SETS['posetrack15'].names
FIGURE = np.array(
    [
        [-10, 90],
        [-9, 50],
        [-8, 10],
        [8, 10],
        [9, 50],
        [10, 90],
        [-25, 0],
        [-22, -30],
        [-15, -60],
        [15, -60],
        [22, -30],
        [25, 0],
        [0, -65],
        [0, -78],
        [0, -95],
    ],
    float,
)


def person(x, track, error=0.0, missing=()):
    points = FIGURE + [x, 200] + [error, 0]
    points[[JOINTS.index(name) for name in missing]] = np.nan
    scores = np.where(np.isnan(points[:, 0]), 0, 0.8)
    return PosePerson(points, np.ones(15, bool), scores, np.array([0.0, 0, 24, 32]), track)


@pytest.fixture
def folders(tmp_path):
    """12 frames of two people; 3 to 8 are annotated; the estimator errs by 2 px and loses one of them twice."""
    truth, found = [], []
    for i in range(12):
        name, left, right = f'images/train/000001_mpii/{i:06d}.jpg', 100 + 5 * i, 400 - 5 * i
        people = [person(left, 7, missing=['nose']), person(right, 8)] if 3 <= i <= 8 else []
        truth.append(PoseFrame.from_people(name, people, is_labeled=bool(people)))
        estimates = [person(right, 1, 2.0, missing=['left_wrist'] if i == 5 else [])]
        if i not in (4, 9, 10):
            estimates.append(person(left, 2, 2.0))
        found.append(PoseFrame.from_people(name, estimates))
    for folder, frames in (('gt', truth), ('pred', found)):
        save_sequence(PoseSequence('000001_mpii_train', frames), tmp_path / folder / '000001_mpii_train.json', 18)
    return tmp_path / 'gt', tmp_path / 'pred'


def test_truth_is_there_in_annotated_frames_only(folders):
    right, left, end = sorted(load_posetrack(*folders, fps=10, max_gap=0.15), key=lambda s: s.name)
    assert [len(s) for s in (right, left, end)] == [12, 9, 1] and right.group == '000001_mpii_train'
    np.testing.assert_array_equal(right.weight, np.repeat(np.isin(np.arange(12), range(3, 9)), 15).reshape(12, 15))
    error = (right.estimate - right.truth)[3:9]
    wrist = NAMES.index('left_wrist')
    assert right.scores[5, wrist] == 0 and np.isnan(right.estimate[5, wrist]).all()
    np.testing.assert_allclose(np.delete(error, wrist, axis=1), np.tile([2, 0], (6, 14, 1)), atol=1e-4)
    assert right.scores[0] == pytest.approx(np.full(15, 0.8))


def test_gaps_are_bridged_or_end_a_sequence(folders):
    left = load_posetrack(*folders, fps=10, max_gap=0.15)[1]
    np.testing.assert_allclose(left.estimate[4], (left.estimate[3] + left.estimate[5]) / 2, atol=1e-4)
    assert (left.scores[4] == 0).all() and (left.weight[4] == 0).all() and left.scores[3].all()
    assert left.weight[3, NAMES.index('nose')] == 0 and left.weight[3].sum() == 14
    assert len(load_posetrack(*folders, fps=10, max_gap=0.2)) == 2


def test_windows_show_something_annotated(folders):
    data = PairWindowBatches(
        dict(type='posetrack', annotations=folders[0], predictions=folders[1], fps=10),
        window=5,
        batch_size=50,
        num_batches=2,
        flip=list(JOINT_SETS['posetrack15'].skeleton.flip_indices),
    )
    batch = data[0]
    assert (batch['data_samples']['target_weight'].sum(dim=(1, 2)) > 0).all()
    assert set(np.unique(batch['inputs']['scores'].numpy().round(3))) == {0.0, np.float32(0.8)}
    with pytest.raises(InputError, match='no annotated|no window of'):
        PairWindowBatches(dict(type='pairs', path=_unannotated(folders[0].parent)), window=5)


def _unannotated(folder):
    from pipeline.training.motion import PoseSequence as Pairs
    from pipeline.training.sources.pairs import save_pairs

    poses = np.zeros((6, 3, 2), np.float32)
    save_pairs(folder / 'none.npz', [Pairs('a', poses, np.zeros((6, 3), np.float32), 30.0, poses)])
    return folder / 'none.npz'


def test_bad_files_are_named(folders):
    gt, pred = folders
    with pytest.raises(InputError, match='000001_mpii_train.json: no such predictions'):
        load_posetrack(gt, gt.parent)
    file = pred / '000001_mpii_train.json'
    file.write_text(file.read_text().replace('000003.jpg', '000099.jpg'))
    with pytest.raises(InputError, match='000099.jpg is not in'):
        load_posetrack(gt, pred)


@pytest.mark.parametrize('release', [17, 18])
def test_the_published_training_learns(folders, release, repository, tmp_path):
    config = Config.fromfile(repository / 'configs' / 'hanet' / f'hanet_posetrack{release}_t5.py')
    assert config.model.backbone.window == 5 and config.model.backbone.interval == 1
    config.merge_from_dict(
        {
            'model.backbone.embed_dims': 16,
            'model.backbone.num_levels': 2,
            'train_dataloader.dataset.batch_size': 16,
            'train_dataloader.dataset.num_batches': 20,
            'train_dataloader.num_workers': 0,
            'train_cfg.max_epochs': 2,
            'train_dataloader.dataset.source.annotations': str(folders[0]),
            'train_dataloader.dataset.source.predictions': str(folders[1]),
            'param_scheduler': [],
        }
    )
    config.param_scheduler = []
    config.dump(tmp_path / 'small.py')
    assert train.main([str(tmp_path / 'small.py'), '--work-dir', str(tmp_path / 'work')]) == 0
    refiner = load_refiner(tmp_path / 'work' / 'refiner.pth')
    assert refiner.keypoint_names == NAMES and refiner.window == 5
    (log,) = (tmp_path / 'work').glob('*/vis_data/scalars.json')
    losses = [json.loads(line)['loss'] for line in log.read_text().splitlines()]
    assert losses[-1] < 0.6 * losses[0]


def test_own_estimator_from_its_files_to_a_refiner(folders, tmp_path, repository, capsys):
    """The commands of docs/own-refiner.md, small: pairs, train, test, and a refiner for the chain."""
    from pipeline.refine.build import build_refiner
    from pipeline.skeletons import load_skeleton
    from tools import convert_dataset
    from tools import test as test_tool

    pairs = [str(tmp_path / 'gt'), str(tmp_path / 'pred'), str(tmp_path / 'train.npz')]
    assert convert_dataset.main(['pairs', *pairs]) == 0
    assert '2 tracks' in capsys.readouterr().out
    assert convert_dataset.main(['pairs', *pairs]) == 2  # nothing is replaced
    config = repository / 'configs' / 'hanet' / 'guided_hanet_pairs_posetrack15.py'
    small = tmp_path / 'small.py'
    small.write_text(
        f'_base_ = [{str(config)!r}]\n'
        'model = dict(backbone=dict(window=8, fold=2, embed_dims=8, num_levels=2, num_decoder_layers=1))\n'
        f'train_dataloader = dict(dataset=dict(window=8, batch_size=4, source=dict(path={pairs[2]!r})))\n'
        f'test_dataloader = dict(dataset=dict(window=8, step=4, source=dict(path={pairs[2]!r})))\n'
    )
    work = str(tmp_path / 'work')
    assert train.main([str(small), '--work-dir', work, '--threads', '1', '--cfg-options', 'iterations=3']) == 0
    refiner, out = f'{work}/refiner.pth', tmp_path / 'metrics.json'
    assert test_tool.main([str(small), refiner, '--work-dir', work, '--out', str(out)]) == 0
    metrics = json.loads(out.read_text())
    assert metrics['input/mpjpe'] == pytest.approx(2, abs=0.3) and metrics['output/mpjpe'] > 0
    assert build_refiner(refiner, load_skeleton('posetrack18'), 'cpu').record['network'] == 'GuidedHANet'
