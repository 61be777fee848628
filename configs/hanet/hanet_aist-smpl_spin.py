"""HANet on body meshes of AIST++, SPIN in, 24 rotations as 6 numbers; model, loss and schedule as published.

Reports the rotation error; MPJPE, PA-MPJPE, MPJVE, Accel and jerk need the user's SMPL files::

    --cfg-options test_evaluator.body_model=data/smpl \\
        test_evaluator.report="['mpjpe','pa-mpjpe','mpjve','accel','jerk']"
"""

_base_ = ['../_base_/published_schedule.py', '../_base_/npz_poses.py']
poses = dict(dataset='aist', estimator='spin', representation='smpl', window=101, fps=60.0)
model = dict(
    type='SequenceRefiner',
    backbone=dict(type='HANet', num_keypoints=24, dims=6, window=101, interval=10, embed_dims=32, pre_norm=False),
    normaliser=dict(type='FixedNormaliser'),
    loss=dict(type='HANetLoss', variant='published', final_weight=2.0),
)
train_dataloader = dict(batch_size=512, dataset=poses)
test_dataloader = dict(dataset=dict(step=100, **poses))
test_evaluator = dict(type='BodyMeshMetric', protocol='published')
