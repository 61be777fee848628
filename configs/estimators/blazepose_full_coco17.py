"""BlazePose (full landmark model), 256x256, its landmarks as COCO's 17 keypoints."""

custom_imports = dict(imports=['pipeline.networks.estimators.blazepose'], allow_failed_imports=False)

model = dict(
    type='BlazePoseEstimator',
    # as many people side by side as there are cores; of five outputs the three that are read
    backbone=dict(
        type='OpenVINONetwork', model_path='asset:blazepose-full', num_threads=1, copies=None, outputs=(0, 1, 3)
    ),
    radius_factor=1.25,
    flag_thr=0.5,
    max_deviation=0.35,
    max_twist=0.15,
    retries=((-12, 0.9), (12, 0.9)),
    lost_retries=((-45, 1), (45, 1)),
    test_cfg=dict(flip_test=False),
)

test_pipeline = [
    dict(type='LoadImage'),
    dict(type='BlazePoseCrop', size=256, radius_factor=1.25),
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
