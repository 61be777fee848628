"""Reading, writing and converting PoseTrack files, and what is said about broken ones."""

import json

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.posetrack import (
    JOINTS,
    JOINTS18,
    load_folder,
    load_sequence,
    pair_folders,
    save_sequence,
    score_sequences,
)
from pipeline.posetrack.format17 import dump17
from pipeline.posetrack.format18 import dump18


def document17():
    points = [{'id': [j], 'x': [10.5 + j], 'y': [20 + j], 'is_visible': [j % 2], 'score': [0.5]} for j in range(15)]
    rect = {'x1': [1], 'y1': [2], 'x2': [31], 'y2': [42], 'track_id': [3], 'annopoints': [{'point': points}]}
    region = {'point': [{'x': [0], 'y': [0]}, {'x': [9], 'y': [0]}, {'x': [9], 'y': [9]}]}
    return {
        'annolist': [
            {
                'image': [{'name': 'images/a/00000001.jpg'}],
                'is_labeled': [1],
                'annorect': [rect],
                'ignore_regions': [region],
            },
            {'image': [{'name': 'images/a/00000002.jpg'}], 'annorect': []},
        ]
    }


def document18():
    keypoints = np.stack([np.arange(17) + 1.5, np.arange(17) + 100, np.ones(17)], axis=1)
    keypoints[3:5] = 0  # no ears
    keypoints[5, 2] = 0  # flag 0 with coordinates is there all the same
    person = {
        'id': 1,
        'image_id': 70,
        'track_id': 4,
        'category_id': 1,
        'scores': [],
        'keypoints': keypoints.ravel().tolist(),
        'bbox_head': [5, 6, 30, 40],
    }
    images = [{'id': 70 + i, 'file_name': f'images/val/b/{i:06d}.jpg', 'is_labeled': True} for i in range(2)]
    return {
        'images': images,
        'annotations': [person],
        'categories': [{'id': 1, 'name': 'person', 'keypoints': list(JOINTS18)}],
    }


def write(folder, document, name='a.json'):
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def test_reads_posetrack17(tmp_path):
    first, second = load_sequence(write(tmp_path, document17()), 17).frames
    np.testing.assert_array_equal(first.points[0].T, [10.5 + np.arange(15), 20.0 + np.arange(15)])
    np.testing.assert_array_equal(first.visible[0], np.arange(15) % 2)
    np.testing.assert_array_equal(first.head_boxes, [[1, 2, 31, 42]])
    assert first.track_ids == [3] and first.ignore_regions[0].shape == (3, 2) and first.scores[0, 0] == 0.5
    assert len(second) == 0 and not second.is_labeled


def test_unusual_but_valid_posetrack17(tmp_path):
    document = document17()
    rect = document['annolist'][0]['annorect'][0]
    rect['track_id'] = 3  # not wrapped
    rect['annopoints'] = {'point': {'id': [2], 'x': [5], 'y': 6, 'is_visible': []}}
    document['annolist'][1]['annorect'] = [{'annopoints': []}]
    first, second = load_sequence(write(tmp_path, document)).frames
    assert first.track_ids == [3] and first.present.sum() == 1
    np.testing.assert_array_equal(first.points[0, 2], [5, 6])
    assert len(second) == 1 and not second.present.any()


def test_reads_posetrack18(tmp_path):
    for layout in (18, 21, None):
        first, second = load_sequence(write(tmp_path, document18()), layout).frames
        nose, shoulder = JOINTS.index('nose'), JOINTS.index('left_shoulder')
        np.testing.assert_array_equal(first.points[0, nose], [1.5, 100])
        assert first.present.all() and not first.visible[0, shoulder] and first.visible[0, nose]
        np.testing.assert_array_equal(first.head_boxes, [[5, 6, 35, 46]])
        assert first.track_ids == [4] and len(second) == 0


@pytest.mark.parametrize('make', [document17, document18])
def test_conversion_there_and_back_loses_nothing(tmp_path, make):
    original = back = load_sequence(write(tmp_path, make()))
    for layout in (18, 17, 18):
        save_sequence(back, tmp_path / f'{layout}.json', layout, force=True)
        back = load_sequence(tmp_path / f'{layout}.json', layout)
        for ours, theirs in zip(original.frames, back.frames):
            np.testing.assert_allclose(ours.points, theirs.points)
            np.testing.assert_allclose(ours.head_boxes, theirs.head_boxes)
            np.testing.assert_array_equal(ours.scores, theirs.scores)
            np.testing.assert_array_equal(ours.visible, theirs.visible)
            np.testing.assert_array_equal(ours.track_ids, theirs.track_ids)
            assert ours.image == theirs.image and ours.is_labeled == theirs.is_labeled
            assert [r.tolist() for r in ours.ignore_regions] == [r.tolist() for r in theirs.ignore_regions]


@pytest.mark.parametrize('layout, other', [(17, 18), (18, 17)])
def test_converted_fixtures_score_the_same(fixtures, tmp_path, layout, other):
    folder = fixtures('poseval', f'pt{layout}')
    for part in ('gt', 'pred'):
        (tmp_path / part).mkdir()
        for name, sequence in load_folder(folder / part).items():
            save_sequence(sequence, tmp_path / part / f'{name}.json', other)
    before = score_sequences(pair_folders(folder / 'gt', folder / 'pred'), True)
    after = score_sequences(pair_folders(tmp_path / 'gt', tmp_path / 'pred', other), True)
    for name in ('AP', 'MOTA', 'MOTP'):
        np.testing.assert_allclose(list(before[name].values()), list(after[name].values()), atol=1e-9)


def test_posetrack18_ids_follow_the_official_pattern(tmp_path):
    sequence = load_sequence(write(tmp_path, document18(), '024154_mpii_test.json'))
    document = dump18(sequence)
    assert [image['id'] for image in document['images']] == [10241540000, 10241540001]
    assert document['images'][0]['vid_id'] == '024154'
    assert document['annotations'][0]['id'] == 1024154000000
    assert [entry['imgnum'] for entry in dump17(sequence)['annolist']] == [[1], [2]]


def broken17(change):
    document = document17()
    change(document['annolist'][0]['annorect'][0])
    return document


def broken18(change):
    document = document18()
    change(document)
    return document


@pytest.mark.parametrize(
    'document, message',
    [
        ('{"annolist": [', r'a\.json: line 1, column 15: not valid JSON'),
        ('[]', 'neither annolist .* nor images'),
        ({'annolist': 3}, r'annolist is 3: not an array'),
        ({'annolist': [{'annorect': []}]}, r'annolist\[0\]\.image is missing'),
        (
            broken17(lambda r: r['annopoints'][0]['point'][4].update(id=[15])),
            r'point\[4\]\.id\[0\] is 15: not a joint id',
        ),
        (broken17(lambda r: r['annopoints'][0]['point'][4].update(id=[3])), r'left_hip is there twice'),
        (broken17(lambda r: r['annopoints'][0]['point'][4].update(x=['left'])), r"point\[4\]\.x\[0\] is 'left'"),
        (
            broken17(lambda r: r['annopoints'][0]['point'][4].pop('y')),
            r'annorect\[0\]\.annopoints\[0\]\.point\[4\]\.y is missing',
        ),
        (broken17(lambda r: r.pop('y2')), r'annorect\[0\]\.y2 is missing'),
        (broken18(lambda d: d['annotations'][0].update(image_id=5)), r'annotations\[0\]\.image_id is 5: no image'),
        (broken18(lambda d: d['annotations'][0].update(keypoints=[1, 2])), r'2 numbers, 51 are needed'),
        (broken18(lambda d: d['annotations'][0]['keypoints'].__setitem__(7, None)), r'keypoints\[7\] is None'),
        (broken18(lambda d: d['images'][1].update(id=[])), r'images\[1\]\.id is \[\]: not an id'),
        (broken18(lambda d: d['images'][1].update(id=70)), r'images\[1\]\.id is 70: another image has this id'),
        (broken18(lambda d: d['categories'][0]['keypoints'].__setitem__(2, 'left_eye')), "'left_eye': not a joint"),
        (broken18(lambda d: d['categories'][0]['keypoints'].pop(2)), 'head_top is missing'),
        (broken18(lambda d: d['annotations'].append(d['annotations'][0])), r'track id 4 is there twice in .*000000'),
        (broken18(lambda d: d['annotations'][0].update(track_id='x')), r"track_id is 'x'"),
        (
            broken18(lambda d: d['images'][0].update(ignore_regions_x=[[1, 2, 3]], ignore_regions_y=[[1, 2]])),
            r'ignore_regions_y\[0\].*2 numbers, 3 are needed',
        ),
    ],
)
def test_broken_files_are_named_with_the_place(tmp_path, document, message):
    with pytest.raises(InputError, match=message):
        load_sequence(write(tmp_path, document))


def test_wrong_format_flag(tmp_path):
    with pytest.raises(InputError, match='layout of PoseTrack17, but format 21'):
        load_sequence(write(tmp_path, document17()), 21)
    with pytest.raises(InputError, match='layout of PoseTrack18/21, but format 17'):
        load_sequence(write(tmp_path, document18()), 17)


def test_sequences_in_one_folder_only_are_named(tmp_path):
    for folder, names in (('gt', 'abc'), ('pred', 'ab')):
        (tmp_path / folder).mkdir()
        for name in names:
            write(tmp_path / folder, document17(), f'{name}.json')
    with pytest.raises(InputError, match=r'gt: 1 sequences are in this folder only: c$'):
        pair_folders(tmp_path / 'gt', tmp_path / 'pred')
    with pytest.raises(InputError, match='no such folder'):
        pair_folders(tmp_path / 'gt', tmp_path / 'nothing')
    (tmp_path / 'empty').mkdir()
    with pytest.raises(InputError, match='no .json files'):
        pair_folders(tmp_path / 'gt', tmp_path / 'empty')


def test_unreadable_bytes_are_reported(tmp_path):
    (tmp_path / 'a.json').write_bytes(b'{"images": "\xff"}')
    with pytest.raises(InputError, match='byte 12: not UTF-8'):
        load_sequence(tmp_path / 'a.json')


def test_files_that_macos_keeps_beside_annotations_are_none(tmp_path):
    write(tmp_path, document17())
    (tmp_path / '._a.json').write_bytes(b'\0\5\26\7 Mac OS X')
    assert list(load_folder(tmp_path)) == ['a']


@pytest.mark.parametrize('encoding', ['utf-8-sig', 'utf-16', 'utf-16-le'])
def test_a_byte_order_mark_is_no_error(tmp_path, encoding):
    path = tmp_path / 'a.json'
    path.write_bytes(json.dumps(document18()).encode(encoding))
    assert len(load_sequence(path).frames) == 2


def test_ids_that_became_floats_are_whole_numbers(tmp_path):
    document = document18()
    for item in document['images']:
        item['id'] = float(item['id'])
    document['annotations'][0]['image_id'] = 70
    document['annotations'][0]['track_id'] = 4.0
    sequence = load_sequence(write(tmp_path, document))
    assert [len(frame) for frame in sequence.frames] == [1, 0] and sequence.frames[0].track_ids.tolist() == [4]
    document['images'][0]['id'] = 70.5
    with pytest.raises(InputError, match=r'images\[0\].id is 70.5: not an integer'):
        load_sequence(write(tmp_path, document))
