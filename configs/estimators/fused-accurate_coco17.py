"""BlazePose and MoveNet (256x256) on each person's square and its mirror image, fused: takes its time."""

_base_ = 'blazepose_full_coco17.py'
custom_imports = dict(
    imports=['pipeline.networks.estimators.blazepose', 'pipeline.networks.estimators.movenet_crop'],
    allow_failed_imports=False,
)

model = dict(
    _delete_=True,
    type='FusedEstimator',
    members=[
        {{_base_.model}},
        dict(
            type='MoveNetCropEstimator',
            size=256,
            backbone=dict(type='OpenVINONetwork', model_path='asset:movenet-multipose', num_threads=1, copies=None),
        ),
    ],
    # as in fused_coco17.py, measured for MoveNet at 256 px
    gains=[(2.6, 0.46), (5.3, 0.23), (4.8, 0.22)],
    test_cfg=dict(flip_test=True),
)
