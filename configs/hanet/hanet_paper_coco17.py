"""HANet as in the paper (T=101, N=5, five levels, its own loss) for videos: COCO-17 joints, from free motion."""

_base_ = ['hanet_universal_coco17_free.py']
iterations = 1000

model = dict(
    backbone=dict(
        _delete_=True,
        type='HANet',
        num_keypoints=17,
        dims=2,
        window=101,
        interval=5,
        embed_dims=24,
        num_levels=5,
        cross_mask='masked',
    ),
    loss=[dict(type='HANetLoss', variant='paper')],
)
train_dataloader = dict(dataset=dict(window=101, batch_size=32))
test_dataloader = dict(dataset=dict(window=101, step=25))
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=100, end=iterations),
]
