"""Experiment 1, our best: 16 hourglass joints of Human3.6M in 2D, real errors."""
import os

_base_ = ['../_base_/refiner_schedule.py']
data_root = os.environ.get('POSE_SHARED', '../shared') + '/data'
iterations, epoch = 4000, 100

names = ['right_ankle', 'right_knee', 'right_hip', 'left_hip', 'left_knee', 'left_ankle', 'pelvis', 'thorax',
         'upper_neck', 'head_top', 'right_wrist', 'right_elbow', 'right_shoulder', 'left_shoulder', 'left_elbow',
         'left_wrist']
flip = [5, 4, 3, 2, 1, 0, 6, 7, 8, 9, 15, 14, 13, 12, 11, 10]
model = dict(
    type='SequenceRefiner',
    backbone=dict(
        type='FoldedHANet', num_keypoints=16, dims=2, window=96, fold=8, filter_widths=(1.5, 3.0, 6.0, 12.0),
        offset_frequencies=28, embed_dims=128, num_levels=2, num_decoder_layers=3, dropout=0.0, self_mask=False,
        time_step=0.2),
    normaliser=dict(type='FigureNormaliser'), keypoint_names=names, fps_range=(5.0, 240.0),
    loss=[dict(type='HANetLoss', variant='paper'), dict(type='AccelerationLoss', weight=5.0)])

train_dataloader = dict(
    batch_size=1, num_workers=0, collate_fn=dict(type='first_item'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='PairWindowBatches', window=96, batch_size=128, num_batches=epoch, holdout=12, flip=flip,
                 reverse=True, seed=1,
                 source=dict(type='h36m_2d', folder=f'{data_root}/h36m', subjects=['S1', 'S5', 'S6', 'S7', 'S8'])))
train_cfg = dict(by_epoch=True, max_epochs=iterations // epoch)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=200),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=200, end=iterations)]
