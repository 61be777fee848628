"""The temporal lifter: what it does not see, what it learns, what is refused."""

import numpy as np
import pytest
import torch

from pipeline.backends.checkpoint import load_model, save_model
from pipeline.errors import InputError
from pipeline.networks.lifters.temporal_lifter import TemporalLifter, turned_to_trunk
from tests.lift.toy import BODY

FLIP = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
SIZES = dict(
    num_keypoints=17,
    num_joints=17,
    trunk=[5, 6, 11, 12],
    root=[11, 12],
    flip=FLIP,
    joint_flip=FLIP,
    width=32,
    dropout=0.0,
)


STRAIGHT = np.eye(3)


def seen(turn=STRAIGHT, frames=30):
    """Rays to a body at 4 m that nods, by a camera turned by ``turn``, and the body in its frame."""
    body = np.repeat(BODY[None], frames, axis=0)
    body[:, :5, 2] += 0.1 * np.sin(np.arange(frames) / 5)[:, None]
    points = (body + [0.2, 0.1, 4.0]) @ turn.T
    return (points[..., :2] / points[..., 2:]).astype(np.float32), (body @ turn.T).astype(np.float32)


def about_y_then_x(yaw, pitch):
    (cy, sy), (cx, sx) = ((np.cos(a), np.sin(a)) for a in (yaw, pitch))
    return np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]]) @ np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])


def test_the_turned_camera_looks_at_the_trunk_and_is_not_rolled():
    rays, _ = seen(about_y_then_x(0.4, 0.0))
    turned, turn = turned_to_trunk(torch.tensor(rays)[None], torch.ones(1, 30, 17), [5, 6, 11, 12])
    assert turned[:, :, [5, 6, 11, 12]].mean(2).abs().max() < 0.02
    assert torch.det(turn[0]).numpy() == pytest.approx(np.ones(30), abs=1e-5)
    assert turn[0, :, 0, 1].abs().max() < 1e-6  # its x stays level
    # a rotation of the directions: angles between rays are kept
    before = np.concatenate([rays[0], np.ones((17, 1))], 1)
    after = np.concatenate([turned[0, 0], np.ones((17, 1))], 1)
    cosines = [
        (v / np.linalg.norm(v, axis=1, keepdims=True)) @ (v / np.linalg.norm(v, axis=1, keepdims=True)).T
        for v in (before, after)
    ]
    assert cosines[0] == pytest.approx(cosines[1], abs=1e-5)


def test_where_in_the_picture_a_person_is_does_not_matter():
    torch.manual_seed(0)
    lifter = TemporalLifter(**SIZES)
    nn = torch.nn.init
    nn.normal_(lifter.head.weight, std=0.3)
    turn = about_y_then_x(0.5, 0.0)
    scores = np.ones((30, 17), np.float32)
    straight = lifter.lift(seen()[0], scores, mirrored=False)
    aside = lifter.lift(seen(turn)[0], scores, mirrored=False)
    assert np.abs(straight).max() > 0.05
    assert aside == pytest.approx(straight @ turn.T, abs=0.03)  # the mean of rays is not the ray of the mean


def test_it_learns_a_body_and_mirrors_it():
    torch.manual_seed(0)
    lifter = TemporalLifter(**SIZES)
    rays, body = seen()
    inputs = dict(rays=torch.tensor(rays)[None], scores=torch.ones(1, 30, 17))
    target = dict(target=torch.tensor(body)[None], target_weight=torch.ones(1, 30, 17))
    optimizer = torch.optim.Adam(lifter.parameters(), 3e-3)
    losses = []
    for _ in range(120):
        loss = sum(lifter(inputs, target, mode='loss').values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] > 0.3 and losses[-1] < 0.06
    lifted = lifter.lift(rays, np.ones((30, 17), np.float32), mirrored=False)
    assert np.linalg.norm(lifted - body, axis=-1).mean() < 0.06
    assert lifted[:, 11:13].mean(1) == pytest.approx(0, abs=1e-6)
    both = lifter.lift(rays, np.ones((30, 17), np.float32))
    other = lifter.lift(rays[:, FLIP] * np.float32([-1, 1]), np.ones((30, 17), np.float32))
    assert both == pytest.approx(other[:, FLIP] * np.float32([-1, 1, 1]), abs=1e-5)


def test_tracks_of_a_batch_are_lifted_both_ways_as_each_alone():
    torch.manual_seed(0)
    lifter = TemporalLifter(**SIZES).eval()
    torch.nn.init.normal_(lifter.head.weight, std=0.3)
    rays = torch.tensor(np.stack([seen()[0], seen(about_y_then_x(0.4, 0.2))[0]]))
    scores = torch.rand(2, 30, 17)
    both = lifter.lift_both_ways(rays, scores).detach()
    for answer, ray, score in zip(both, rays.numpy(), scores.numpy()):
        assert lifter.lift(ray, score) == pytest.approx(answer, abs=1e-5)
        assert np.abs(lifter.lift(ray, score, mirrored=False) - answer.numpy()).max() > 0.01


def test_an_answer_sees_the_frames_of_its_span_and_no_others():
    torch.manual_seed(0)
    lifter = TemporalLifter(**SIZES)
    assert lifter.span == 27
    rays, _ = seen(frames=90)
    scores = np.ones((90, 17), np.float32)
    changed = rays.copy()
    changed[60, 9] += 0.1
    # the size is a mean over a span too
    apart = np.abs(lifter.lift(rays, scores) - lifter.lift(changed, scores)).max((1, 2))
    assert apart[60] > 1e-4 and (apart[: 60 - 26] == 0).all() and (apart[60 + 27 :] == 0).all()


def test_the_file_builds_it_again_from_half_precision(tmp_path):
    lifter = TemporalLifter(**SIZES).eval()
    save_model(tmp_path / 'lifter.pth', {'type': 'TemporalLifter', **SIZES}, lifter.state_dict(), half=True)
    again, _ = load_model(tmp_path / 'lifter.pth', TemporalLifter)
    rays, _ = seen()
    scores = np.ones((30, 17), np.float32)
    assert lifter.lift(rays, scores) == pytest.approx(again.lift(rays, scores), abs=2e-3)


def test_errors():
    lifter = TemporalLifter(**SIZES)
    with pytest.raises(InputError, match=r'takes \(B, T, 17, 2\)'):
        lifter(dict(rays=torch.zeros(1, 5, 4, 2), scores=torch.zeros(1, 5, 4)))
    with pytest.raises(InputError, match='not a number'):
        lifter.lift(np.full((2, 17, 2), np.nan), np.ones((2, 17)))
    with pytest.raises(InputError, match='2 entries for 17 joints'):
        TemporalLifter(**{**SIZES, 'joint_names': ('a', 'b')})
    with pytest.raises(ValueError, match="'tensor', 'loss' and 'predict'"):
        lifter(dict(rays=torch.zeros(1, 5, 17, 2), scores=torch.zeros(1, 5, 17)), mode='both')
    assert lifter.lift(np.zeros((0, 17, 2)), np.zeros((0, 17))).shape == (0, 17, 3)


def test_where_a_person_is_seen_counts_only_for_a_lifter_that_is_told():
    rays, _ = seen()
    aside = rays + np.float32([0.3, 0.0])
    for told in (False, True):
        torch.manual_seed(0)
        lifter = TemporalLifter(**SIZES, direction=told)
        torch.nn.init.zeros_(lifter.stem.linear.weight[:, :])
        inputs = lifter.stem.linear.in_features // 3
        with torch.no_grad():  # the first tap's last features, which are the direction where there is one
            lifter.stem.linear.weight[:, inputs - 2 : inputs] = 1.0 if told else 0.0
            lifter.head.weight.normal_()
        middle, other = (lifter.lift(r, np.ones(r.shape[:2], np.float32), mirrored=False) for r in (rays, aside))
        # in the frame of the turned camera, so that the answer does not turn with it
        sizes = [np.linalg.norm(poses, axis=-1) for poses in (middle, other)]
        assert np.allclose(*sizes, atol=1e-5) != told


def test_bones_in_the_loss_are_what_joints_hang_apart_by():
    lifter = TemporalLifter(**SIZES, bones=[[9, 7], [10, 8]], bone_weight=2.0)
    rays, target = seen()
    batch = dict(rays=torch.tensor(rays)[None], scores=torch.ones(1, 30, 17))
    with torch.no_grad():
        answer = lifter(batch)

    def loss(wrists, elbows):
        truth = answer.clone()
        truth[:, :, 9:11, 2] += wrists
        truth[:, :, 7:9, 2] += elbows
        samples = dict(target=truth, target_weight=torch.ones(1, 30, 17))
        return float(lifter(batch, samples, mode='loss')['loss_bones'].detach())

    assert loss(0.1, 0.1) == pytest.approx(0, abs=1e-5)
    assert loss(0.1, 0.0) == pytest.approx(0.2, abs=1e-4)
    assert 'loss_bones' not in TemporalLifter(**SIZES)(
        batch, dict(target=answer, target_weight=torch.ones(1, 30, 17)), mode='loss'
    )
