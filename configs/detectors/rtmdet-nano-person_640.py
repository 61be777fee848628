"""RTMDet-nano, one class (person); weights: asset:rtmdet-nano-person.

It was trained at 320 px. At 640 it finds people half as large, in two to three times the time.
"""

_base_ = 'rtmdet-m-person_640.py'

model = dict(
    backbone=dict(deepen_factor=0.33, widen_factor=0.25, use_depthwise=True),
    neck=dict(in_channels=[64, 128, 256], out_channels=64, num_csp_blocks=1, use_depthwise=True),
    bbox_head=dict(in_channels=64, feat_channels=64, share_conv=False, exp_on_reg=False, use_depthwise=True),
)
