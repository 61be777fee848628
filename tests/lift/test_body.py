"""Bones that settle, feet that stand, angles."""

import numpy as np
import pytest

from pipeline.lift.body import BONES, LengthsOfTrack, bone_lengths, flexion, settled
from pipeline.lift.ground import StandingFeet
from pipeline.lift.limbs import through_keypoints
from tests.lift.toy import BODY

ANKLES = [15, 16]


def test_settled_bones_have_the_lengths_and_the_directions_they_had():
    rng = np.random.default_rng(0)
    poses = BODY + rng.normal(0, 0.02, (30, 17, 3))
    lengths = LengthsOfTrack().add(bone_lengths(poses))
    still = settled(poses, lengths)
    after = bone_lengths(still)
    rigid = np.isfinite(lengths)
    assert rigid.sum() == len(BONES) - 2  # trunk and neck bend
    assert after[:, rigid] == pytest.approx(np.repeat(lengths[None, rigid], 30, axis=0), abs=1e-9)
    shank, was = (p[:, 15] - p[:, 13] for p in (still, poses))
    assert np.cross(shank, was) == pytest.approx(0, abs=1e-9)
    assert still[:, 11] + still[:, 12] == pytest.approx(poses[:, 11] + poses[:, 12], abs=1e-9)


def test_the_median_of_a_long_track_is_that_of_all_of_it():
    """Two thirds of the track are 0.40 long, the last third 0.44; a bounded memory must not favour the end."""
    memory, median = LengthsOfTrack(keep=100), np.array([])
    track = np.repeat([0.40, 0.40, 0.44], 1001)
    for piece in np.array_split(track, 300):
        median = memory.add(np.repeat(piece[:, None], len(BONES), axis=1))
    assert median[np.isfinite(median)] == pytest.approx(0.40)
    for piece in np.array_split(np.full(4000, 0.44), 300):
        median = memory.add(np.repeat(piece[:, None], len(BONES), axis=1))
    assert median[np.isfinite(median)] == pytest.approx(0.44)  # now the larger part


def test_mirror_bones_are_equally_long():
    body = BODY.copy()
    body[13:17:2, 1] += 0.1  # a longer left thigh
    lengths = bone_lengths(body[None])[0]
    assert lengths[2] == pytest.approx(lengths[3]) and lengths[2] == pytest.approx(0.41 + 0.05, abs=2e-3)


def test_flexion_of_a_right_angle():
    body = BODY.copy()
    body[15] = body[13] + [0, 0, 0.4]  # the left shank points straight back
    left_knee, right_knee, *_ = flexion(body[None])
    assert left_knee[0] == pytest.approx(90, abs=4) and right_knee[0] < 10


def test_a_foot_on_the_ground_does_not_slide_when_the_measured_root_trembles():
    time = np.arange(90) / 30
    rng = np.random.default_rng(1)
    measured = np.array([0, 0, 4.0]) + np.cumsum(rng.normal(0, [0.001, 0.001, 0.004], (90, 3)), axis=0)
    joints = np.repeat(BODY[None], 90, axis=0)
    root, contact = StandingFeet().lead(joints, measured, time)
    assert contact[1:].min() > 0.5

    def slide(where):
        return np.abs(np.diff((joints + where[:, None])[:, ANKLES], axis=0)).sum()

    assert slide(root) < 0.35 * slide(measured)
    assert np.linalg.norm(root - measured, axis=1).max() < 0.1  # and stays where the picture says


def test_who_slides_on_both_feet_fast_is_not_held():
    time = np.arange(60) / 30
    measured = np.stack([1.5 * time, np.zeros(60), np.full(60, 4.0)], axis=1)
    root, contact = StandingFeet().lead(np.repeat(BODY[None], 60, axis=0), measured, time)
    assert contact.max() < 0.01 and root == pytest.approx(measured, abs=1e-2)


def test_a_shortened_arm_ends_on_its_keypoint_again():
    root = np.array([[0.2, 0.1, 4.0]])
    body = BODY.copy()
    body[9] = body[7] + [0.05, -0.1, -0.22]  # the left forearm points at the camera
    length = np.linalg.norm([0.05, -0.1, -0.22])
    rays = (body + root)[None, :, :2] / (body + root)[None, :, 2:]
    lengths = bone_lengths(body[None])[0]
    lengths[[11, 12]] = length
    unsure = body.copy()
    unsure[9] = body[7] + 0.5 * np.array([0.06, -0.1, -0.2])
    sure = np.full((1, 17), 0.9)
    found = through_keypoints(unsure[None], root, rays, sure, lengths)[0]
    assert found[9] == pytest.approx(body[9], abs=0.015)
    assert np.linalg.norm(found[9] - found[7]) == pytest.approx(length)
    # a keypoint that is doubted moves nothing: the direction stays, the length is the known one
    sure[0, 9] = 0.4
    kept = through_keypoints(unsure[None], root, rays + 0.05 * (np.arange(17) == 9)[:, None], sure, lengths)[0]
    assert np.cross(kept[9] - kept[7], unsure[9] - unsure[7]) == pytest.approx(0, abs=1e-9)


def test_a_forearm_changes_sides_only_across_the_view():
    """It swings from before the elbow to behind it; the lifter errs for a while."""
    angle = np.radians(np.linspace(-75, 75, 60))
    bodies = np.repeat(BODY[None], 60, axis=0)
    bodies[:, 9] = bodies[:, 7] + 0.25 * np.stack([np.zeros(60), np.cos(angle), np.sin(angle)], axis=1)
    root = np.repeat([[0.2, 0.1, 4.0]], 60, axis=0)
    whole = bodies + root[:, None]
    rays = whole[..., :2] / whole[..., 2:]
    lifted = bodies.copy()
    lifted[:, 9, 2] = bodies[:, 7, 2] + 0.4 * (bodies[:, 9, 2] - bodies[:, 7, 2])  # too small a depth
    lifted[8:14, 9, 2] = lifted[8:14, 7, 2] + 0.06  # and on the other side
    lengths = bone_lengths(bodies)[0]
    lengths[[11, 12]] = 0.25
    found = through_keypoints(lifted, root, rays, np.full((60, 17), 0.9), lengths)
    depth, true = ((pose[:, 9] - pose[:, 7])[:, 2] for pose in (found, bodies))
    clear = np.abs(true) > 0.1
    assert (np.sign(depth) == np.sign(true))[clear].all()
    assert np.abs(depth - true)[clear].max() < 0.05


def test_frames_in_which_a_wrist_is_not_seen_do_not_say_where_it_was():
    body = BODY.copy()
    body[9] = body[7] + 0.25 * np.array([0, np.cos(0.9), np.sin(0.9)])
    bodies, root = np.repeat(body[None], 60, axis=0), np.repeat([[0.2, 0.1, 4.0]], 60, axis=0)
    whole = bodies + root[:, None]
    lifted, scores = bodies.copy(), np.full((60, 17), 0.9)
    lifted[20:, 9, 2] = body[7, 2] - 0.1  # on the other side
    scores[20:, 9] = 0
    lengths = bone_lengths(bodies)[0]
    lengths[[11, 12]] = 0.25
    found = through_keypoints(lifted, root, whole[..., :2] / whole[..., 2:], scores, lengths)
    np.testing.assert_allclose(found[:20, 9] - found[:20, 7], np.repeat(body[9:10] - body[7:8], 20, axis=0), atol=0.02)


def test_a_leg_across_the_view_follows_the_lifter_more_than_a_length_that_is_wrong():
    root = np.array([[0.2, 0.1, 4.0]])
    body = BODY.copy()
    for knee, ankle in ((13, 15), (14, 16)):  # bent by 39 degrees, towards the camera
        body[knee] = body[knee - 2] + [0, 0.4, -0.14]
        body[ankle] = body[knee] + [0, 0.4, 0.14]
    rays = (body + root)[None, :, :2] / (body + root)[None, :, 2:]
    sure = np.full((1, 17), 0.9)

    def off(factor):
        lengths = bone_lengths(body[None])[0]
        lengths[2:6] *= factor  # thighs and shanks
        found = through_keypoints(body[None], root, rays, sure, lengths)
        return flexion(found)[0][0] - flexion(body[None])[0][0]

    assert off(1.0) == pytest.approx(0, abs=0.5)
    assert -8 < off(0.96) < -2 and 2 < off(1.04) < 10  # -21 and 12 by the sphere alone


def test_a_foot_towards_the_camera_ends_where_length_and_keypoint_say():
    root = np.array([[0.2, 0.1, 4.0]])
    kicking = BODY.copy()
    kicking[15] = kicking[13] + [0.02, 0.1, -0.4]
    rays = (kicking + root)[None, :, :2] / (kicking + root)[None, :, 2:]
    lengths = bone_lengths(kicking[None])[0]
    lengths[[4, 5]] = np.linalg.norm(kicking[15] - kicking[13])
    unsure = kicking.copy()
    unsure[15] = kicking[13] + 0.7 * (kicking[15] - kicking[13])
    found = through_keypoints(unsure[None], root, rays, np.full((1, 17), 0.9), lengths)[0]
    assert found[15] == pytest.approx(kicking[15], abs=0.03)
