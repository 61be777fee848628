"""MoveNet MultiPose on the square around each person, 192x192."""

custom_imports = dict(
    imports=['pipeline.networks.estimators.blazepose', 'pipeline.networks.estimators.movenet_crop'],
    allow_failed_imports=False,
)

size, radius_factor = 192, 1.25

model = dict(
    type='MoveNetCropEstimator',
    # as many people side by side as there are cores
    backbone=dict(type='OpenVINONetwork', model_path='asset:movenet-multipose', num_threads=1, copies=None),
    size=size,
    radius_factor=radius_factor,
    test_cfg=dict(flip_test=False),
)

test_pipeline = [
    dict(type='LoadImage'),
    dict(type='BlazePoseCrop', size=size, radius_factor=radius_factor),
    dict(type='PackBlazePoseInputs'),
]
test_dataloader = dict(
    dataset=dict(
        type='CocoDataset',
        data_mode='topdown',
        metainfo=dict(from_file='configs/_base_/datasets/coco.py'),
        pipeline=test_pipeline,
    )
)
