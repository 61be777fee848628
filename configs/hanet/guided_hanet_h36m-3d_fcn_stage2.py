"""Experiment 2, ours, second stage: as long again, from where the first stage ended."""
_base_ = ['guided_hanet_h36m-3d_fcn.py']
load_from = 'work_dirs/guided_hanet_h36m-3d_fcn/epoch_3.pth'
train_dataloader = dict(dataset=dict(seed=2))
randomness = dict(seed=2)
