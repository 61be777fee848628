"""BlazePose with heat maps and MoveNet on each person's square (160x160), and what MoveNet saw in the whole picture."""

_base_ = 'blazepose_full_coco17.py'
custom_imports = dict(
    imports=['pipeline.networks.estimators.blazepose', 'pipeline.networks.estimators.movenet_crop'],
    allow_failed_imports=False,
)

model = dict(
    _delete_=True,
    type='FusedEstimator',
    data_preprocessor=dict(type='PoseDataPreprocessor', mean=[0, 0, 0], std=[255, 255, 255], bgr_to_rgb=True),
    members=[
        {{_base_.model}},
        dict(
            type='MoveNetCropEstimator',
            size=160,
            backbone=dict(type='LiteRTNetwork', model_path='asset:movenet-multipose', num_threads=1, copies=None),
        ),
    ],
    # logistic curves through what was right within a tenth of the figure on annotated photographs:
    # BlazePose, MoveNet at 160 px, MoveNet on the whole picture
    gains=[(2.6, 0.46), (6.1, 0.29), (4.8, 0.22)],
    test_cfg=dict(),
)
