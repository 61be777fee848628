"""The Kalman filter of the tracker against closed forms and simulation."""

import numpy as np
import pytest

from pipeline.tracking.motion import PointFilter


def test_velocity_fades_as_stated():
    memory = 0.5
    points = PointFilter(np.zeros((1, 2)), np.full(1, 1e-6), 0.0, memory, speed=1000.0)
    points.update(np.array([[1.0, 0]]), np.full(1, 1e-6), np.ones(1), 0.01, acceleration=0.0)
    speed = points.velocity[0, 0]
    assert speed == pytest.approx(100, rel=0.02)
    # the way that is left is speed * memory * (1 - exp(-t / memory))
    position, _ = points.predict(0.01 + 0.5, acceleration=0.0)
    assert position[0, 0] - 1 == pytest.approx(speed * memory * (1 - np.exp(-1)), rel=1e-4)
    position, _ = points.predict(1000.0, acceleration=0.0)
    assert position[0, 0] - 1 == pytest.approx(speed * memory, rel=1e-4)


def test_steps_can_be_split():
    """The transition is exact: predicting in one step or in many gives the same uncertainty."""

    def fresh():
        return PointFilter(np.zeros((2, 2)), np.array([4.0, 1.0]), 0.0, memory=0.4, speed=30.0)

    whole, split = fresh(), fresh()
    position, variance = whole.predict(0.6, acceleration=200.0)
    for time in np.linspace(0.1, 0.6, 6):  # observations that say nothing
        split.update(np.zeros((2, 2)), np.full(2, 1e15), np.zeros(2), time, acceleration=200.0)
    np.testing.assert_allclose(split.predict(0.6, 200.0)[1], variance, rtol=1e-6)
    np.testing.assert_allclose(split.position, position, atol=1e-6)


def test_variance_is_that_of_the_process():
    """Simulated Ornstein-Uhlenbeck velocities scatter as the filter says."""
    memory, acceleration, time, steps = 0.5, 100.0, 0.3, 300
    rng, step = np.random.default_rng(0), 0.3 / 300
    velocity, position = rng.normal(0, 20, 20000), np.zeros(20000)
    kick = acceleration * memory * np.sqrt(2 * step / memory)
    for _ in range(steps):
        velocity += -velocity / memory * step + kick * rng.normal(0, 1, 20000)
        position += velocity * step
    _, variance = PointFilter(np.zeros((1, 2)), np.zeros(1), 0.0, memory, 20.0).predict(time, acceleration)
    assert variance[0] == pytest.approx(position.var(), rel=0.04)


def test_unseen_points_move_with_the_body():
    points = PointFilter(np.array([[0.0, 0], [10, 0], [20, 0]]), np.ones(3), 0.0, 0.5, speed=100.0)
    for frame in range(1, 20):
        shifted = np.array([[5.0 * frame, 0], [10 + 5 * frame, 0], [999, 999]])
        points.update(shifted, np.ones(3), np.array([1.0, 1, 0]), frame / 25, acceleration=100.0)
    np.testing.assert_allclose(points.position[2] - points.position[0], [20, 0], atol=1e-6)


def test_the_frame_rate_does_not_matter():
    ends = []
    for fps in (12.5, 50):
        points = PointFilter(np.zeros((1, 2)), np.full(1, 1.0), 0.0, 0.5, speed=100.0)
        for frame in range(1, int(2 * fps) + 1):
            time = frame / fps
            points.update(np.array([[60 * time, 0]]), np.full(1, 1.0), np.ones(1), time, acceleration=50.0)
        ends.append(points.predict(2.2, 50.0)[0][0, 0])
    assert ends[0] == pytest.approx(ends[1], abs=1.0)
    assert ends[1] == pytest.approx(60 * (2 + 0.5 * (1 - np.exp(-0.4))), abs=2.0)  # the last 0.2 s fade
