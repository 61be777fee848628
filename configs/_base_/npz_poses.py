"""Data sets in the npz layouts of DeciWatch, SmoothNet and HANet, below ``POSE_DATA`` (default: data).

The published files are pickled: convert them once with ``tools/convert_dataset.py``, or pass
``--cfg-options train_dataloader.dataset.allow_pickle=True test_dataloader.dataset.allow_pickle=True``.
"""

import os

folder = os.environ.get('POSE_DATA', 'data')
train_dataloader = dict(
    batch_size=32,
    num_workers=2,
    persistent_workers=True,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='NpzPoseDataset', root=folder, split='train', allow_pickle=False),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    collate_fn=dict(type='first_item'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='NpzPoseDataset', root=folder, split='test', allow_pickle=False),
)
