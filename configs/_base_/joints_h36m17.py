"""Human3.6M's 17 joints in 3D, in the order of the published files."""

keypoint_names = [
    'pelvis',
    'right_hip',
    'right_knee',
    'right_foot',
    'left_hip',
    'left_knee',
    'left_foot',
    'spine',
    'thorax',
    'neck_base',
    'head',
    'left_shoulder',
    'left_elbow',
    'left_wrist',
    'right_shoulder',
    'right_elbow',
    'right_wrist',
]
