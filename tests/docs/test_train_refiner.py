"""The commands of docs/train-refiner.md, one after the other as they stand there, with smaller sizes behind them."""

import importlib
import json
import re
import shlex
from fractions import Fraction

import numpy as np
import pytest

from pipeline import registry
from pipeline.types import VideoInfo
from pipeline.video import VideoWriter

# what makes a command small; the rest of it is the page's
SMALL_NETWORK = [
    'model.backbone.embed_dims=8',
    'model.backbone.num_levels=2',
    'model.backbone.num_decoder_layers=1',
]
SMALL = {
    'tools/research/sample_videos.py': ['--views', '1'],
    'tools/train.py': ['--threads', '1', '--cfg-options', 'iterations=2', 'train_dataloader.dataset.batch_size=4'],
    'tools/test.py': ['--cfg-options'],
    'tools/demo.py': ['--end', '12f'],
}
ESTIMATOR = """
import numpy as np
from pipeline.registry import DETECTORS, ESTIMATORS
from pipeline.skeletons import load_skeleton
from pipeline.types import Detections, People


@DETECTORS.register_module()
class Bright:
    def detect(self, frames):
        found = []
        for frame in frames:
            y, x = np.nonzero(frame.image.min(axis=2) > 150)
            found.append(Detections(np.float32([[x.min(), y.min(), x.max() + 1, y.max() + 1]]), np.ones(1, np.float32)))
        return found


@ESTIMATORS.register_module()
class Trembling:
    skeleton, frame_offsets = load_skeleton('coco'), (0,)

    def __init__(self):
        self.rng = np.random.default_rng(0)

    def estimate(self, windows, detections):
        share = np.random.default_rng(1).uniform(0, 1, (17, 2))
        poses = []
        for found in detections:
            low, high = found.bboxes[:, None, :2], found.bboxes[:, None, 2:]
            points = low + share * (high - low) + self.rng.normal(0, 1, (len(found), 17, 2))
            scores = np.full(points.shape[:2], 0.9, np.float32)
            poses.append(People(found.bboxes, found.scores, points.astype(np.float32), scores))
        return poses
"""
PRESET = """
custom_imports = dict(imports=['trembling'])
detector, estimator = dict(type='Bright'), dict(type='Trembling')
tracker, refiner = dict(), dict(type='none')
"""


@pytest.fixture
def page(repository):
    """Commands of each section, by its title."""
    sections = re.split(r'^## ', (repository / 'docs' / 'train-refiner.md').read_text(), flags=re.MULTILINE)[1:]
    return {
        text.splitlines()[0]: [
            shlex.split(line.removeprefix('python '))
            for block in re.findall(r'```\n(.*?)```', text, re.DOTALL)
            for line in block.splitlines()
        ]
        for text in sections
    }


@pytest.fixture
def checkout(repository, tmp_path, monkeypatch):
    """A working folder with this checkout's configs and sample motion in it."""
    import pipeline.pipeline  # noqa: F401, registers ours before the registries are copied

    for name in ('configs', 'demo'):
        (tmp_path / name).symlink_to(repository / name)
    for known in (registry.DETECTORS, registry.ESTIMATORS):
        monkeypatch.setattr(known, '_module_dict', dict(known.module_dict))
    for variable in ('POSE_OWN', 'POSE_MOTION'):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command):
    name, *arguments = command
    small = SMALL.get(name, [])
    if '--cfg-options' in arguments and '--cfg-options' in small:  # the last one counts
        arguments = arguments[: arguments.index('--cfg-options')]
    if name in ('tools/train.py', 'tools/test.py'):
        small = [*small, *SMALL_NETWORK]
    if name == 'tools/demo.py' and '--refiner' in arguments and 'none' in arguments:
        small = []  # all frames are needed for pairs
    module = importlib.import_module(name.removesuffix('.py').replace('/', '.'))
    assert not module.main([*arguments, *small]), ' '.join(command)


def test_the_sample_is_followed_from_motion_to_a_refiner_in_use(page, checkout, embedded, capsys):
    commands = page['With the sample']
    assert {'tools/train.py', 'tools/test.py', 'tools/research/fit_pairs.py', 'tools/demo.py'} <= {
        c[0] for c in commands
    }
    for command in commands:
        run(command)
    rates = json.loads((checkout / 'work_dirs/own/rates.json').read_text())
    assert rates['jitter'] == pytest.approx(0.013, rel=0.1)  # as it was put in
    assert rates['drift_seconds'] == pytest.approx(0.57, rel=0.5)
    metrics = json.loads((checkout / 'work_dirs/own/metrics.json').read_text())
    assert 5 < metrics['input/mpjpe'] < 25 and {'output/mpjve', 'output/accel', 'output/jerk'} <= set(metrics)
    (written,) = (checkout / 'output').glob('*_poses.json')
    assert json.loads(written.read_text())['meta_info']['run']['options']['refiner']['network'] == 'GuidedHANet'


def test_an_estimator_of_ones_own_goes_the_same_way(page, checkout, capsys):
    (checkout / 'trembling.py').write_text(ESTIMATOR)
    (checkout / 'my_preset.py').write_text(PRESET)
    share = np.random.default_rng(1).uniform(0, 1, (17, 2))
    for part in ('train', 'test'):
        (checkout / 'annotations' / part).mkdir(parents=True)
        (checkout / 'videos' / part).mkdir(parents=True)
        clip(checkout / 'videos' / part / 'walk.mp4')
        points = np.concatenate([share * [40, 60], np.full((17, 1), 2)], axis=1)
        people = [(points + [10 + 2 * i, 20, 0]).ravel().tolist() for i in range(52)]
        truth = dict(
            categories=[dict(id=1, keypoints=list(names_of_coco()))],
            images=[dict(id=i, file_name=f'frame_{i:06d}.png') for i in range(52)],
            annotations=[dict(id=i, image_id=i, keypoints=person) for i, person in enumerate(people)],
        )
        (checkout / 'annotations' / part / 'walk.json').write_text(json.dumps(truth))
    clip(checkout / 'video.mp4')
    for command in page['With your own estimator and videos']:
        run(command)
    rates = json.loads((checkout / 'work_dirs/own/rates.json').read_text())
    assert rates['jitter'] == pytest.approx(1 / 58, rel=0.3)  # 1 px; the figure is about 58 px tall
    assert rates['inversion_rate'] == 0
    assert (checkout / 'output' / 'video_poses.json').is_file()


def names_of_coco():
    from pipeline.skeletons import load_skeleton

    return load_skeleton('coco').names


def clip(path):
    """A bright block of 40 x 60 px that moves by 2 px a frame."""
    with VideoWriter(path, VideoInfo(path.stem, 160, 96, Fraction(25)), threads=1) as writer:
        for i in range(52):
            picture = np.full((96, 160, 3), 20, np.uint8)
            picture[20:80, 10 + 2 * i : 50 + 2 * i] = 250
            writer.write(picture, i / 25)
