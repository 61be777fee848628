"""As fused_coco17.py, with all of BlazePose's 33 landmarks: heels, toes, fingers, mouth."""

_base_ = ['fused_coco17.py', '../skeletons/blazepose33.py']

model = dict(all_points=True)
test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='CocoDataset',
        data_mode='topdown',
        metainfo={{_base_.dataset_info}},
        pipeline={{_base_.test_pipeline}},
    )
)
