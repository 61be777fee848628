"""DCPose with HRNet-W48 on PoseTrack18; the rough estimator is MMPose's, trained on PoseTrack18."""

import os

_base_ = './dcpose_hrnet-w48_20e_posetrack17-384x288.py'
data_root = os.environ.get('POSETRACK18', 'data/posetrack18')

load_from = 'https://download.openmmlab.com/mmpose/top_down/hrnet/hrnet_w48_posetrack18_384x288-5fd6d3ff_20211130.pth'
train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
val_evaluator = dict(ann_file=f'{data_root}/annotations/val')
test_evaluator = dict(ann_file=f'{data_root}/annotations/val')

optim_wrapper = dict(optimizer=dict(lr=1e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[5, 9, 13, 17], gamma=0.99, by_epoch=True)]
