"""MoveNet MultiPose Lightning, 512 px on the long side, and parts of the picture in turn: finds small figures too."""

custom_imports = dict(imports=['pipeline.networks.detectors.movenet'], allow_failed_imports=False)

input_size = 512

model = dict(
    type='MoveNetDetector',
    # one thread: the other cores are busy with the people of the frames before
    backbone=dict(type='OpenVINONetwork', model_path='asset:movenet-multipose', num_threads=1),
    data_preprocessor=dict(type='DetDataPreprocessor', bgr_to_rgb=True, pad_size_divisor=32),
    calibration=(0.22, 0.06),
    score_thr=0.1,
    nms_iou=0.7,
    nms_oks=0.75,
    near_size=256,
    tile_size=320,
)

test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='ResizeFrame', size=input_size),
    dict(type='PackMoveNetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor', 'time')),
]
test_dataloader = dict(dataset=dict(type='CocoDataset', metainfo=dict(classes=('person',)), pipeline=test_pipeline))
