"""The default refiner, fourth stage: from the mean of the two before on, thrice, with fewer somersaults.

What ships is the mean of three trainings of this stage, which differ in their seed (5, 6 and 7, by ``--seed``).
"""

_base_ = ['hanet_universal_coco17_free_rolling.py']
load_from = 'work_dirs/hanet_universal_coco17_free_mean.pth'
train_dataloader = dict(dataset=dict(seed=5, roll_share=0.08))
randomness = dict(seed=5)
