"""HRNet-W32 on PoseTrack18, from COCO."""

import os

_base_ = './td-hm_hrnet-w32_20e_posetrack17-384x288.py'
data_root = os.environ.get('POSETRACK18', 'data/posetrack18')

train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
val_evaluator = dict(ann_file=f'{data_root}/annotations/val')
test_evaluator = dict(ann_file=f'{data_root}/annotations/val')
