"""The refiner of --3d, ours: guided HANet on 48 frames (1.9 s) of what lifters say of motion unknown to them."""

_base_ = ['hanet_coco17-3d_lifted.py']
model = dict(
    backbone=dict(
        _delete_=True,
        type='GuidedHANet',
        num_keypoints=17,
        dims=3,
        window=48,
        fold=4,
        flip=_base_.coco17_flip,
        filter_widths=(0.7, 1.5, 3.0, 6.0, 12.0),
        embed_dims=64,
        num_levels=3,
        num_decoder_layers=2,
        dropout=0.0,
        score_input=True,
        self_mask=False,
        time_step=0.2,
    ),
    loss=[dict(type='DistanceLoss'), dict(type='AccelerationLoss', weight=5.0)],
)
train_dataloader = dict(dataset=dict(window=48))
test_dataloader = dict(dataset=dict(window=48))
