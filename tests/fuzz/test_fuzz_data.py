"""JSON, npz, checkpoints, configs and the batch's own files, by structure and by mutation of whole ones."""

import io
import json
from argparse import Namespace
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline.backends.checkpoint import read_checkpoint
from pipeline.backends.openmmlab import load_config
from pipeline.backends.openmmlab.checkpoint import read_inert
from pipeline.batch.manifest import NAME, Manifest
from pipeline.batch.segment_file import read_segments, write_segment
from pipeline.formats import open_exporter, read_poses_json, run_info
from pipeline.networks.refiners.sequence_refiner import load_refiner
from pipeline.posetrack import load_sequence
from pipeline.presets import PRESETS, load_preset
from pipeline.report import write_report
from pipeline.skeletons import load_skeleton
from pipeline.training.sequences.npz_layouts import read_sequences, write_safe
from pipeline.types import Frame, FrameResult, People, VideoInfo
from tests.fuzz.mutations import Contents, damage, damaged, fuzz

SKELETON = load_skeleton('coco')


def people(count=2, seed=0):
    rng = np.random.default_rng(seed)
    return People(
        rng.random((count, 4), np.float32),
        rng.random(count, np.float32),
        100 * rng.random((count, 17, 2), np.float32),
        rng.random((count, 17), np.float32),
        track_ids=np.arange(1, count + 1),
    )


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('fuzz')


@pytest.fixture(scope='module')
def whole(folder):
    """``{kind: content}`` of files as they should be."""
    made = Contents()
    video = VideoInfo('clip', 100, 100, 25, 3)
    for kind in ('json', 'posetrack'):
        with open_exporter(kind, folder / f'{kind}.json', run_info({}), SKELETON, video, force=True) as exporter:
            for i in range(3):
                exporter.write(FrameResult(Frame(i, i / 25, None), people()))
        made[kind] = (folder / f'{kind}.json').read_bytes()
    write_segment(folder / 's.npz', [FrameResult(Frame(i, 0.0, None), people(i)) for i in range(3)], 17)
    made['segment'] = (folder / 's.npz').read_bytes()
    write_safe(
        folder / 'd.npz',
        {
            'joints_2d': [np.ones((5, 13, 2)), np.ones((3, 13, 2))],
            'bbox': [np.ones((5, 4)), np.ones((3, 4))],
            'imgshape': [np.array([100, 100, 3])] * 2,
        },
        force=True,
    )
    made['npz'] = (folder / 'd.npz').read_bytes()
    for pickled in (False, True):  # the new layout and the old
        buffer = io.BytesIO()
        torch.save(
            {'meta': {'a': 1}, 'state_dict': {'w': torch.ones(3, 2), 'b': torch.zeros(2)}},
            buffer,
            _use_new_zipfile_serialization=not pickled,
        )
        made[f'checkpoint {pickled}'] = buffer.getvalue()
    made['manifest'] = (
        json.dumps(
            dict(
                video='a',
                input='a.mp4',
                state=dict(bytes=1),
                settings='s',
                status='done',
                ours=True,
                attempts=1,
                frames=1,
                people=1,
                seconds=0.1,
                files={'a_poses.json': 5},
                error='',
            )
        )
        + '\n'
    ).encode() * 3
    return made


def replaced(value, path, new):
    """``value`` with ``new`` at the place that the numbers of ``path`` lead to."""
    if not path or not isinstance(value, (dict, list)) or not value:
        return new
    key = sorted(value)[path[0] % len(value)] if isinstance(value, dict) else path[0] % len(value)
    if isinstance(value, dict):
        return {**value, key: replaced(value[key], path[1:], new)}
    return [*value[:key], replaced(value[key], path[1:], new), *value[key + 1 :]]


HOSTILE = [
    -1,
    1e308,
    2**63,
    2**70,
    10**3000,
    float('inf'),
    float('nan'),
    '1e999999999',
    '9' * 3000,
    '1/0',
    '\ud800',
    '\0',
]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.sampled_from(HOSTILE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
paths = st.lists(st.integers(0, 30), max_size=6)


def rewrite(content: bytes, changes, path, new) -> bytes:
    """Damaged bytes, or valid JSON with something else in one place."""
    return damaged(content, changes) if changes else json.dumps(replaced(json.loads(content), path, new)).encode()


maybe = st.one_of(st.none(), damage)


@fuzz(0.06)
@given(maybe, paths, values)
def test_poses_json(attempt, folder, whole, changes, path, new):
    file = folder / 'poses.json'
    file.write_bytes(rewrite(whole['json'], changes, path, new))
    attempt('poses JSON', lambda: read_poses_json(file))


@fuzz(0.02)
@given(maybe, paths, values)
def test_reports_of_poses_json(attempt, folder, whole, changes, path, new):
    file = folder / 'poses.json'
    file.write_bytes(rewrite(whole['json'], changes, path, new))
    attempt('report', lambda: write_report(folder / 'report.html', file, None, None, force=True))


@fuzz(0.06)
@given(maybe, paths, values)
def test_posetrack_json(attempt, folder, whole, changes, path, new):
    file = folder / 'posetrack_sequence.json'
    file.write_bytes(rewrite(whole['posetrack'], changes, path, new))
    attempt('PoseTrack JSON', lambda: load_sequence(file))


@fuzz(0.05)
@given(damage, st.booleans())
def test_npz(attempt, folder, whole, changes, segment):
    file = folder / 'data.npz'
    file.write_bytes(damaged(whole['segment' if segment else 'npz'], changes))
    attempt('npz', lambda: read_segments([file]) if segment else read_sequences(file))


@fuzz(0.05)
@given(damage, st.booleans())
def test_checkpoints(attempt, folder, whole, changes, pickled):
    file = folder / 'weights.pth'
    file.write_bytes(damaged(whole[f'checkpoint {pickled}'], changes))
    attempt('checkpoint', lambda: read_checkpoint(file))


@fuzz(0.03)
@given(damage, st.booleans())
def test_checkpoints_with_what_training_left(attempt, folder, changes, pickled):
    file = folder / 'training.pth'
    content = {'meta': {'args': Namespace(a=Path('b')), 'cfg': OrderedDict(c=1)}, 'state_dict': {'w': torch.ones(3)}}
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=not pickled)
    file.write_bytes(damaged(buffer.getvalue(), changes))
    attempt('training checkpoint', lambda: read_inert(file))


@fuzz(0.01)
@given(damage)
def test_refiner_weights(attempt, folder, repository, changes):
    file = folder / 'refiner.pth'
    file.write_bytes(damaged((repository / 'pipeline' / 'weights' / 'hanet_coco17.pth').read_bytes(), changes))
    attempt('refiner weights', lambda: load_refiner(file))


CALLS = ('while', 'for', 'import', 'exec', 'eval', 'open', 'exit', 'quit', 'system', '**')


@fuzz(0.06)
@given(st.sampled_from(sorted(path.name for path in PRESETS.glob('*.py'))), damage)
def test_presets_and_configs(attempt, folder, name, changes):
    content = damaged((PRESETS / name).read_bytes(), changes)
    if any(call.encode() in content for call in CALLS):  # configs are programs: one may do what it is told
        return
    file = folder / 'preset.py'
    file.write_bytes(content)
    attempt('preset', lambda: load_preset(str(file)))
    attempt('config', lambda: load_config(file))


@fuzz(0.05)
@given(maybe, paths, values)
def test_manifests(attempt, folder, whole, changes, path, new):
    lines = whole['manifest'].splitlines(keepends=True)
    content = damaged(whole['manifest'], changes) if changes else rewrite(lines[0], None, path, new) + b'\n' + lines[1]
    (folder / NAME).write_bytes(content)

    def read():
        manifest = Manifest(folder)
        for key in manifest.records:
            manifest.is_done(key, dict(bytes=1), 's')
        manifest.compact()
        Manifest(folder)

    attempt('manifest', read)
