"""Experiment 2, the estimator: SimpleBaseline3D ("FCN") on the hourglass's 2D of Human3.6M, small for a CPU.

A quarter of the published width, a fifth of its dropout, minutes of training. For predictions on training
subjects train it without them (cross-fitting)::

    tools/train.py configs/lifter/fcn_h36m-3d_hourglass.py --work-dir work_dirs/fcn_without_S1_S6 \
        --cfg-options train_dataloader.dataset.subjects="['S5','S7','S8']"
"""
import os

_base_ = ['../_base_/refiner_schedule.py']
custom_imports = dict(imports=['pipeline.models.keypoint_lifter'])
iterations = 2500
model = dict(
    type='KeypointLifter', num_keypoints=16, num_joints=17, width=256, dropout=0.05,
    keypoint_names=['right_ankle', 'right_knee', 'right_hip', 'left_hip', 'left_knee', 'left_ankle', 'pelvis',
                    'thorax', 'upper_neck', 'head_top', 'right_wrist', 'right_elbow', 'right_shoulder',
                    'left_shoulder', 'left_elbow', 'left_wrist'])
train_dataloader = dict(
    batch_size=1, num_workers=0, collate_fn=dict(type='first_item'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='LiftingBatches', folder=os.environ.get('POSE_SHARED', '../shared') + '/data/h36m',
                 subjects=['S1', 'S5', 'S6', 'S7', 'S8'], batch_size=128, num_batches=100, cache='work_dirs/cache',
                 seed=1))
default_hooks = dict(checkpoint=dict(interval=25))
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=100, end=iterations)]
