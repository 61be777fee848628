"""The commands of docs/reproduce.md for the published checkpoint, as they stand there, on small files of its format."""

import importlib
import json
import re
import shlex
import shutil
import sys

import numpy as np
import pytest
import torch
from mmengine.config import Config


@pytest.fixture
def section(repository):
    text = (repository / 'docs' / 'reproduce.md').read_text()
    return text.split('## Table 1')[1].split('\n## ')[0]


def test_the_published_checkpoint_gives_its_table(section, fixtures, repository, tmp_path, monkeypatch, capsys):
    name = 'configs/hanet/hanet_jhmdb-2d_simplebaseline.py'
    (tmp_path / 'configs' / 'hanet').mkdir(parents=True)
    (tmp_path / name).write_text(f'_base_ = [{str(repository / name)!r}]\nmodel = dict(backbone=dict(embed_dims=8))\n')
    shutil.copytree(fixtures('hanet_metrics', 'jhmdb_synth'), tmp_path / 'downloads')
    with np.load(fixtures('hanet', 'hanet_jhmdb_C8_post.npz'), allow_pickle=False) as arrays:
        weights = {f'module.{key[2:]}': torch.from_numpy(arrays[key]) for key in arrays if key.startswith('w:')}
    torch.save(dict(state_dict=weights), tmp_path / 'downloads' / 'hanet.pth.tar')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('POSE_DATA', 'data')
    (block,) = re.findall(r'```\n(.*?)```', section, re.DOTALL)
    for line in block.splitlines():
        tool, *arguments = shlex.split(line.removeprefix('python '))
        module = importlib.import_module(tool.removesuffix('.py').replace('/', '.'))
        monkeypatch.setattr(sys, 'argv', [tool, *arguments])
        assert not module.main(), line
    metrics = json.loads((tmp_path / 'work_dirs' / 'metrics.json').read_text())
    for column in re.findall(r'`(pck@[\d.]+)`', section):
        assert 0 <= metrics[f'output/{column}'] <= 1 and 0 < metrics[f'input/{column}'] <= 1


def test_configs_of_table_2_have_the_window_of_their_row(repository):
    rows = re.findall(r'^\| (.*?T=(\d+)) \| `(configs/[\w/.-]+)`', (repository / 'docs/reproduce.md').read_text(), re.M)
    assert len(rows) == 3
    for label, window, name in rows:
        assert Config.fromfile(str(repository / name)).model.backbone.window == int(window), label
