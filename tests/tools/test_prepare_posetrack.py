"""Checking and converting made-up PoseTrack folders."""

import importlib.util
import json

import numpy as np
import pytest

from pipeline.posetrack import PoseFrame, PosePerson, PoseSequence, load_sequence, save_sequence
from pipeline.posetrack import release as releases
from pipeline.posetrack.release import Labels


@pytest.fixture(scope='module')
def tool(repository):
    path = repository / 'tools' / 'prepare_posetrack.py'
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def small_releases(monkeypatch):
    """The real numbers of sequences, a hundredth of them."""
    monkeypatch.setattr(
        releases,
        'KNOWN_LABELS',
        (
            Labels(17, '', {'train': 3, 'val': 2}, 'seventeen'),
            Labels(18, '0.45', {'train': 4, 'val': 3}, 'new'),
            Labels(18, '0.2', {'val': 2}, 'old'),
            Labels(21, '', {'train': 4, 'val': 3}, 'twenty-one'),
        ),
    )


def make(root, layout, train, val, annotations='annotations', names=None):
    """A release with so many sequences of two frames, one person each, and empty image files."""
    for split, count in (('train', train), ('val', val)):
        for number in range(count):
            name = names[number] if names else f'{number + 1:06d}_mpii_{split}'
            frames = []
            for index in range(2):
                image = f'images/{split}/{name}/{index:06d}.jpg'
                (root / image).parent.mkdir(parents=True, exist_ok=True)
                (root / image).touch()
                person = PosePerson(
                    points=np.arange(30.0).reshape(15, 2) + number,
                    visible=np.ones(15, bool),
                    head_box=np.array([1.0, 2, 31, 42]),
                    track_id=5,
                )
                frames.append(PoseFrame.from_people(image, [person]))
            save_sequence(PoseSequence(name, frames), root / annotations / split / f'{name}.json', layout)
    return root


@pytest.mark.parametrize(
    'layout, counts, annotations, title',
    [
        (17, (3, 2), 'annotations', 'PoseTrack17 in'),
        (18, (4, 3), 'annotations', 'PoseTrack18, labels v0.45 in'),
        (18, (4, 3), 'posetrack_data', 'PoseTrack21 in'),
    ],
)
def test_a_complete_release(tool, tmp_path, capsys, layout, counts, annotations, title):
    assert tool.main([str(make(tmp_path, layout, *counts, annotations))]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(title) and '!' not in printed
    row = next(line for line in printed.splitlines() if line.startswith('val'))
    sequences, twice = str(counts[1]), str(2 * counts[1])
    assert row.split() == ['val', sequences, twice, twice, twice, '0']


def test_archives_that_unpack_into_posetrack_data(tool, tmp_path, capsys):
    make(tmp_path / 'posetrack_data', 18, 4, 3)
    assert tool.main([str(tmp_path), '--release', '18']) == 0
    assert 'PoseTrack18, labels v0.45' in capsys.readouterr().out


def test_what_is_missing_is_said(tool, tmp_path, capsys):
    root = make(tmp_path, 18, 4, 1)
    (root / 'images/val/000001_mpii_val/000001.jpg').unlink()
    assert tool.main([str(root)]) == 2
    captured = capsys.readouterr()
    assert 'val: 1 sequences, complete are 3 or 2' in captured.out
    assert 'val: 1 images missing in 1 folders: images/val/000001_mpii_val' in captured.out
    assert captured.err.count('\n') == 1 and '--partial' in captured.err
    assert tool.main([str(root), '--partial']) == 0


def test_the_old_labels_are_noticed(tool, tmp_path, capsys):
    root = make(tmp_path, 18, 4, 2)
    assert tool.main([str(root), '--splits', 'val']) == 2
    assert 'labels are v0.2 (2 validation sequences), v0.45 was wanted' in capsys.readouterr().out
    assert tool.main([str(root), '--splits', 'val', '--labels', '0.2']) == 0
    assert 'These labels belong to: old.' in capsys.readouterr().out


@pytest.mark.parametrize('layout, target', [(17, 18), (18, 17)])
def test_conversion(tool, tmp_path, capsys, layout, target):
    root, out = make(tmp_path / 'in', layout, *((3, 2) if layout == 17 else (4, 3))), tmp_path / 'out'
    command = [str(root), '--convert-to', str(target), '--out']
    assert tool.main([*command, str(out)]) == 0
    assert 'note: ' in (printed := capsys.readouterr().out) and '(bbox)' in printed
    name = '000001_mpii_val.json'
    before = load_sequence(root / 'annotations/val' / name, layout)
    after = load_sequence(out / 'annotations/val' / name, target)
    np.testing.assert_allclose(before.frames[1].points, after.frames[1].points)
    assert before.frames[1].image == after.frames[1].image and (out / after.frames[1].image).is_file()
    assert tool.main([*command, str(out)]) == 2  # nothing is replaced
    assert tool.main([*command, str(out), '--force']) == 0
    assert tool.main([*command, str(root), '--force']) == 2


def test_sequences_of_one_video_get_different_image_ids(tool, tmp_path):
    root, out = tmp_path / 'in', tmp_path / 'out'
    make(root, 17, 0, 2, names=['015301_mpii_step1_testsub', '015301_mpii_step2_testsub'])
    assert tool.main([str(root), '--splits', 'val', '--convert-to', '18', '--out', str(out)]) == 0
    ids = [
        image['id']
        for path in sorted((out / 'annotations/val').glob('*.json'))
        for image in json.loads(path.read_text())['images']
    ]
    assert ids == [10153010000, 10153010001, 10153020000, 10153020001]


def test_not_a_release(tool, tmp_path, capsys):
    assert tool.main([str(tmp_path / 'nowhere')]) == 2
    assert 'no such folder' in capsys.readouterr().err
    (tmp_path / 'annotations' / 'val').mkdir(parents=True)
    assert tool.main([str(tmp_path)]) == 2
    assert 'no annotations/SPLIT' in capsys.readouterr().err
    (tmp_path / 'annotations' / 'val' / '000342_mpii.mat').touch()
    assert tool.main([str(tmp_path)]) == 2
    assert '.mat files only' in capsys.readouterr().err
    make(tmp_path, 18, 0, 3)
    assert tool.main([str(tmp_path), '--release', '17']) == 2
    assert 'holds PoseTrack18, not PoseTrack17' in capsys.readouterr().err
    (tmp_path / 'annotations' / 'val' / '000001_mpii_val.json').write_text('{"images": 4}')
    assert tool.main([str(tmp_path)]) == 2
    assert '000001_mpii_val.json' in capsys.readouterr().err
