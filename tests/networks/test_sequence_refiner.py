"""From raw keypoints to raw keypoints, in training and in use."""

import pytest
import torch
from mmengine.optim import OptimWrapper
from torch.utils.data import default_collate

from pipeline.errors import InputError
from pipeline.networks import SequenceRefiner

HANET = dict(type='HANet', num_keypoints=5, dims=2, window=9, embed_dims=8, num_levels=2, dropout=0.1)
MASKED = dict(HANET, interval=4, cross_mask='masked')
SMOOTHNET = dict(type='SmoothNet', num_keypoints=5, dims=2, window=9, embed_dims=16, hidden_dims=8)
DECIWATCH = dict(type='DeciWatch', num_keypoints=5, dims=2, window=9, interval=4, embed_dims=8, num_layers=1)


def refiner(backbone=HANET, **options):
    torch.manual_seed(0)
    return SequenceRefiner(backbone, **{'loss': dict(type='HANetLoss'), **options})


@pytest.fixture
def batch():
    torch.manual_seed(1)
    samples = []
    for i in range(3):
        target = 200 + 50 * torch.randn(5, 2) + torch.arange(9)[:, None, None]
        samples.append(
            dict(
                inputs=dict(keypoints=target + torch.randn(9, 5, 2), scores=torch.rand(9, 5), fps=torch.tensor(25.0)),
                data_samples=dict(target=target, target_weight=torch.ones(9, 5), start=i, name=f'clip{i}'),
            )
        )
    return default_collate(samples)


@pytest.mark.parametrize('backbone', [HANET, MASKED, SMOOTHNET, DECIWATCH], ids=lambda config: config['type'])
def test_trains_and_predicts_as_the_runner_does(batch, backbone):
    model = refiner(backbone, loss=[dict(type='HANetLoss'), dict(type='AccelerationLoss', weight=0.1)])
    before = [parameter.clone() for parameter in model.parameters()]
    log = model.train_step(batch, OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1)))
    assert {'loss', 'loss_final', 'loss_refined', 'loss_mutual', 'loss_acceleration'} == set(log)
    parts = sum(value for name, value in log.items() if name != 'loss')
    torch.testing.assert_close(log['loss'], parts)
    assert any(not torch.equal(old, new) for old, new in zip(before, model.parameters()))

    model.eval()
    predictions = model.val_step(batch)
    assert [prediction['name'] for prediction in predictions] == ['clip0', 'clip1', 'clip2']
    assert torch.equal(predictions[1]['target'], batch['data_samples']['target'][1])
    refined = model.refine(**batch['inputs'])
    assert torch.equal(torch.stack([prediction['pred_keypoints'] for prediction in predictions]), refined)


def test_place_and_size_of_the_person_do_not_matter(batch):
    model, inputs = refiner(), batch['inputs']
    refined = model.refine(**inputs)
    shift = torch.tensor([700.0, -40.0])
    moved = model.refine(inputs['keypoints'] * 2.5 + shift, inputs['scores'], inputs['fps'])
    torch.testing.assert_close(moved, refined * 2.5 + shift, rtol=1e-4, atol=1e-2)


def test_what_stands_at_missing_joints_does_not_matter(batch):
    model, inputs = refiner(dict(HANET, score_input=True)), batch['inputs']
    inputs['scores'][:, 2:5, 1] = 0
    refined = model.refine(**inputs)
    for junk in (float('nan'), 1e6):
        inputs['keypoints'][:, 2:5, 1] = junk
        torch.testing.assert_close(model.refine(**inputs), refined)


def test_coordinates_that_are_not_numbers_count_as_missing(batch):
    model, inputs = refiner(), batch['inputs']
    inputs['keypoints'][0, 3] = float('nan')
    inputs['keypoints'][1, :, 2] = float('inf')
    assert model.refine(inputs['keypoints']).isfinite().all()


def test_a_window_without_any_joint_stays_finite(batch):
    assert refiner().refine(batch['inputs']['keypoints'], torch.zeros(3, 9, 5)).isfinite().all()


def test_identity_before_training_with_zero_init(batch):
    keypoints = batch['inputs']['keypoints']
    refined = refiner(dict(HANET, zero_init=True)).refine(keypoints)
    torch.testing.assert_close(refined, keypoints, rtol=1e-5, atol=1e-3)


def test_loss_ignores_what_is_not_annotated(batch):
    model = refiner(dict(HANET, dropout=0.0))
    batch['data_samples']['target_weight'][:, :, 3] = 0
    reference = model(**batch, mode='loss')
    batch['data_samples']['target'][:, :, 3] = float('nan')
    for name, value in model(**batch, mode='loss').items():
        assert torch.equal(value, reference[name])


def test_loss_is_measured_in_figure_sizes(batch):
    """The same error on a figure ten times as large costs the same."""
    model = refiner(dict(HANET, zero_init=True))
    reference = model(**batch, mode='loss')['loss_final']
    batch['inputs']['keypoints'] = batch['inputs']['keypoints'] * 10
    batch['data_samples']['target'] = batch['data_samples']['target'] * 10
    torch.testing.assert_close(model(**batch, mode='loss')['loss_final'], reference, rtol=1e-4, atol=1e-5)


def test_refine_leaves_training_mode_as_it_was(batch):
    model = refiner().train()
    first, second = (model.refine(batch['inputs']['keypoints']) for _ in range(2))
    assert model.training and torch.equal(first, second) and not first.requires_grad


def test_3d_poses_come_back_at_the_inputs_root():
    backbone = dict(HANET, dims=3, zero_init=True)
    model = refiner(backbone, normaliser=dict(type='RootNormaliser', root=[0], unit=1000.0))
    keypoints = 5000 + 300 * torch.randn(2, 9, 5, 3)
    torch.testing.assert_close(model.refine(keypoints), keypoints, rtol=1e-5, atol=1e-2)
    target = keypoints + 777.0  # another place, the same pose
    losses = model({'keypoints': keypoints}, {'target': target}, mode='loss')
    assert sum(losses.values()).item() < 1e-3


def test_frame_rates_outside_the_trained_range_are_clamped(batch):
    model = refiner(dict(HANET, rate_input=True), fps_range=(10, 120))
    keypoints = batch['inputs']['keypoints']
    slow, slowest = (model.refine(keypoints, fps=torch.full((3,), fps)) for fps in (10.0, 1.0))
    assert torch.equal(slow, slowest)
    assert not torch.equal(slow, model.refine(keypoints, fps=torch.full((3,), 60.0)))


def test_wrong_inputs_are_named():
    model = refiner()
    with pytest.raises(InputError, match=r'takes \(B, 9, 5, 2\)'):
        model.refine(torch.zeros(1, 8, 5, 2))
    with pytest.raises(InputError, match='scores'):
        model.refine(torch.zeros(1, 9, 5, 2), torch.zeros(1, 9, 4))
    with pytest.raises(InputError, match='fps'):
        model.refine(torch.zeros(1, 9, 5, 2), fps=torch.zeros(2))
    with pytest.raises(InputError, match='keypoint_names'):
        refiner(keypoint_names=['nose'])
    with pytest.raises(InputError, match='NoNet'):
        refiner(dict(type='NoNet'))
    with pytest.raises(InputError, match='colour'):
        refiner(dict(HANET, colour='red'))


@pytest.mark.parametrize('kind', [torch.float16, torch.bfloat16])
def test_half_precision_moves_no_target(kind):
    """The truth reaches the loss as it is: read back to px it is off by less than 0.01 px at 900 px."""
    model, seen = refiner(SMOOTHNET, normaliser=dict(type='FixedNormaliser', unit=1.0)), []
    model.losses = torch.nn.ModuleList([Recorded(seen)])
    target = 900 + torch.rand(1, 9, 5, 2)
    with torch.autocast('cpu', dtype=kind):
        inputs = dict(keypoints=target + 1)
        model(inputs, dict(target=target, target_weight=torch.full((1, 9, 5), 0.3)), mode='loss')
    final, seen_target, weight = seen
    assert (seen_target - target).abs().max() < 0.01
    assert weight == pytest.approx(0.3, abs=1e-6)


class Recorded(torch.nn.Module):
    def __init__(self, seen):
        super().__init__()
        self.seen = seen

    def forward(self, final, refined, target, weight, sampled):
        self.seen.extend([final, target, weight])
        return {'loss': final.sum()}


@pytest.mark.parametrize('stored', [0.0, 1e4, float('nan')])
def test_a_root_that_is_not_annotated_moves_no_target(stored):
    """One hip of two is enough; a frame without any takes no part in the loss."""
    torch.manual_seed(2)
    model = refiner(dict(SMOOTHNET, dims=3), normaliser=dict(type='RootNormaliser', root=[0, 1], unit=1000.0)).eval()
    target = 3000 + 300 * torch.randn(4, 9, 5, 3)
    keypoints, weight = target + 20 * torch.randn_like(target), torch.ones(4, 9, 5)
    target[:, 5, 0] = target[:, 5, 1]
    weight[:, 5, 0] = weight[:, 3, :2] = 0
    removed = weight.clone()
    removed[:, 3] = 0
    spoilt = torch.where(weight[..., None] > 0, target, stored)

    def loss(truth, weight):
        return float(sum(model(dict(keypoints=keypoints), dict(target=truth, target_weight=weight), 'loss').values()))

    with torch.no_grad():
        assert loss(spoilt, weight) == pytest.approx(loss(target, removed), rel=1e-5)


def test_sigmas_are_in_the_unit_of_the_input(batch):
    guided = dict(
        type='GuidedHANet',
        num_keypoints=5,
        window=9,
        fold=3,
        filter_widths=(1.0,),
        embed_dims=8,
        num_levels=2,
        width=True,
    )
    model = refiner(guided, loss=[dict(type='HANetLoss'), dict(type='WidthLoss')])
    log = model.train_step(batch, OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1)))
    assert 'loss_width' in log
    poses, sigmas = model.refine_and_doubt(**batch['inputs'])
    assert torch.equal(poses, model.refine(**batch['inputs'])) and sigmas.shape == poses.shape[:3]
    inputs = dict(batch['inputs'], keypoints=3 * batch['inputs']['keypoints'])
    torch.testing.assert_close(model.refine_and_doubt(**inputs)[1], 3 * sigmas, rtol=1e-3, atol=1e-3)
    assert refiner().refine_and_doubt(**batch['inputs'])[1] is None
