"""CSV, line by line."""

import csv
import json
import os
from fractions import Fraction

import numpy as np

from pipeline.formats import RunInfo, open_exporter
from pipeline.skeletons import Skeleton
from pipeline.types import Frame, FrameResult, People, VideoInfo

STICK = Skeleton('stick', ('nose', 'left_hand'), ((0, 1),), (0, 1), np.full(2, 0.05, np.float32), ('', 'left'))
VIDEO = VideoInfo('clip', 640, 480, Fraction(25))


def test_the_file_by_hand(tmp_path):
    path = tmp_path / 'clip.csv'
    people = People(
        np.zeros((1, 4), np.float32),
        np.ones(1, np.float32),
        np.array([[[1.23456, 2], [np.nan, 7]]], np.float32),
        np.array([[0.5, 0.12345]], np.float32),
        np.array([4], np.int64),
        np.array([[[1, 2], [3, 4.5]]], np.float32),
        filled=np.array([True]),
    )
    with open_exporter('csv', path, RunInfo(preset='embedded'), STICK, VIDEO) as exporter:
        exporter.write(FrameResult(Frame(0, 0.0, None), People.empty(2)))
        exporter.write(FrameResult(Frame(7, 0.28, None), people))
    assert path.read_text() == (
        'frame,time,track_id,joint,x,y,score,x_raw,y_raw,filled\n'
        '7,0.28,4,nose,1.235,2.0,0.5,1.0,2.0,1\n'
        '7,0.28,4,left_hand,,7.0,0.1235,3.0,4.5,1\n'
    )
    assert json.loads((tmp_path / 'clip.csv.run.json').read_text())['preset'] == 'embedded'
    assert exporter.files == [path, tmp_path / 'clip.csv.run.json']


def test_an_aborted_export_leaves_neither_file(tmp_path):
    exporter = open_exporter('csv', tmp_path / 'clip.csv', RunInfo(), STICK, VIDEO)
    exporter.abort()
    assert os.listdir(tmp_path) == []


def test_text_that_looks_like_a_formula_is_quoted_and_numbers_are_not(tmp_path):
    names = ('=cmd|x', '+1', '-1', '@sum', '\tnose', 'left=hand')
    skeleton = Skeleton('bad', names, (), tuple(range(6)), np.full(6, 0.05, np.float32), ('',) * 6)
    points = np.full((1, 6, 2), -1.5, np.float32)
    people = People(np.zeros((1, 4), np.float32), np.ones(1, np.float32), points, np.ones((1, 6), np.float32))
    with open_exporter('csv', tmp_path / 'a.csv', RunInfo(), skeleton, VIDEO) as exporter:
        exporter.write(FrameResult(Frame(0, 0.0, None), people))
    with open(tmp_path / 'a.csv', newline='') as file:
        rows = list(csv.reader(file))[1:]
    assert [row[3] for row in rows] == ["'=cmd|x", "'+1", "'-1", "'@sum", "'\tnose", 'left=hand']
    assert all(row[4:6] == ['-1.5', '-1.5'] and row[2] == '-1' for row in rows)
