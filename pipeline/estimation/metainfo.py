"""Find the metainfo (joints, limbs, sigmas) of an MMPose model."""

import warnings

from mmengine.config import Config

from pipeline.backends.openmmlab import config_name, first_line
from pipeline.errors import InputError


def find_metainfo(config: Config, meta: dict) -> dict:
    """MMPose's parsed metainfo: from the checkpoint, else from the config's data sets, else COCO's.

    Args:
        meta: ``meta`` of the checkpoint.

    Raises:
        InputError: if a data set's metainfo cannot be read.
    """
    from mmpose.apis.inference import dataset_meta_from_config
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    found = meta.get('dataset_meta')
    if isinstance(found, dict) and 'keypoint_id2name' in found:
        return found
    try:
        with warnings.catch_warnings():  # metainfo named by its path in MMPose's source tree is found, with a warning
            warnings.filterwarnings('ignore', 'The metainfo config file')
            for part in ('train', 'test', 'val'):
                found = dataset_meta_from_config(config, part)
                if found is not None:
                    return found
            return parse_pose_metainfo(dict(from_file='configs/_base_/datasets/coco.py'))
    except Exception as error:  # a wrong metainfo fails in as many ways as there are keys
        raise InputError(f'{config_name(config)}: its metainfo cannot be read ({first_line(error)})') from error
