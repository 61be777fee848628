"""A stand-in for ``xtcocotools`` (no wheels for NumPy 2) on top of pycocotools.

MMPose takes three things from xtcocotools: ``COCO``, ``mask`` and a ``COCOeval`` with joint
sets other than COCO's, annotations without area, CrowdPose's three grades of crowding and
the parts of COCO-WholeBody. pycocotools does the matching, accumulation and averages; which joints of an
annotation count, its area, its score, and whether it is ignored, is settled before.
"""

import contextlib
import io
import json
import warnings
from collections import defaultdict
from pathlib import Path
from types import ModuleType
from typing import Dict, List, Optional, Sequence, Union

import numpy as np
from pycocotools import coco, cocoeval, mask


class COCO(coco.COCO):
    """As pycocotools' class; annotations need not have ``iscrowd``, results may be empty.

    Args:
        annotation_file: JSON in COCO's layout; None for an empty index.
    """

    def __init__(self, annotation_file: Optional[str] = None):
        super().__init__(annotation_file)
        for annotation in self.dataset.get('annotations', []):
            annotation.setdefault('iscrowd', 0)

    def loadRes(self, resFile: Union[str, list]) -> coco.COCO:
        """An index of results, given as a list or as the name of a JSON file."""
        results = json.loads(Path(resFile).read_text()) if isinstance(resFile, str) else resFile
        if len(results):
            return super().loadRes(results)
        empty = COCO()
        empty.dataset = dict(
            images=self.dataset['images'], categories=self.dataset.get('categories', []), annotations=[]
        )
        empty.createIndex()
        return empty


# Parts of an annotation that hold the joints of an evaluation, and its score.
_BODY = ('keypoints',)
_WHOLE = ('keypoints', 'foot_kpts', 'face_kpts', 'lefthand_kpts', 'righthand_kpts')
PARTS = {
    'keypoints': _BODY,
    'keypoints_body': _BODY,
    'keypoints_crowd': _BODY,
    'keypoints_wholebody': _WHOLE,
    **{f'keypoints_{part.partition("_")[0]}': (part,) for part in _WHOLE[1:]},
}
_OWN_SCORE = {f'keypoints_{part}': f'{part}_score' for part in ('foot', 'face', 'lefthand', 'righthand', 'wholebody')}
_MEAN_FILLING = 0.53  # of a person's box by the person, where areas are not annotated (CrowdPose, AI Challenger)
_CROWD_GRADES = {'easy': (-np.inf, 0.2), 'medium': (0.2, 0.8), 'hard': (0.8, np.inf)}  # CrowdPose, section 4


class COCOeval(cocoeval.COCOeval):
    """As xtcocotools' class.

    Args:
        cocoGt, cocoDt: indices of ground truth and results.
        iouType: ``segm``, ``bbox``, ``keypoints`` or one of its variants
            (``keypoints_crowd``, ``_body``, ``_foot``, ``_face``, ``_lefthand``,
            ``_righthand``, ``_wholebody``).
        sigmas: ``(K,)``, OKS fall-off of the joints; None for COCO's 17.
        use_area: False where annotations have no area; 0.53 of the box stands for it.

    Raises:
        NotImplementedError: for another ``iouType``.
    """

    def __init__(
        self,
        cocoGt=None,
        cocoDt=None,
        iouType: str = 'keypoints',
        sigmas: Optional[Sequence[float]] = None,
        use_area: bool = True,
    ):
        if iouType not in (*PARTS, 'segm', 'bbox'):
            raise NotImplementedError(f'evaluation {iouType!r}: there are segm, bbox, {", ".join(PARTS)}')
        super().__init__(cocoGt, cocoDt, 'keypoints' if iouType in PARTS else iouType)
        self.variant, self.use_area = iouType, use_area
        if sigmas is not None:
            self.params.kpt_oks_sigmas = np.asarray(sigmas)

    def _prepare(self) -> None:
        if self.variant not in PARTS:
            super()._prepare()
            return
        images, categories = self.params.imgIds, self.params.catIds if self.params.useCats else []
        truths, found = (
            index.loadAnns(index.getAnnIds(imgIds=images, catIds=categories)) for index in (self.cocoGt, self.cocoDt)
        )
        self._gts, self._dts = _by_image(map(self._truth, truths)), _by_image(self._results(found))
        self.evalImgs, self.eval = defaultdict(list), {}

    def _truth(self, annotation: dict) -> dict:
        joints = self._joints(annotation)
        # CrowdPose counts only joints that are not occluded
        visible = annotation['num_keypoints'] if self.variant == 'keypoints_crowd' else sum(v > 0 for v in joints[2::3])
        width, height = annotation['bbox'][2:]
        area = annotation['area'] if self.use_area else width * height * _MEAN_FILLING
        crowd = annotation.get('iscrowd', 0)
        # pycocotools takes id 0 for "no match", and data sets count from 0
        return dict(
            annotation,
            id=annotation['id'] + 1,
            keypoints=joints,
            area=area,
            iscrowd=crowd,
            ignore=bool(crowd) or visible == 0,
        )

    def _results(self, annotations: List[dict]) -> List[dict]:
        key = _OWN_SCORE.get(self.variant, 'score')
        if any(key not in annotation for annotation in annotations):
            warnings.warn(f"{key!r} not found, use 'score' instead.", stacklevel=2)
        prepared = (
            dict(annotation, keypoints=self._joints(annotation), score=annotation.get(key, annotation['score']))
            for annotation in annotations
        )
        return [annotation for annotation in prepared if any(score > 0 for score in annotation['keypoints'][2::3])]

    def _joints(self, annotation: dict) -> list:
        return [value for part in PARTS[self.variant] for value in annotation[part]]

    def summarize(self) -> None:
        """Print the averages and keep them in ``stats``: 10, or CrowdPose's 9."""
        super().summarize()
        if self.variant == 'keypoints_crowd':
            grades = self._crowd_grades()
            for grade, value in grades.items():
                print(f' Average Precision  (AP) @[ crowding={grade:<6s} | maxDets= 20 ] = {value:0.3f}')
            # AP, AP50, AP75, AR, AR50, AR75, then AP by crowding instead of by size
            self.stats = np.concatenate([self.stats[[0, 1, 2, 5, 6, 7]], list(grades.values())])

    def _crowd_grades(self) -> Dict[str, float]:
        """AP of the images of each grade of crowding; -1 where there are none."""
        state = self.params.imgIds, self.evalImgs, self.eval
        grades = {}
        for grade, (low, high) in _CROWD_GRADES.items():
            self.params.imgIds = [
                image['id'] for image in self.cocoGt.dataset['images'] if low <= image['crowdIndex'] < high
            ]
            if self.params.imgIds:
                with contextlib.redirect_stdout(io.StringIO()):
                    self.evaluate()
                    self.accumulate()
                grades[grade] = round(float(np.mean(self.eval['precision'][:, :, :, 0, :])), 4)
            else:
                grades[grade] = -1.0
        self.params.imgIds, self.evalImgs, self.eval = state
        return grades


def _by_image(annotations) -> dict:
    grouped = defaultdict(list)
    for annotation in annotations:
        grouped[annotation['image_id'], annotation['category_id']].append(annotation)
    return grouped


def package() -> ModuleType:
    """The module ``xtcocotools``."""
    module = ModuleType('xtcocotools', __doc__)
    module.STAND_IN = True
    module.__path__ = []
    return module


def part(name: str) -> ModuleType:
    """The module ``xtcocotools.NAME``.

    Raises:
        ModuleNotFoundError: for any but ``coco``, ``cocoeval`` and ``mask``.
    """
    contents = {'coco': {'COCO': COCO}, 'cocoeval': {'COCOeval': COCOeval}, 'mask': vars(mask)}
    if name not in contents:
        raise ModuleNotFoundError(
            f'No module named xtcocotools.{name}: its stand-in has {", ".join(contents)}', name=f'xtcocotools.{name}'
        )
    module = ModuleType(f'xtcocotools.{name}', __doc__)
    vars(module).update({key: value for key, value in contents[name].items() if not key.startswith('__')})
    return module
