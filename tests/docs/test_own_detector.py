"""The files of docs/own-detector.md run as they stand there."""

import json
import re

import cv2
import numpy as np
import pytest
import torch


@pytest.fixture
def files(repository, tmp_path, monkeypatch):
    """A working folder with the page's files."""
    text = (repository / 'docs' / 'own-detector.md').read_text()
    for name, block in re.findall(r'```python\n# (\w+\.py)\n(.*?)```', text, re.DOTALL):
        (tmp_path / name).write_text(block)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_estimator_of_mmpose_takes_its_place_in_the_chain(files, embedded, capsys):
    from pipeline.assets import fetch
    from pipeline.cli import demo
    from pipeline.estimation import PoseEstimator

    network = PoseEstimator.from_config('my_estimator.py', speed=dict(fuse=False, trace=False)).model
    with torch.no_grad():  # one that is sure of itself, so that its people are shown
        network.head.final_layer.bias.fill_(0.9)
    torch.save(dict(state_dict=network.state_dict()), 'my_estimator.pth')
    options = ['--preset', 'my_preset.py', '--end', '3f', '--no-video', '--out-dir', 'out']
    assert demo.main([str(fetch('sample-clip')), *options]) == 0
    (written,) = (files / 'out').glob('*_poses.json')
    poses = json.loads(written.read_text())
    assert list(poses['meta_info']['run']['weights']) == ['my_estimator.pth']
    people = [person for frame in poses['instance_info'] for person in frame['instances']]
    assert people and min(people[0]['keypoint_scores']) > 0.5


def test_without_weights_it_is_refused(files, capsys):
    from pipeline.cli import demo

    cv2.imwrite('picture.png', np.zeros((90, 160, 3), np.uint8))
    assert demo.main(['picture.png', '--preset', 'my_preset.py']) == 2
    assert 'my_estimator.pth: cannot be read' in capsys.readouterr().err
