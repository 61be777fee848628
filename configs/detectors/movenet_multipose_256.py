"""MoveNet MultiPose Lightning, 256 px on the long side: a quarter of the time, for large figures."""

_base_ = 'movenet_multipose_512.py'

input_size = 256

model = dict(near_size=None, tile_size=None)

test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='ResizeFrame', size=input_size),
    dict(type='PackMoveNetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor', 'time')),
]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
