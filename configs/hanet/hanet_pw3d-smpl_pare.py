"""HANet on body meshes of 3DPW, PARE in, 24 rotations as 6 numbers; model, loss and schedule as published.

Reports the rotation error; MPJPE, PA-MPJPE, MPJVE, Accel and jerk need the user's SMPL files::

    --cfg-options test_evaluator.body_model=data/smpl \\
        test_evaluator.report="['mpjpe','pa-mpjpe','mpjve','accel','jerk']"
"""

_base_ = ['../_base_/published_schedule.py', '../_base_/npz_poses.py']
poses = dict(dataset='pw3d', estimator='pare', representation='smpl', window=101)
model = dict(
    type='SequenceRefiner',
    backbone=dict(type='HANet', num_keypoints=24, dims=6, window=101, interval=10, embed_dims=128, pre_norm=False),
    normaliser=dict(type='FixedNormaliser'),
    loss=dict(type='HANetLoss', variant='published', final_weight=5.0),
)
train_dataloader = dict(batch_size=128, dataset=poses)
test_dataloader = dict(dataset=dict(step=10, **poses))
test_evaluator = dict(type='BodyMeshMetric', protocol='published')
