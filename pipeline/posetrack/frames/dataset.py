"""People of PoseTrack, one per item, for estimators of one or several frames."""

from pathlib import Path
from typing import Dict, List, Tuple

import mmpose
import numpy as np
from mmpose.datasets.datasets.base import BaseCocoStyleDataset
from mmpose.registry import DATASETS

from pipeline.errors import InputError
from pipeline.posetrack.frames.annotations import LabeledImage, LabeledPerson, load_images
from pipeline.posetrack.reading import read_json

# by its full path: a file of this name under the working directory would be taken instead
METAINFO_FILE = Path(mmpose.__file__).parent / '.mim' / 'configs' / '_base_' / 'datasets' / 'posetrack18.py'


@DATASETS.register_module()
class PoseTrackFrames(BaseCocoStyleDataset):
    """Reads PoseTrack18's layout as downloaded: a folder with one file per sequence, or one file.

    PoseTrack17 is converted to it by ``tools/prepare_posetrack.py``. Besides MMPose's own keys an
    item has ``frame_range``, from which :class:`LoadNeighbours` finds the other frames.

    Args:
        ann_file: folder or file of annotations, relative to ``data_root``.
        bbox_file: file of detected boxes for testing, a list of ``image_id``, ``bbox`` (x, y, width,
            height in px), ``score`` and ``category_id`` (1 is a person); without it, the annotated boxes.
        filter_cfg: ``dict(bbox_score_thr=0.2)`` leaves out detections below a score.
        **kwargs: of :class:`BaseCocoStyleDataset`.
    """

    METAINFO: dict = dict(from_file=str(METAINFO_FILE))

    @property
    def metainfo(self) -> dict:
        """MMPose's, and with ``boxes`` whether people are 'annotated' or 'detected'."""
        return {**super().metainfo, 'boxes': 'detected' if self.bbox_file else 'annotated'}

    def _load_annotations(self) -> Tuple[List[dict], List[dict]]:
        instances, images = [], []
        for image in load_images(self.ann_file):
            images.append(dict(img_id=image.image_id, img_path=self._path(image)))
            instances += [
                self._item(image, person, index) for index, person in enumerate(image.people, start=len(instances))
            ]
        if not instances:
            raise InputError(f'{self.ann_file}: nobody is annotated in it')
        return instances, images

    def _load_detection_results(self) -> List[dict]:
        images: Dict = {image.image_id: image for image in load_images(self.ann_file)}
        items = []
        for node in read_json(self.bbox_file).items():
            if 'category_id' in node and node['category_id'].integer() != 1:
                continue
            identity = node['image_id'].value
            if identity not in images:
                raise node['image_id'].error(f'no image of {self.ann_file} has this id')
            box = [value.number() for value in node['bbox'].items()]
            if len(box) != 4:
                raise node['bbox'].error('not x, y, width, height')
            x, y, width, height = box
            nobody = LabeledPerson(
                np.array([x, y, x + width, y + height], np.float32),
                np.zeros((17, 2), np.float32),
                np.ones(17, np.float32),
                raw=None,
            )
            items.append(self._item(images[identity], nobody, len(items), node['score'].number()))
        return items

    def _item(self, image: LabeledImage, person: LabeledPerson, index: int, score: float = 1.0) -> dict:
        return dict(
            img_id=image.image_id,
            img_path=self._path(image),
            frame_range=image.frame_range,
            bbox=person.bbox[None],
            bbox_score=np.array([score], np.float32),
            keypoints=person.keypoints[None],
            keypoints_visible=person.visible[None],
            num_keypoints=int(person.visible.sum()),
            iscrowd=0,
            id=index,
            category_id=np.array(1),
            raw_ann_info=person.raw,
        )

    def _path(self, image: LabeledImage) -> str:
        return str(Path(self.data_prefix['img']) / image.file_name)
