"""A full validation set (170 sequences of 70 frames with 10 people) is scored in a minute."""

import time

import numpy as np
import pytest

from pipeline.posetrack import PoseFrame, PoseSequence, pair_folders, save_sequence, score_sequences

SEQUENCES, FRAMES, PEOPLE = 8, 70, 10  # a twentieth of it


def make_set(folder, layout):
    rng = np.random.default_rng(0)
    for number in range(SEQUENCES):
        name = f'{number + 1:06d}_mpii_test'
        start, step = rng.uniform(0, 1500, (PEOPLE, 1, 2)), rng.normal(0, 4, (PEOPLE, 1, 2))
        shape, sequences = rng.normal(0, 40, (PEOPLE, 15, 2)), {'gt': [], 'pred': []}
        heads = np.tile([0.0, 0, 40, 40], (PEOPLE, 1))
        for index in range(FRAMES):
            truth = np.round(start + step * index + shape, 2)
            seen = np.where(rng.random((PEOPLE, 15, 1)) < 0.9, truth, np.nan)
            found = np.flatnonzero(rng.random(PEOPLE) < 0.93)
            ids = rng.permutation(PEOPLE) if rng.random() < 0.2 else np.arange(PEOPLE)
            image = f'images/val/{name}/{index:06d}.jpg'
            for part, points, rows, scores in (
                ('gt', seen, np.arange(PEOPLE), np.full((PEOPLE, 15), -9999.0)),
                ('pred', truth + rng.normal(0, 8, truth.shape), found, rng.random((PEOPLE, 15))),
            ):
                tracks = np.arange(PEOPLE) if part == 'gt' else ids
                sequences[part].append(
                    PoseFrame(
                        image, points[rows], np.ones((len(rows), 15), bool), scores[rows], heads[rows], tracks[rows]
                    )
                )
        for part, frames in sequences.items():
            save_sequence(PoseSequence(name, frames), folder / part / f'{name}.json', layout)


@pytest.mark.parametrize('layout', [17, 18])
def test_a_twentieth_of_a_validation_set_takes_three_seconds(tmp_path, layout):
    make_set(tmp_path, layout)
    begin = time.process_time()
    scores = score_sequences(pair_folders(tmp_path / 'gt', tmp_path / 'pred'), tracking=True)
    assert time.process_time() - begin < 3.0
    assert scores['frames'] == SEQUENCES * FRAMES and 50 < scores['AP']['Mean'] < 90
    assert scores['joints']['switches']['nose'] > 0
