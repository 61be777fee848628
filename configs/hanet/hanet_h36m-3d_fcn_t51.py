"""Experiment 2: HANet at T=51, N=5 on lifted Human3.6M; as many frames per batch as at T=101."""

_base_ = ['hanet_h36m-3d_fcn_t101.py']
model = dict(backbone=dict(window=51))
train_dataloader = dict(dataset=dict(window=51, batch_size=24))
test_dataloader = dict(dataset=dict(window=51, step=7))
