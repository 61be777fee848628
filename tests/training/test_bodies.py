"""Other bodies of motion capture, of any joints; those of COCO's are tested with the batches that use them."""

import numpy as np

from pipeline.training.augmentation.bodies import exchange_limbs


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
