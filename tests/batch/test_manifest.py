"""The manifest survives a kill at any byte, and tells what is done."""

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.batch.manifest import NAME, Manifest
from pipeline.errors import InputError


def record(video='a', status='done', **changes):
    return {
        **dict(
            video=video,
            input=f'{video}.mp4',
            state=dict(bytes=5),
            settings='s',
            status=status,
            attempts=1,
            frames=1,
            people=1,
            seconds=0.1,
            files={},
            written={},
            error='',
        ),
        **changes,
    }


def test_the_last_record_counts_and_compacting_keeps_it(tmp_path):
    manifest = Manifest(tmp_path)
    for status in ('started', 'failed', 'started', 'done'):
        manifest.add(record(status=status))
    manifest.add(record('b', 'started'))
    assert len((tmp_path / NAME).read_text().splitlines()) == 5
    again = Manifest(tmp_path)
    assert {key: r['status'] for key, r in again.records.items()} == {'a': 'done', 'b': 'started'}
    again.compact()
    assert [json.loads(line)['video'] for line in (tmp_path / NAME).read_text().splitlines()] == ['a', 'b']
    assert sorted(os.listdir(tmp_path)) == [NAME]


def test_a_cut_anywhere_costs_at_most_the_last_line(tmp_path):
    manifest = Manifest(tmp_path)
    for video in 'ab':
        manifest.add(record(video))
    whole = (tmp_path / NAME).read_bytes()
    first = whole.index(b'\n') + 1
    for cut in range(first, len(whole)):
        (tmp_path / NAME).write_bytes(whole[:cut])
        records = Manifest(tmp_path).records
        assert set(records) == ({'a', 'b'} if cut == len(whole) - 1 else {'a'})


def test_done_means_same_input_same_settings_and_whole_files(tmp_path):
    (tmp_path / 'a.json').write_bytes(b'12345')
    manifest = Manifest(tmp_path)
    manifest.add(record(files={'a.json': 5}))
    assert manifest.is_done('a', dict(bytes=5), 's')
    assert not manifest.is_done('a', dict(bytes=6), 's')
    assert not manifest.is_done('a', dict(bytes=5), 't')
    assert not manifest.is_done('b', dict(bytes=5), 's')
    (tmp_path / 'a.json').write_bytes(b'1234')
    assert not manifest.is_done('a', dict(bytes=5), 's')
    (tmp_path / 'a.json').unlink()
    assert not manifest.is_done('a', dict(bytes=5), 's')


def test_what_was_written_is_known_after_a_failure_too(tmp_path):
    Manifest(tmp_path).add(record(status='failed', written={'a_poses.json': '5e1f'}))
    assert Manifest(tmp_path).written('a') == {'a_poses.json': '5e1f'} and Manifest(tmp_path).written('b') == {}


def test_a_linked_manifest_is_refused_and_what_is_behind_it_kept(tmp_path):
    mine = tmp_path / 'mine.txt'
    for link in (os.symlink, os.link):
        mine.write_text('')
        link(mine, tmp_path / NAME)
        with pytest.raises(InputError, match='is a link'):
            Manifest(tmp_path)
        assert mine.read_text() == ''
        (tmp_path / NAME).unlink()


@pytest.mark.parametrize(
    'line',
    [
        'nonsense',
        '[]',
        '{}',
        json.dumps(record(status='finished')),
        json.dumps(record(files=[1])),
        json.dumps(record(written=dict(a=1))),
        '[' * 100_000,
    ],
)
def test_a_foreign_file_is_refused_and_kept(tmp_path, line):
    text = line + '\n' + json.dumps(record()) + '\n'
    (tmp_path / NAME).write_text(text)
    with pytest.raises(InputError, match='line 1 is no record'):
        Manifest(tmp_path)
    assert (tmp_path / NAME).read_text() == text


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(sorted(record())), values))
def test_any_record_is_read_or_refused(tmp_path, changes):
    (tmp_path / NAME).write_text(json.dumps(record(**changes)) + '\n')
    try:
        manifest = Manifest(tmp_path)
    except InputError as error:
        assert '\n' not in str(error)
        return
    for key in manifest.records:
        assert manifest.is_done(key, {}, 's') in (True, False)
