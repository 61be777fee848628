"""The lifter of --3d on Human3.6M's motion in place of CMU's: what academic data would give. All else is the same."""

import os

_base_ = ['temporal_coco17_cmu.py']
folder = os.environ.get('POSE_SHARED', '../shared') + '/data/h36m'
train_dataloader = dict(dataset=dict(motion='h36m', folder=folder))
test_dataloader = dict(dataset=dict(motion='h36m', folder=folder, subjects=['S9', 'S11']))
