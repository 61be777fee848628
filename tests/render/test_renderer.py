"""Whole pictures: ids, boxes, both panels, sizes, errors, cost."""

import time

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.render import Renderer, RenderOptions
from pipeline.render.palette import colour_of
from pipeline.skeletons import Skeleton
from pipeline.types import People

ARM = Skeleton(
    'arm',
    ('neck', 'left_elbow', 'left_wrist'),
    ((0, 1), (1, 2)),
    (0, 1, 2),
    np.full(3, 0.05, np.float32),
    ('', 'left', 'left'),
)
POSE = np.array([[60, 60], [60, 120], [60, 180]], np.float32)


def people(*poses, raw=None, ids=None, filled=None, scores=1.0):
    keypoints = np.array(poses, np.float32)
    boxes = np.concatenate([keypoints.min(axis=1) - 10, keypoints.max(axis=1) + 10], axis=1)
    return People(
        boxes,
        np.ones(len(poses), np.float32),
        keypoints,
        np.full(keypoints.shape[:2], scores, np.float32),
        np.array(ids if ids is not None else range(1, len(poses) + 1), np.int64),
        keypoints if raw is None else np.array(raw, np.float32),
        filled=np.array(filled if filled is not None else [False] * len(poses)),
    )


def black(height=240, width=320):
    return np.zeros((height, width, 3), np.uint8)


def test_the_picture_given_is_left_alone():
    image = black()
    image.flags.writeable = False
    drawn = Renderer(ARM).draw(image, people(POSE))
    assert drawn.any() and drawn.shape == image.shape and not image.any()


def test_drawing_in_place_saves_the_copy():
    image, locked = black(), black()
    locked.flags.writeable = False
    fresh = Renderer(ARM).draw(image, people(POSE))
    assert Renderer(ARM).draw(image, people(POSE), in_place=True) is image and (image == fresh).all()
    drawn = Renderer(ARM).draw(locked, people(POSE), in_place=True)
    assert drawn is not locked and (drawn == fresh).all() and not locked.any()


def test_no_people_no_change():
    image = np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    assert (Renderer(ARM).draw(image, People.empty(3)) == image).all()


def test_only_surroundings_of_people_change():
    drawn = Renderer(ARM, RenderOptions(ids=False)).draw(black(), people(POSE))
    assert drawn[55:185, 55:66].any() and not drawn[:, :45].any() and not drawn[:, 75:].any()


def test_the_id_stands_over_the_head():
    with_id, without = (Renderer(ARM, RenderOptions(ids=ids)).draw(black(), people(POSE)) for ids in (True, False))
    rows, columns = (with_id != without).any(axis=2).nonzero()
    assert rows.max() < 60 and 45 < columns.min() < 60 < columns.max() < 75
    untracked = Renderer(ARM).draw(black(), people(POSE, ids=[-1]))
    assert not untracked[:50].any()


def test_boxes_are_drawn_on_request():
    drawn = Renderer(ARM, RenderOptions(boxes=True, ids=False)).draw(black(), people(POSE))
    assert tuple(drawn[100, 50]) == colour_of(1) and tuple(drawn[190, 60]) == colour_of(1)
    bad = people(POSE)
    bad.bboxes[0, 0] = np.nan
    Renderer(ARM, RenderOptions(boxes=True)).draw(black(), bad)


def test_larger_figures_are_drawn_over_smaller_ones():
    small, large = POSE[:, :] * 0.5 + 45, POSE
    crossing = small.copy()
    crossing[:, 0] = 60
    # no outline may cover the near figure where both run along x = 60
    drawn = Renderer(ARM, RenderOptions(ids=False)).draw(black(), people(large, crossing, ids=[1, 2]))
    alone = Renderer(ARM, RenderOptions(ids=False)).draw(black(), people(large))
    assert (drawn[150, 60] == alone[150, 60]).all()


def test_compare_shows_the_estimate_and_the_refined_pose():
    raw = POSE + (100, 0)
    renderer = Renderer(ARM, RenderOptions(compare=True, ids=False))
    drawn = renderer.draw(black(), people(POSE, raw=[raw]))
    left, right = drawn[:, :318], drawn[:, 322:]
    assert drawn.shape == (240, 640, 3) == renderer.output_size(320, 240)[::-1] + (3,)
    assert left[60:180, 155:165].any() and not left[60:180, 55:65].any()
    assert right[60:180, 53:63].any() and not right[60:180, 153:163].any()
    assert (drawn[:, 319:321] == 255).all()


def test_compare_has_no_bridged_people_on_the_left():
    drawn = Renderer(ARM, RenderOptions(compare=True, captions=('', ''))).draw(black(), people(POSE, filled=[True]))
    assert not drawn[60:, :318].any() and drawn[60:, 322:].any()


@pytest.mark.parametrize('height, width', [(1, 1), (8, 8), (5, 7), (240, 321), (2160, 3840)])
def test_any_size(height, width):
    who = people(POSE * min(height, width) / 240)
    plain, both = Renderer(ARM), Renderer(ARM, RenderOptions(compare=True, boxes=True, trails=('neck',)))
    for _ in range(2):
        assert plain.draw(black(height, width), who).shape == (height, width, 3)
        assert both.draw(black(height, width), who).shape == both.output_size(width, height)[::-1] + (3,)
    assert all(side % 2 == 0 for side in both.output_size(width, height))


def test_odd_pictures_are_evened_with_their_own_border():
    image = np.random.default_rng(0).integers(0, 256, (101, 51, 3), dtype=np.uint8)
    drawn = Renderer(ARM, RenderOptions(compare=True, captions=('', ''))).draw(image, People.empty(3))
    assert drawn.shape == (102, 104, 3)
    assert (drawn[101, 30:50] == image[100, 30:50]).all() and (drawn[50:100, 103] == image[50:100, 50]).all()


def test_wrong_input_is_named():
    with pytest.raises(InputError, match=r'shape \(240, 320\) and type uint8'):
        Renderer(ARM).draw(black()[:, :, 0], people(POSE))
    with pytest.raises(InputError, match="people have 17 joints, skeleton 'arm' has 3"):
        Renderer(ARM).draw(black(), People.empty(17))
    for wrong in (dict(min_score=0.8), dict(line_width=0), dict(trail_seconds=-1)):
        with pytest.raises(InputError, match=str(next(iter(wrong.values())))):
            RenderOptions(**wrong)


def test_the_cost_of_two_people_in_full_hd_is_a_few_copies_of_the_frame():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (1080, 1920, 3), dtype=np.uint8)
    joints = 17
    body = Skeleton(
        'body',
        tuple(f'left_{k}' for k in range(joints)),
        tuple((k, k + 1) for k in range(joints - 1)),
        tuple(range(joints)),
        np.full(joints, 0.05, np.float32),
        ('left',) * joints,
    )
    poses = [rng.uniform((x, 200), (x + 250, 800), (joints, 2)) for x in (400, 1100)]
    renderer, who = Renderer(body), people(*poses)

    def cheapest(work):
        costs = []
        for _ in range(15):
            begin = time.thread_time()  # not the wall: other jobs share the machine
            work()
            costs.append(time.thread_time() - begin)
        return min(costs)

    # 34 joints; blending a frame per joint would be 34 copies at the least
    assert cheapest(lambda: renderer.draw(image, who)) < 25 * cheapest(lambda: image.copy())
