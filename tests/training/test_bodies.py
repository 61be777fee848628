"""Other bodies of motion capture, of any joints; those of COCO's are tested with the batches that use them."""

import numpy as np

from pipeline.training.augmentation.bodies import exchange_limbs, roll_over


def test_exchanged_limbs_keep_their_course_and_hang_on_the_new_body():
    rng = np.random.default_rng(0)
    pose = rng.normal(size=(6, 5, 6, 3))  # hips 0, 1; an arm 2, 3; a leg 4, 5
    limbs, turned = [(2, 3), (4, 5)], 0
    mixed = exchange_limbs(pose, limbs, (0, 1), 1.0, np.random.default_rng(1))
    np.testing.assert_array_equal(mixed[:, :, [0, 1, 2, 4]], pose[:, :, [0, 1, 2, 4]])
    for root, end in limbs:
        before, after = (poses[:, :, end] - poses[:, :, root] for poses in (pose, mixed))
        for course in after:
            # another window's course turned about the vertical: same heights, same distance from it
            same = [
                np.allclose(course[:, 2], other[:, 2])
                and np.allclose(np.linalg.norm(course[:, :2], axis=1), np.linalg.norm(other[:, :2], axis=1))
                for other in before
            ]
            assert sum(same) == 1
            turned += not any(np.allclose(course, other) for other in before)
    assert turned > 6
    np.testing.assert_array_equal(exchange_limbs(pose, limbs, (0, 1), 0.0, rng), pose)


def test_some_people_turn_head_over_heels_without_bending():
    rng = np.random.default_rng(0)
    standing = np.array([[0.15, 0, 1], [-0.15, 0, 1], [0, 0, 1.7], [0.1, 0.05, 0]], np.float32)  # hips, head, a foot
    walk = np.linspace(0, 2, 60)[:, None, None] * np.array([0, 1, 0])
    pose = np.repeat((standing + walk)[None], 200, axis=0).astype(np.float32)
    rolled = roll_over(pose, np.full(200, 30.0), (0, 1), 0.5, rng)
    moved = np.abs(rolled - pose).max((1, 2, 3)) > 1e-3
    assert 70 < moved.sum() < 130

    def apart(points):
        return np.linalg.norm(points[:, :, :, None] - points[:, :, None], axis=-1)

    np.testing.assert_allclose(apart(rolled), apart(pose), atol=1e-4)
    np.testing.assert_allclose(rolled[:, :, :2].mean(2), pose[:, :, :2].mean(2), atol=1e-5)  # about the hips
    upright = rolled[moved][:, :, 2, 2] - rolled[moved][:, :, :2, 2].mean(2)  # how high the head is above them, m
    assert (upright.min(1) < -0.5).mean() > 0.6  # most are upside down at a time, and none at all times
    assert ((np.abs(upright - 0.7) < 0.02).any(1)).mean() > 0.6
    assert np.abs(np.diff(rolled, axis=1)).max() < 0.7  # m a frame: nobody is thrown
    # somersaults for the most part: the hips stay level
    level = np.abs(rolled[moved][:, :, 0, 2] - rolled[moved][:, :, 1, 2]).max(1)
    assert 0.4 < (level < 0.15).mean() < 0.9
