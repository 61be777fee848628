"""The refiner `hanet-academic`: the default one, trained on with data for research besides.

Real errors (the hourglass's) and motion of Human3.6M, of Penn Action and of JHMDB beside CMU's motion. What ships is
the mean of these weights and the default refiner's, by ``tools/research/average_weights.py``.
"""

_base_ = ['hanet_universal_coco17_free_varied.py']
iterations = 2000
load_from = 'work_dirs/hanet_universal_coco17_free_mean.pth'
train_dataloader = dict(
    dataset=dict(
        seed=8,
        h36m_root=f'{_base_.data_root}/h36m',
        penn_root=f'{_base_.data_root}/penn_action',
        jhmdb_root=f'{_base_.data_root}/jhmdb',
        holdout=10,
        shares=(0.15, 0.15, 0.3, 0.2, 0.2),
        roll_share=0.05,
        fps_range=(8.0, 60.0),
    )
)
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
optim_wrapper = dict(optimizer=dict(lr=6e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=50, end=iterations),
]
randomness = dict(seed=8)
