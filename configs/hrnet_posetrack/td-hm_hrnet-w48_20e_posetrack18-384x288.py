"""HRNet-W48 on PoseTrack18 (Sun et al., CVPR 2019), from COCO: DCPose's rough estimator."""

import os

_base_ = './td-hm_hrnet-w48_20e_posetrack17-384x288.py'
data_root = os.environ.get('POSETRACK18', 'data/posetrack18')

train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
val_evaluator = dict(ann_file=f'{data_root}/annotations/val')
test_evaluator = dict(ann_file=f'{data_root}/annotations/val')
