"""HANet on what DCPose says of PoseTrack17 (paper, Table 3). Its input is written by

    python tools/eval_posetrack.py --data-root data/posetrack17 --split train --preset dcpose --boxes annotated \
        --pred-dir output/posetrack17_train

and what it is tested on by the same with ``--split val --pred-dir output/posetrack17_val``.
"""

import os

_base_ = '../_base_/hanet_posetrack_t5.py'
data_root = os.environ.get('POSETRACK17', 'data/posetrack17')
train_dataloader = dict(
    dataset=dict(
        source=dict(
            type='posetrack',
            annotations=f'{data_root}/annotations/train',
            predictions='output/posetrack17_train/raw/poses',
        )
    )
)
test_dataloader = dict(
    dataset=dict(
        source=dict(
            type='posetrack',
            annotations=f'{data_root}/annotations/val',
            predictions='output/posetrack17_val/raw/poses',
        )
    )
)
