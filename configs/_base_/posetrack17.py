"""PoseTrack17 in the layout of PoseTrack18 (``tools/prepare_posetrack.py``); a config adds pipelines."""

import os

_base_ = './posetrack_runtime.py'
data_root = os.environ.get('POSETRACK17', 'data/posetrack17')

train_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='PoseTrackFrames', data_root=data_root, ann_file='annotations/train'),
)
# Boxes are the annotated ones. For detected boxes, as the published numbers have them:
#   --cfg-options val_dataloader.dataset.bbox_file=FILE val_dataloader.dataset.filter_cfg.bbox_score_thr=0.2
val_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type='PoseTrackFrames', data_root=data_root, ann_file='annotations/val', bbox_file=None, test_mode=True
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='PoseTrackMetric', ann_file=f'{data_root}/annotations/val')
test_evaluator = val_evaluator
