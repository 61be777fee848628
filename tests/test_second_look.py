"""Runs that choose people when the clip is over, by toys that only threshold."""

import json

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.options import OutputOptions
from pipeline.run import check_outputs, run_video
from pipeline.types import Detections
from pipeline.video import ArraySource, open_source
from tests.batch.toy_chain import ToySettings, write_video


class TwoBoxes:
    """Finds the toy's block, and somebody who stands still in a corner."""

    def __init__(self, toy):
        self._toy = toy

    def detect(self, frames):
        still = np.array([[70, 40, 90, 60]], np.float32)
        found = self._toy.detect(frames)
        return [
            Detections(np.concatenate([one.bboxes, still]), np.append(one.scores, 0.9).astype(np.float32))
            for one in found
        ]


@pytest.fixture
def clip(tmp_path):
    return write_video(tmp_path / 'in' / 'clip.mp4', 12)


def run(clip, out, **options):
    outputs = OutputOptions(out, **options)
    chain = ToySettings(outputs).build()
    chain.detector = TwoBoxes(chain.detector)
    return run_video(chain, clip if not hasattr(clip, 'suffix') else str(clip), outputs)


def ids_of(out):
    frames = json.loads((out / 'clip_poses.json').read_text())['instance_info']
    return [[person['track_id'] for person in frame['instances']] for frame in frames]


def pictures(out):
    with open_source(out / 'clip_overlay.mp4') as source:
        return [frame.image.astype(int) for frame in source]


def test_data_is_of_those_chosen_and_the_picture_as_usual(clip, tmp_path):
    run(clip, tmp_path / 'all')
    summary = run(clip, tmp_path / 'main', people='main')
    assert ids_of(tmp_path / 'all') == [[1, 2]] * 12 and ids_of(tmp_path / 'main') == [[1]] * 12
    assert (summary.frames, summary.people) == (12, 1)
    assert all(np.array_equal(a, b) for a, b in zip(pictures(tmp_path / 'all'), pictures(tmp_path / 'main')))


def test_others_are_drawn_faintly_or_not_at_all(clip, tmp_path):
    corner = slice(36, 64), slice(66, 96)
    with open_source(clip) as source:
        plain = [frame.image.astype(int) for frame in source]
    change = {}
    for how in ('as-usual', 'faint', 'none'):
        run(clip, tmp_path / how, people='main', draw_others=how, ids=False)
        drawn = pictures(tmp_path / how)
        assert len(drawn) == 12 and ids_of(tmp_path / how) == [[1]] * 12
        change[how] = np.mean([np.abs(a[corner] - b[corner]).mean() for a, b in zip(drawn, plain)])
    # 'none' leaves what the encoder does to noise
    assert change['none'] < change['faint'] - 2 < change['as-usual'] - 4


def test_nothing_is_written_if_nobody_fits(clip, tmp_path):
    with pytest.raises(InputError, match='--people ids=9: no such id; there are 1, 2'):
        run(clip, tmp_path / 'out', people='ids=9')
    assert not (tmp_path / 'out').exists()


def test_pictures_of_a_source_that_is_used_up_are_not_promised(tmp_path):
    images = [np.zeros((64, 96, 3), np.uint8)] * 3
    used_up, list_of_them = ArraySource(iter(images)), ArraySource(images)
    with pytest.raises(InputError, match='arrays: --draw-others none draws when the clip is over, but a camera'):
        run(used_up, tmp_path / 'out', people='main', draw_others='none')
    assert run(list_of_them, tmp_path / 'out', people='main', draw_others='none').frames == 3


def test_a_camera_is_refused_before_anything_is_loaded(tmp_path, monkeypatch):
    camera = ArraySource(iter([np.zeros((64, 96, 3), np.uint8)]))
    monkeypatch.setattr('pipeline.run.open_source', lambda spec, **options: camera)
    with pytest.raises(InputError, match='cannot be read twice: record it first'):
        check_outputs(['0'], OutputOptions(tmp_path, people='main', draw_others='faint'))


def test_a_file_that_changed_meanwhile_is_noticed(clip, tmp_path):
    class Shrinks(ArraySource):
        repeatable = True

        def __iter__(self):
            images, self.left = list(super().__iter__()), getattr(self, 'left', 4) - 1
            return iter(images[: self.left])

    images = [np.full((64, 96, 3), 40, np.uint8)] * 6
    with pytest.raises(InputError, match='has changed while it was read'):
        run(Shrinks(images), tmp_path / 'out', people='main', draw_others='none')
    assert not (tmp_path / 'out').exists()


def test_faces_are_blurred_in_every_frame_and_the_report_does_not_show_the_original(clip, tmp_path):
    """The toy's heads are somewhere in its bright blocks; the still one's box is known."""
    run(clip, tmp_path / 'plain', ids=False)
    run(clip, tmp_path / 'hidden', ids=False, blur_faces=True, report=True)
    changed = [
        np.abs(a - b).max(axis=2) > 25 for a, b in zip(pictures(tmp_path / 'hidden'), pictures(tmp_path / 'plain'))
    ]
    assert len(changed) == 12 and all(one.any() for one in changed)
    page = (tmp_path / 'hidden' / 'clip_report.html').read_text()
    assert '"overlay":{' in page and '"original":{' not in page
    with open_source(clip) as source, pytest.raises(InputError, match='--blur-faces blurs when the clip is over'):
        run(ArraySource(iter([frame.image for frame in source])), tmp_path / 'out', blur_faces=True)


def test_a_background_is_black(clip, tmp_path):
    run(clip, tmp_path / 'out', background='black')
    assert all(picture[:5, :5].max() < 12 for picture in pictures(tmp_path / 'out'))
