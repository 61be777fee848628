"""COCO's 17 joints, which one stands for each in a mirror, and the bones of arms and legs.

Named unlike the lists of other joints here, because configs for PoseTrack's joints inherit from those for COCO's.
"""

coco17_names = [
    'nose',
    'left_eye',
    'right_eye',
    'left_ear',
    'right_ear',
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
]
# each joint and the one that it hangs on
coco17_limb_bones = [[7, 5], [8, 6], [9, 7], [10, 8], [13, 11], [14, 12], [15, 13], [16, 14]]
coco17_flip = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
