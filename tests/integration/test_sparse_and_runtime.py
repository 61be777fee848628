"""Every N-th frame watched, and networks in OpenVINO, through the whole chain on a real clip."""

import numpy as np
import pytest

from pipeline.backends.devices import RUNTIMES
from pipeline.backends.openvino_plan import multiplies_bf16
from pipeline.errors import InputError
from pipeline.pipeline import VideoPipeline
from pipeline.video import open_source


@pytest.fixture(scope='module')
def options(shared):
    """Of a chain of RTMDet-nano and a small SimpleBaseline."""
    weights = shared('weights')
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(weights))
        yield dict(
            detect_every=1,
            follow=False,
            detector=dict(
                config=str(weights / 'rtmdet_nano_person.py'), checkpoint=str(weights / 'rtmdet_nano_person.pth')
            ),
            estimator=dict(
                config=str(weights / 'ultralight_simplepose.py'), checkpoint=str(weights / 'ultralight_simplepose.pth')
            ),
        )


FRAMES = 31


def run(clip, **options):
    with open_source(clip, end=f'{FRAMES}f') as source:
        return [r.people for r in VideoPipeline.from_preset('hrnet-w32', **options).results(source)]


@pytest.fixture(scope='module')
def dense(options, clip):
    return run(clip, **options)


@pytest.fixture(scope='module')
def clip(shared):
    return shared('video', 'two_people_1080p.mp4')


def test_runtimes_agree_on_everybody(dense, options, clip, tmp_path, monkeypatch):
    monkeypatch.setenv('POSE_CACHE', str(tmp_path))
    found = run(clip, runtime='openvino', **options)
    assert len(found) == len(dense) == FRAMES
    moved = []
    for a, b in zip(dense, found):
        assert a.track_ids.tolist() == b.track_ids.tolist()
        np.testing.assert_allclose(b.bboxes, a.bboxes, atol=5e-3)
        moved.append(np.linalg.norm(b.keypoints - a.keypoints, axis=-1).ravel())
    # Boxes that differ by rounding cut other crops, and where two cells of a heatmap are all but equal
    # MMPose's quarter-cell offset changes its side. From equal crops the poses are equal, see test_openvino_models.
    moved = np.concatenate(moved)
    assert np.quantile(moved, 0.98) < 0.02 and moved.max() < 10


@pytest.mark.parametrize('runtime', RUNTIMES)
def test_half_precision_finds_the_same_people(runtime, dense, options, clip):
    found = run(clip, half=True, runtime=runtime, **options)
    far = []
    for a, b in zip(dense, found):
        assert a.track_ids.tolist() == b.track_ids.tolist()
        far.append(np.linalg.norm(b.keypoints - a.keypoints, axis=-1).ravel())
    far = np.concatenate(far)
    assert np.median(far) < 3 and np.mean(far < 20) > 0.95  # px, on figures 665 px tall
    if runtime == 'torch' or multiplies_bf16():
        assert np.median(far) > 0


@pytest.mark.parametrize('follow', [False, True])
def test_every_fifth_frame_is_enough_for_two_people(dense, options, clip, follow):
    found = run(clip, **{**options, 'every': 5, 'follow': follow})
    assert len(found) == FRAMES
    for i, b in enumerate(found):
        assert b.track_ids.tolist() == [1, 2]
        assert b.filled.tolist() == [i % 5 > 0] * 2
    far = np.array(
        [
            np.linalg.norm(b.keypoints - a.keypoints, axis=-1)
            for a, b in zip(dense, found)
            if a.track_ids.tolist() == [1, 2]
        ]
    )
    assert np.median(far) < 8 and np.mean(far < 40) > 0.9  # px, on figures 665 px tall


def test_runtime_that_is_nobodys():
    with pytest.raises(InputError, match="runtime 'tensorrt': not known; allowed are torch, openvino"):
        VideoPipeline.from_preset('embedded', runtime='tensorrt')


def test_the_former_runtime_names_its_successor():
    with pytest.raises(InputError, match="^runtime 'onnxruntime': openvino has taken its place[^\n]*$"):
        VideoPipeline.from_preset('hrnet-w32', runtime='onnxruntime')


def test_networks_outside_torch_have_nothing_to_export(embedded):
    with pytest.raises(InputError, match="neither the detector nor the estimator of embedded is one of torch's"):
        VideoPipeline.from_preset('embedded', runtime='openvino')
    with pytest.raises(InputError, match='half precision: neither'):
        VideoPipeline.from_preset('embedded', half=True)
