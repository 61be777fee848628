"""Real MMDetection and MMPose models on real clips, through the whole chain, judged by numbers."""

import json

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.options import OutputOptions
from pipeline.pipeline import VideoPipeline
from pipeline.run import run_video
from pipeline.video import open_source


@pytest.fixture(scope='module')
def chain(shared):
    """RTMDet-nano and a small SimpleBaseline, with the default refiner."""
    weights = shared('weights')
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(weights))
        yield VideoPipeline.from_preset(
            'embedded',
            detect_every=1,
            follow=False,
            detector=dict(
                config=str(weights / 'rtmdet_nano_person.py'), checkpoint=str(weights / 'rtmdet_nano_person.pth')
            ),
            estimator=dict(
                config=str(weights / 'ultralight_simplepose.py'), checkpoint=str(weights / 'ultralight_simplepose.pth')
            ),
        )


def tracks_of(results):
    """{id: (frames, raw (T, K, 2), refined (T, K, 2), scores (T, K))} of a list of results."""
    tracks = {}
    for position, people in enumerate(r.people for r in results):
        for i, track_id in enumerate(people.track_ids):
            tracks.setdefault(int(track_id), []).append(
                (position, people.keypoints_raw[i], people.keypoints[i], people.keypoint_scores[i])
            )
    return {key: tuple(map(np.array, zip(*rows))) for key, rows in tracks.items()}


def jitter(poses):
    return np.linalg.norm(np.diff(poses, 2, axis=0), axis=-1).mean()


def test_two_people_meet_and_keep_their_ids(chain, shared):
    results = list(chain.results(shared('video', 'two_people_1080p.mp4')))
    assert [r.frame.index for r in results] == list(range(72))
    assert np.mean([len(r.people) == 2 for r in results]) >= 0.95
    tracks = tracks_of(results)
    assert sorted(tracks) == [1, 2]
    for _, raw, refined, scores in tracks.values():
        height = np.median(np.ptp(raw[..., 1], axis=1))
        assert 500 < height < 800  # a figure of about 665 px
        assert jitter(refined) < 0.4 * jitter(raw)
        # smooth, but on the person: what was surely seen is hardly moved, and not late
        seen = scores > 0.7
        moved = np.linalg.norm(refined - raw, axis=-1)[seen]
        assert np.median(moved) < 0.012 * height
        centre, smooth = (poses[:, 5:13].mean(1) for poses in (raw, refined))
        lags = [np.linalg.norm(centre[5 - lag : -5 - lag] - smooth[5:-5], axis=-1).mean() for lag in (0, 1, 2)]
        assert lags[0] == min(lags)


def test_basketball_players_are_followed_through_blur_and_cuts(chain, shared):
    results = list(chain.results(shared('video', 'basketball_240p.mp4')))
    counts = np.array([len(r.people) for r in results])
    assert len(results) == 300
    assert np.median(counts) in (1, 2) and counts.max() <= 4  # balls and doubled boxes are no people
    tracks = tracks_of(results)
    assert len(tracks) <= 25
    longest = max(tracks.values(), key=lambda track: len(track[0]))
    assert len(longest[0]) >= 60
    assert jitter(longest[2]) < 0.6 * jitter(longest[1])


def test_files_agree_with_each_other(chain, shared, tmp_path):
    import av

    clip = shared('video', 'two_people_1080p.mp4')
    summary = run_video(chain, clip, OutputOptions(out_dir=tmp_path, end='20f', formats=('json', 'csv', 'posetrack')))
    assert summary.frames == 20 and summary.people == 2
    assert summary.jitter_after < 0.6 * summary.jitter_before
    assert sorted(summary.files) == sorted(map(str, tmp_path.iterdir()))
    poses = json.loads((tmp_path / 'two_people_1080p_poses.json').read_text())
    assert [frame['frame_id'] for frame in poses['instance_info']] == list(range(20))
    with av.open(str(tmp_path / 'two_people_1080p_overlay.mp4')) as overlay:
        stream = overlay.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ('h264', 1920, 1080)
        assert sum(1 for _ in overlay.decode(video=0)) == 20


def test_feet_come_with_the_same_bodies(embedded, shared):
    clip = shared('video', 'two_people_1080p.mp4')
    more = VideoPipeline.from_preset('embedded', keypoints='halpe26')
    names = more.skeleton.names
    assert names[:17] == embedded.skeleton.names and more.skeleton.num_keypoints == 26
    toes = [names.index(f'{side}_{part}') for side in ('left', 'right') for part in ('ankle', 'heel', 'big_toe')]
    with open_source(str(clip), end='12f') as first, open_source(str(clip), end='12f') as second:
        for plain, whole in zip(embedded.results(first), more.results(second)):
            for name in ('keypoints', 'keypoints_raw', 'keypoint_scores', 'track_ids', 'bboxes'):
                body = getattr(whole.people, name)
                if name.startswith('keypoint'):
                    body = body[:, :17]
                assert (getattr(plain.people, name) == body).all(), name
            for pose in whole.people.keypoints:
                height = np.ptp(pose[:17, 1])
                for ankle, *foot in np.reshape(toes, (2, 3)):
                    assert (np.linalg.norm(pose[foot] - pose[ankle], axis=1) < 0.2 * height).all()


def test_feet_are_refused_in_one_line_where_nobody_sees_them():
    with pytest.raises(InputError, match='halpe26: .*17 points.*embedded'):
        VideoPipeline.from_preset('hrnet-w32', keypoints='halpe26')
