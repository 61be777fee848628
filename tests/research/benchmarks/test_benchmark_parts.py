"""What benchmarks measure is what they say: the same outputs, withheld frames, all frames of a stream."""

import numpy as np
import pytest
import torch

from pipeline.networks.refiners.hanet.hanet import HANet
from pipeline.refine.filters import NoSmoother
from pipeline.refine.stream import StreamRefiner
from tools.research.benchmarks import chain_cost, crowd, hanet, soak, sparse
from tools.research.benchmarks.settings import Settings


@pytest.mark.parametrize('mask', ['masked', 'plus-one'])
@pytest.mark.parametrize('pre_norm', [True, False])
def test_published_forward_gives_hanets_numbers(mask, pre_norm):
    torch.manual_seed(0)
    model = HANet(
        3, 2, window=11, interval=5, embed_dims=8, num_levels=3, num_heads=2, pre_norm=pre_norm, cross_mask=mask
    ).eval()
    windows = torch.randn(4, 11, 6)
    with torch.inference_mode():
        found, expected = hanet.published_forward(model, windows), model(windows).final
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_withheld_frames_come_back_from_the_chains_refiner():
    estimate = np.random.default_rng(0).normal(size=(12, 16, 2)).astype(np.float32)
    filled = sparse.withhold(estimate, 5, 50.0, StreamRefiner(NoSmoother()))
    watched = [0, 5, 10, 11]
    np.testing.assert_array_equal(filled[watched], estimate[watched])
    np.testing.assert_allclose(filled[7], 0.6 * estimate[5] + 0.4 * estimate[10], atol=1e-6)
    np.testing.assert_array_equal(sparse.withhold(estimate, 1, 50.0, StreamRefiner(NoSmoother())), estimate)


@pytest.mark.parametrize('people', [1, 10, 100])
def test_crowds_stay_in_the_picture_and_apart(people):
    found = crowd.walk(people, 3.0, np.random.default_rng(0))
    assert found.keypoints.shape == (people, 17, 2) and found.keypoints.dtype == np.float32
    centres = found.bboxes.reshape(-1, 2, 2).mean(1)
    assert (centres > 0).all() and (centres < [1920, 1080]).all()
    if people > 1:
        gaps = np.linalg.norm(centres[:, None] - centres, axis=-1)[~np.eye(people, dtype=bool)]
        assert gaps.min() > 20


@pytest.mark.parametrize(
    'report, counts',
    [
        (
            "print('400 frames, 2 people, 33 frames per second; memory from the second quarter to the last -0.5 MB "
            "(allowed 20)')",
            [400, 33, -0.5],
        ),
        ('raise SystemExit(2)', None),
    ],
)
def test_soak_reads_its_tools_report(report, counts, tmp_path, monkeypatch):
    (tmp_path / 'soak.py').write_text(report)
    monkeypatch.setattr(soak, 'TOOL', tmp_path / 'soak.py')
    figures = list(soak.measure(Settings(tmp_path, soak_frames=400)))
    if counts is None:
        assert len(figures) == 1 and figures[0].met is None and 'ended with 2' in figures[0].note
    else:
        assert [figure.value for figure in figures] == counts and [figure.met for figure in figures] == [
            True,
            None,
            True,
        ]


def test_calls_are_recorded_and_methods_put_back():
    class Link:
        def detect(self, frames):
            return len(frames)

        estimate = detect

    class Chain:
        detector, estimator = Link(), Link()

    chain = Chain()
    calls = chain_cost.record_calls(chain, lambda: [chain.detector.detect('ab'), chain.estimator.estimate('c')])
    assert calls == {'detector': [('ab',)], 'estimator': [('c',)]}
    assert 'detect' not in vars(chain.detector) and 'estimate' not in vars(chain.estimator)


def test_settings_find_what_is_there(tmp_path):
    settings = Settings(tmp_path)
    assert settings.small_models() is None and settings.find('video', 'x.mp4') is None
    (tmp_path / 'video').mkdir()
    assert settings.find('video') == tmp_path / 'video'
