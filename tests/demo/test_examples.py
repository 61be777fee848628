"""The examples in demo/ run as they stand, on a few frames of a clip with two people."""

import csv
import importlib.util
import json

import pytest

FRAMES = 12


@pytest.fixture(scope='module')
def clip(embedded):
    """The sample clip; ``embedded`` skips where models cannot be downloaded, and so would the clip."""
    from pipeline.assets import fetch
    from pipeline.errors import InputError

    try:
        return str(fetch('sample-clip'))
    except InputError as error:
        pytest.skip(f'the sample clip is not to be had: {error}')


@pytest.mark.slow
def test_one_video_prints_each_person_and_writes_every_frame(clip, repository, tmp_path, capsys):
    spec = importlib.util.spec_from_file_location('one_video', repository / 'demo' / 'one_video.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.main([clip, '--end', f'{FRAMES}f', '--out-dir', str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    frames = json.loads(next(tmp_path.glob('*_poses.json')).read_text())['instance_info']
    people = {person['track_id'] for frame in frames for person in frame['instances']}
    assert len(frames) == FRAMES and people
    assert {f'person {person}: seen from' for person in people} == {
        line.split(' from')[0] + ' from' for line in printed.splitlines() if line.startswith('person')
    }
    with open(next(tmp_path.glob('*_poses.csv'))) as file:
        assert {int(row['track_id']) for row in csv.DictReader(file)} == people
    assert next(tmp_path.glob('*_overlay.mp4')).stat().st_size > 0


@pytest.mark.slow
def test_the_notebook_tracks_people_by_its_own_tracker(clip, repository, tmp_path, monkeypatch, capsys):
    notebook = json.loads((repository / 'demo' / 'own_tracker.ipynb').read_text())
    cells = [cell for cell in notebook['cells'] if cell['cell_type'] == 'code']
    assert not any(cell['outputs'] or cell['execution_count'] for cell in cells)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('MPLBACKEND', 'Agg')
    names = {'__name__': '__main__'}
    for number, cell in enumerate(cells):
        exec(compile(''.join(cell['source']), f'own_tracker.ipynb, code cell {number}', 'exec'), names)
        if number == 0:
            names.update(video=clip, start='60f', end=f'{60 + FRAMES}f')
    assert type(names['chain'].tracker).__name__ == 'NearestBox'
    # two people in plain sight then: one id each, all of the time
    assert sorted(names['frames_of'].values())[-2:] == [FRAMES, FRAMES]
    written = json.loads(next((tmp_path / 'output' / 'own_tracker').glob('*_poses.json')).read_text())
    assert written['meta_info'] and len(written['instance_info']) == FRAMES


def test_the_tracker_of_the_notebook_fits_the_protocol_and_keeps_ids_by_distance(repository):
    import numpy as np

    from pipeline.types import People

    notebook = json.loads((repository / 'demo' / 'own_tracker.ipynb').read_text())
    source = next(
        ''.join(cell['source']) for cell in notebook['cells'] if 'class NearestBox' in ''.join(cell['source'])
    )
    names = {}
    exec(source, names)
    tracker = names['NearestBox'](reach=0.5, patience=1.0)

    def ids(time, *lefts):
        boxes = np.array([[x, 0, x + 30, 40] for x in lefts], np.float32).reshape(-1, 4)  # diagonal 50 px
        count = len(boxes)
        people = People(boxes, np.ones(count), np.zeros((count, 17, 2), np.float32), np.ones((count, 17), np.float32))
        return tracker.update(people, time, (640, 480)).track_ids.tolist()

    assert ids(0.0, 100, 300) == [1, 2]
    assert ids(0.1, 310, 120) == [2, 1]  # in another order, 10 and 20 px further
    assert ids(0.2, 146) == [3]  # 26 px are more than half of the diagonal
    assert ids(0.3) == []
    assert ids(0.9, 120) == [1]  # 0.8 s later, within the patience
    assert ids(2.5, 120) == [4]
    tracker.reset()
    assert ids(3.0, 120) == [1]


@pytest.mark.slow
def test_the_notebook_of_tables_runs_from_top_to_bottom(clip, repository, tmp_path, monkeypatch):
    pytest.importorskip('pandas')
    pytest.importorskip('xarray')
    notebook = json.loads((repository / 'demo' / 'poses_as_tables.ipynb').read_text())
    cells = [cell for cell in notebook['cells'] if cell['cell_type'] == 'code']
    assert not any(cell['outputs'] or cell['execution_count'] for cell in cells)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('MPLBACKEND', 'Agg')
    names = {'__name__': '__main__'}
    for number, cell in enumerate(cells):
        exec(compile(''.join(cell['source']), f'poses_as_tables.ipynb, code cell {number}', 'exec'), names)
        if number == 0:
            names.update(video=clip, start='60f', end=f'{60 + FRAMES}f')
    table, dataset = names['table'], names['dataset']
    assert sorted(table['frame'].unique()) == list(range(60, 60 + FRAMES))
    person = table[(table['track_id'] == names['who']) & (table['joint'] == 'left_knee')]
    seen = dataset.position.sel(keypoints='left_knee', individuals=f'id{names["who"]}', space='x')
    assert seen.sizes['time'] == FRAMES and abs(seen.values - person['x'].values).max() < 0.01
    assert 'output/notebook' in names['summary']._repr_html_() and '<video' in names['summary']._repr_html_()
    assert names['people'].keypoints.shape[1:] == (26, 2)
