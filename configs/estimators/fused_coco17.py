"""BlazePose with heat maps and MoveNet on each person's square (192x192), and what MoveNet saw in the whole picture."""

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
            size=192,
            backbone=dict(type='OpenVINONetwork', model_path='asset:movenet-multipose', num_threads=1, copies=None),
        ),
    ],
    # logistic curves through what was right within a tenth of the figure on annotated photographs
    # (tools/research/score_curves.py): BlazePose, MoveNet at 192 px, MoveNet on the whole picture
    gains=[(3.2, 0.5), (5.9, 0.2), (5.5, 0.21)],
    test_cfg=dict(),
)
