"""TRC files, line by line."""

import os
from fractions import Fraction

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.formats import RunInfo, open_exporter, trc_file
from pipeline.kinematics.metres import MetreOptions
from pipeline.skeletons import Skeleton
from pipeline.types import Frame, FrameResult, People, VideoInfo

STICK = Skeleton('stick', ('nose', 'left_hand'), ((0, 1),), (0, 1), np.full(2, 0.05, np.float32), ('', 'left'))
VIDEO = VideoInfo('clip', 640, 480, Fraction(30000, 1001))
HEADER = (
    'PathFileType\t4\t(X/Y/Z)\tclip_id{id}.trc\n'
    'DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\t'
    'OrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n'
    '29.970030\t29.970030\t{count}\t2\t{units}\t29.970030\t{first}\t{count}\n'
    'Frame#\tTime\tnose\t\t\tleft_hand\t\t\t\n'
    '\t\tX1\tY1\tZ1\tX2\tY2\tZ2\t\n\n'
)


def people(*rows):
    """Rows of track id, nose, hand, score of the hand."""
    count = len(rows)
    return People(
        np.zeros((count, 4), np.float32),
        np.ones(count, np.float32),
        np.array([[nose, hand] for _, nose, hand, _ in rows], np.float32).reshape(count, 2, 2),
        np.array([[1, score] for *_, score in rows], np.float32).reshape(count, 2),
        np.array([track_id for track_id, *_ in rows], np.int64),
    )


def write(path, frames, **options):
    with open_exporter('trc', path, RunInfo(), STICK, VIDEO, **options) as exporter:
        for index, who in frames:
            exporter.write(FrameResult(Frame(index, index / 25, None), who))
    return exporter.files


FRAMES = [
    (5, people((1, (10, 20), (30.1234, 0), 1))),
    (6, people()),
    (7, people((1, (11, 479), (np.nan, 3), 1), (3, (1, 2), (3, 4), 0.5))),
    (9, people((-1, (1, 2), (3, 4), 1), (1, (12, 20), (31, 0), 0))),
]


def test_the_files_by_hand(tmp_path):
    files = write(tmp_path / 'clip.trc', FRAMES)
    assert [f.name for f in files] == ['clip.trc.run.json', 'clip_id1.trc', 'clip_id3.trc']
    assert sorted(os.listdir(tmp_path)) == sorted(f.name for f in files)
    # y counts up from the centre of the lowest row: 479 - y; gaps and missing joints are blank
    assert files[1].read_text() == HEADER.format(id=1, count=4, first=5, units='px') + (
        '5\t0.200000\t10.000\t459.000\t0.000\t30.123\t479.000\t0.000\t\n'
        '6\t0.240000\t\t\t\t\t\t\t\n'
        '7\t0.280000\t11.000\t0.000\t0.000\t\t\t\t\n'
        '9\t0.360000\t12.000\t459.000\t0.000\t\t\t\t\n'
    )
    assert files[2].read_text() == HEADER.format(id=3, count=1, first=7, units='px') + (
        '7\t0.280000\t1.000\t477.000\t0.000\t3.000\t475.000\t0.000\t\n'
    )


def test_metres_with_a_scale(tmp_path):
    files = write(tmp_path / 'clip.trc', FRAMES[:1], metres=MetreOptions(scale=100))
    assert files[1].read_text() == HEADER.format(id=1, count=1, first=5, units='m') + (
        '5\t0.200000\t0.100000\t4.590000\t0.000000\t0.301234\t4.790000\t0.000000\t\n'
    )
    with pytest.raises(InputError, match='give one of --person-height'):
        write(tmp_path / 'other.trc', [], metres=MetreOptions())


def test_spooling_to_disk_changes_nothing(tmp_path, monkeypatch):
    files = write(tmp_path / 'a' / 'clip.trc', FRAMES * 20)
    monkeypatch.setattr(trc_file, '_BUFFERED_POSES', 2)
    spooled = write(tmp_path / 'b' / 'clip.trc', FRAMES * 20)
    assert [f.read_text() for f in files] == [f.read_text() for f in spooled]


def test_every_line_has_as_many_columns(tmp_path):
    lines = write(tmp_path / 'clip.trc', FRAMES)[1].read_text().splitlines()
    assert {line.count('\t') for line in lines[3:5] + lines[6:]} == {2 + 3 * 2}


def test_nobody_gives_no_marker_file(tmp_path):
    assert [f.name for f in write(tmp_path / 'clip.trc', [(0, people())])] == ['clip.trc.run.json']


def test_aborting_leaves_nothing(tmp_path):
    exporter = open_exporter('trc', tmp_path / 'clip.trc', RunInfo(), STICK, VIDEO)
    for index, who in FRAMES:
        exporter.write(FrameResult(Frame(index, 0.0, None), who))
    exporter.abort()
    assert os.listdir(tmp_path) == []


def test_existing_files_of_a_person_are_kept(tmp_path):
    (tmp_path / 'clip_id3.trc').write_text('mine')
    with pytest.raises(InputError, match='clip_id3.trc: exists already'):
        write(tmp_path / 'clip.trc', FRAMES)
    assert os.listdir(tmp_path) == ['clip_id3.trc']
    assert len(write(tmp_path / 'clip.trc', FRAMES, force=True)) == 3


def test_opensim_reads_it(tmp_path):
    opensim = pytest.importorskip('opensim')
    path = write(tmp_path / 'clip.trc', FRAMES)[1]
    table = opensim.TimeSeriesTableVec3(str(path))
    assert table.getNumRows() == 4 and list(table.getColumnLabels()) == ['nose', 'left_hand']
    assert table.getRowAtIndex(0)[0].to_numpy().tolist() == [10, 459, 0]
    assert np.isnan(table.getRowAtIndex(3)[1].to_numpy()).all()


@pytest.mark.parametrize('name', ['a\tb\nc', '\udcff', 'x\r', '\x1b[31m'])
def test_names_stay_in_their_field(tmp_path, name):
    skeleton = Skeleton('odd', (name, 'left_hand'), ((0, 1),), (0, 1), np.full(2, 0.05, np.float32), ('', 'left'))
    with open_exporter('trc', tmp_path / f'{name}.trc', RunInfo(), skeleton, VIDEO) as exporter:
        for index, who in FRAMES:
            exporter.write(FrameResult(Frame(index, index / 25, None), who))
    lines = exporter.files[-1].read_text().split('\n')
    expected = HEADER.format(id=3, count=1, units='px', first=7).split('\n')
    assert [line.count('\t') for line in lines[:6]] == [line.count('\t') for line in expected[:6]]
    assert all(c.isprintable() or c == '\t' for line in lines for c in line)
