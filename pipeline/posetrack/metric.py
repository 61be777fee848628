"""PoseTrack's average precision for MMPose's ``tools/test.py`` and for validation while training."""

from pathlib import Path, PurePath
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger
from mmpose.registry import METRICS

from pipeline.errors import InputError
from pipeline.files import safe_name
from pipeline.posetrack.folders import load_folder, pair_frames, save_sequence
from pipeline.posetrack.scoring import format_table, score_sequences
from pipeline.posetrack.sequence import JOINTS, MISSING_SCORE, PoseFrame, PosePerson, PoseSequence

_SCORE_MODES = ('bbox_keypoint', 'keypoint')


@METRICS.register_module()
class PoseTrackMetric(BaseMetric):
    """Equal to poseval's table (``evaluateAP``); see :mod:`pipeline.posetrack`.

    Everybody whose pose was estimated is scored, as published: no threshold, no
    suppression of doubles. Images are found by the last two parts of their path.

    Args:
        ann_file: folder of annotations, one file per sequence, or a single file.
        score_mode: ``bbox_keypoint`` multiplies joint scores with that of the box
            (as published), ``keypoint`` leaves them.
        out_dir: where to write the predictions, one PoseTrack18 file per sequence.
        collect_device, prefix: of :class:`mmengine.evaluator.BaseMetric`.
    """

    default_prefix: Optional[str] = 'posetrack'

    def __init__(
        self,
        ann_file: str,
        score_mode: str = 'bbox_keypoint',
        out_dir: Optional[str] = None,
        collect_device: str = 'cpu',
        prefix: Optional[str] = None,
    ):
        super().__init__(collect_device=collect_device, prefix=prefix)
        if score_mode not in _SCORE_MODES:
            raise InputError(f'score_mode {score_mode!r}: must be one of {", ".join(_SCORE_MODES)}')
        self.ann_file, self.score_mode, self.out_dir = ann_file, score_mode, out_dir

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep what a batch of MMPose data samples predicts."""
        for sample in data_samples:
            poses, truth = sample['pred_instances'], sample.get('gt_instances', {})
            scores = np.asarray(poses['keypoint_scores'], float)
            boxes = poses.get('bbox_scores', truth.get('bbox_scores'))
            if self.score_mode == 'bbox_keypoint' and boxes is not None:
                scores = scores * np.asarray(boxes, float).reshape(-1, 1)
            self.results.append(
                dict(
                    id=sample.get('id'),
                    image=sample['img_path'],
                    scores=scores,
                    keypoints=np.asarray(poses['keypoints'], float),
                )
            )

    def compute_metrics(self, results: List[dict]) -> Dict[str, float]:
        """AP per column of the table and its mean (``AP``), precision and recall, in percent.

        Raises:
            InputError: if a predicted image is not among the annotated ones, or
                the data set's joints are not PoseTrack's.
        """
        people = self._people_by_image(results)
        truths = load_folder(self.ann_file)
        predictions = {name: self._sequence(sequence, people) for name, sequence in truths.items()}
        if people:
            raise InputError(f'{self.ann_file}: no entry for the image {"/".join(next(iter(people)))}')
        if self.out_dir:
            for name, sequence in predictions.items():
                save_sequence(sequence, Path(self.out_dir) / f'{safe_name(name)}.json', 18, force=True)
        scores = score_sequences(pair_frames(truths[name], predictions[name]) for name in truths)
        names = ('AP', 'precision', 'recall')
        table = format_table({name: scores[name] for name in names})
        MMLogger.get_current_instance().info(
            f'PoseTrack, boxes {self.dataset_meta.get("boxes", "not stated")}, in percent\n{table}'
        )
        values = {f'{column} AP': value for column, value in scores['AP'].items() if column != 'Mean'}
        values.update({name: scores[name]['Mean'] for name in names})
        return {name: float('nan') if value is None else value for name, value in values.items()}

    def _people_by_image(self, results: List[dict]) -> Dict[Tuple[str, ...], List[PosePerson]]:
        columns = self._columns()
        people: Dict[Tuple[str, ...], List[PosePerson]] = {}
        seen = set()
        for result in results:
            if result['id'] is not None and result['id'] in seen:  # samplers repeat items to fill batches
                continue
            seen.add(result['id'])
            for keypoints, scores in zip(result['keypoints'], result['scores']):
                person = PosePerson(
                    points=keypoints[columns],
                    visible=np.ones(len(JOINTS), bool),
                    scores=np.where(np.isfinite(scores), scores, MISSING_SCORE)[columns],
                )
                here = people.setdefault(_image_key(result['image']), [])
                person.track_id = len(here)
                here.append(person)
        return people

    def _columns(self) -> List[int]:
        by_id = self.dataset_meta['keypoint_id2name']
        names = [by_id[k] for k in sorted(by_id)]
        absent = [joint for joint in JOINTS if joint not in names]
        if absent:
            raise InputError(
                f'data set {self.dataset_meta.get("dataset_name")!r} has no joint '
                f'{absent[0]!r}: PoseTrackMetric needs those of posetrack18'
            )
        return [names.index(joint) for joint in JOINTS]

    @staticmethod
    def _sequence(truth: PoseSequence, people: Dict[Tuple[str, ...], List[PosePerson]]) -> PoseSequence:
        frames = [PoseFrame.from_people(frame.image, people.pop(_image_key(frame.image), [])) for frame in truth.frames]
        return PoseSequence(truth.name, frames, 'the predictions')


def _image_key(path: str) -> Tuple[str, ...]:
    return PurePath(str(path).replace('\\', '/')).parts[-2:]
