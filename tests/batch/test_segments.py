"""A video posed in segments comes out as in one piece, to the last byte."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.batch import BatchSettings, find_videos, run_batch
from pipeline.batch.segment_file import read_segments, write_segment
from pipeline.batch.tasks import Join, Plan, Segment, Whole, segment_ranges
from pipeline.errors import InputError
from pipeline.options import OutputOptions
from pipeline.types import Frame, FrameResult, People
from tests.batch.test_run_batch import files_in
from tests.batch.toy_chain import InlinePool, ToySettings, write_video


@pytest.mark.parametrize(
    'arguments, expected',
    [
        ((0, 10, 4, 1, (0,)), [((0, 4), (0, 4)), ((4, 8), (4, 8)), ((8, 10), (8, 10))]),
        ((3, 10, 4, 1, (-1, 0, 2)), [((3, 7), (3, 9)), ((7, 10), (6, 10))]),
        ((0, 20, 5, 4, (-1, 0, 1)), [((0, 8), (0, 9)), ((8, 16), (4, 17)), ((16, 20), (12, 20))]),
        ((0, 3, 9, 1, (0,)), [((0, 3), (0, 3))]),
    ],
)
def test_ranges_by_hand(arguments, expected):
    assert [(r.keep, r.read) for r in segment_ranges(*arguments)] == expected


def test_people_come_back_to_the_last_bit(tmp_path):
    rng = np.random.default_rng(0)

    def people(count):
        return People(
            rng.random((count, 4), np.float32),
            rng.random(count, np.float32),
            rng.random((count, 17, 2), np.float32),
            rng.random((count, 17), np.float32),
            carried=rng.random(count) > 0.5,
        )

    given = {i: people(count) for i, count in enumerate((2, 0, 1, 3), 5)}
    image = np.zeros((2, 2, 3), np.uint8)
    assert write_segment(tmp_path / 's.npz', [FrameResult(Frame(i, 0.0, image), p) for i, p in given.items()], 17) == 4
    found = read_segments([tmp_path / 's.npz'])
    assert list(found) == [5, 6, 7, 8]
    for i, expected in given.items():
        for name, value in vars(expected).items():
            if name in ('looks', 'keypoint_sigmas', 'keypoints_3d'):  # of tracker, refiner and lifter, later
                continue
            assert getattr(found[i], name).dtype == value.dtype
            np.testing.assert_array_equal(getattr(found[i], name), value)


@pytest.mark.parametrize('content', [b'', b'PK\x03\x04', bytes(100)])
def test_a_broken_segment_is_named(tmp_path, content):
    (tmp_path / 's.npz').write_bytes(content)
    with pytest.raises(InputError, match='s.npz: not a segment'):
        read_segments([tmp_path / 's.npz'])


class Seen(InlinePool):
    """Notes the kinds of tasks in ``kinds``."""

    kinds = []

    def submit(self, task):
        self.kinds.append(type(task))
        super().submit(task)


@pytest.fixture
def both(tmp_path):
    """``both(video, settings, segment)``: the files of a run in one piece and of one in segments, and its tasks."""

    def run(path, settings, segment):
        results = []
        for name, length in (('one', None), ('cut', segment)):
            Seen.kinds = []
            here = replace(settings, outputs=replace(settings.outputs, out_dir=tmp_path / name))
            report = run_batch(find_videos([str(path)]), here, Seen, segment=length)
            assert not report.failed
            results.append(files_in(tmp_path / name))
        return (*results, list(Seen.kinds))

    return run


@pytest.mark.parametrize('refiner', ['none', 'hanet'])
@pytest.mark.parametrize(
    'options', [dict(), dict(batch=4), dict(batch=3, frame_offsets=(-2, 0, 1)), dict(frame_offsets=(-1, 0, 1))]
)
def test_segments_join_without_a_seam(tmp_path, both, refiner, options):
    video = write_video(tmp_path / 'in.mp4', 40)
    settings = ToySettings(
        OutputOptions(formats=('json', 'csv', 'posetrack', 'trc'), start='3f', end='38f'), refiner, **options
    )
    one, cut, kinds = both(video, settings, 10)
    assert kinds.count(Segment) >= 3 and kinds[0] is Plan and kinds[-1] is Join
    assert set(one) >= {'in_poses.json', 'in_overlay.mp4'} and len(one) >= 6
    assert {name: one[name] == cut.get(name) for name in one} == dict.fromkeys(one, True)
    assert set(cut) == set(one)


def test_a_short_video_is_not_cut(tmp_path, both):
    one, cut, kinds = both(write_video(tmp_path / 'in.mp4', 8), ToySettings(OutputOptions()), 8)
    assert kinds == [Plan, Whole] and one == cut


def test_a_damaged_video_is_done_in_one_piece(tmp_path, both):
    video = write_video(tmp_path / 'in.mp4', 60, crf=10)
    content = bytearray(video.read_bytes())
    middle = len(content) * 2 // 3
    content[middle : middle + 200] = bytes(200)
    video.write_bytes(content)
    one, cut, kinds = both(video, ToySettings(OutputOptions()), 10)
    assert Segment in kinds and kinds[-1] is Whole
    assert one == cut


def test_a_chain_that_follows_people_cannot_be_cut(tmp_path, both):
    with pytest.raises(InputError, match='--detect-every 1'):
        both(write_video(tmp_path / 'in.mp4', 12), ToySettings(OutputOptions(), detect_every=3), 5)


def test_finished_segments_are_taken_up_by_the_next_run(tmp_path):
    videos = find_videos([str(write_video(tmp_path / 'in.mp4', 30))])
    settings = ToySettings(OutputOptions(tmp_path / 'out'))

    class Killed(Seen):
        def wait(self):
            if self.kinds.count(Segment) == 3:
                raise KeyboardInterrupt
            return super().wait()

    Seen.kinds = Killed.kinds = []
    with pytest.raises(KeyboardInterrupt):
        run_batch(videos, settings, Killed, segment=10)
    Seen.kinds = []
    assert run_batch(videos, settings, Seen, segment=10).done == ['in']
    assert Seen.kinds == [Plan, Segment, Join]
    assert not list((tmp_path / 'out' / '.segments').glob('**/*.npz'))


def test_real_networks_in_segments(shared, tmp_path, both):
    weights = shared('weights')
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(weights))
        settings = BatchSettings(
            'embedded',
            chain=dict(
                detect_every=1,
                detector=dict(
                    config=str(weights / 'rtmdet_nano_person.py'), checkpoint=str(weights / 'rtmdet_nano_person.pth')
                ),
                estimator=dict(
                    config=str(weights / 'ultralight_simplepose.py'),
                    checkpoint=str(weights / 'ultralight_simplepose.pth'),
                ),
            ),
            outputs=OutputOptions(end='12f'),
        )
        one, cut, kinds = both(shared('video', 'basketball_240p.mp4'), settings, 5)
    assert kinds.count(Segment) == 3
    assert one == cut and b'"track_id": 1' in one['basketball_240p_poses.json']
