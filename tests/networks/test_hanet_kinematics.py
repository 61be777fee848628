"""Flow, velocity, acceleration and positions, on numbers worked out by hand."""

import math

import torch

from pipeline.networks.refiners.hanet.kinematics import Motion, keypoint_flow, neighbours
from pipeline.networks.refiners.hanet.layers import interpolation_matrix, sinusoidal_positions

TRACK = torch.tensor([0.0, 1.0, 4.0, 9.0, 16.0])[None, :, None]  # t squared


def flat(x):
    return x.flatten().tolist()


def test_neighbours_repeat_at_the_ends():
    previous, current, following = neighbours(TRACK)
    assert flat(previous) == [0, 0, 1, 4, 9]
    assert flat(current) == [0, 1, 4, 9, 16]
    assert flat(following) == [1, 4, 9, 16, 16]


def test_neighbours_of_sampled_frames_are_one_frame_away():
    previous, current, following = neighbours(TRACK, interval=2)
    assert (flat(previous), flat(current), flat(following)) == ([0, 1, 9], [0, 4, 16], [1, 9, 16])


def test_flow_is_the_mean_of_three_frames():
    flow = keypoint_flow(*neighbours(TRACK))
    torch.testing.assert_close(flow[0, :, 0], torch.tensor([1.0, 5.0, 14.0, 29.0, 41.0]) / 3)


def test_motion_without_weights_is_velocity_and_squared_acceleration():
    features = Motion(1, affine=False)(*neighbours(TRACK))
    assert flat(features[..., 0]) == [0, 1, 3, 5, 7]
    assert flat(features[..., 1]) == [1, 3, 5, 7, 0]
    assert flat(features[..., 2]) == [1, 4, 4, 4, 49]


def test_weights_and_biases_act_before_the_acceleration_is_taken():
    motion = Motion(1)
    with torch.no_grad():
        for affine, weight, bias in (
            (motion.previous_affine, 2.0, 1.0),
            (motion.next_affine, 3.0, -1.0),
            (motion.acceleration_affine, 0.5, 4.0),
        ):
            affine.weight.fill_(weight)
            affine.bias.fill_(bias)
    previous, following, acceleration = motion(*neighbours(TRACK))[0, 2].tolist()
    assert (previous, following) == (2 * 3 + 1, 3 * 5 - 1)
    assert acceleration == 0.5 * (14 - 7) ** 2 + 4


def test_time_step_turns_differences_into_rates():
    features = Motion(1, acceleration=False, affine=False, time_step=0.5)(*neighbours(TRACK))
    assert flat(features[..., 0]) == [0, 2, 6, 10, 14]


def test_positions_span_one_turn_with_the_published_divisors():
    positions = sinusoidal_positions(5, 4)
    torch.testing.assert_close(positions[:, 0], torch.tensor([0.0, 1.0, 0.0, -1.0, 0.0]), atol=1e-5, rtol=0)
    torch.testing.assert_close(positions[:, 1], torch.tensor([1.0, 0.0, -1.0, 0.0, 1.0]), atol=1e-5, rtol=0)
    # pair 1 of 2: divisor 10000 to the power of 2 * 1 / 2
    assert math.isclose(positions[4, 2], math.sin(2 * math.pi / 10000), rel_tol=1e-4)


def test_interpolation_is_linear_between_sampled_frames():
    values = interpolation_matrix(5, 2) @ torch.tensor([0.0, 4.0, -2.0])
    assert values.tolist() == [0, 2, 4, 1, -2]
