"""The metric that MMEngine's test loop calls: windows in, a table out."""

from collections import defaultdict
from dataclasses import replace
from typing import Dict, List, Sequence

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmpose.registry import METRICS

from pipeline.errors import InputError
from pipeline.evaluation.keypoint_metrics import fill_missing, relative_to_root
from pipeline.evaluation.protocols import PROTOCOLS, Evaluated, check_metrics, evaluate
from pipeline.evaluation.stitching import stitch
from pipeline.refine.windows import hann_blend


@METRICS.register_module()
class RefinementMetric(BaseMetric):
    """PCK, MPJPE, PA-MPJPE, MPJVE, Accel and jerk of stitched sequences, the input's own numbers first.

    Every window is a dictionary as :class:`SequenceRefiner` predicts it, with the test
    data set's ``sequence`` (its number), ``start`` (first frame) and ``fps``.

    Args:
        report: of 'pck', 'mpjpe', 'pa-mpjpe', 'mpjve', 'accel', 'jerk'. (MMEngine takes a key named
            metrics for a list of metrics.)
        protocol: 'published' or 'corrected', see :mod:`pipeline.evaluation.protocols`.
        unit: factor on distances (1000 from metres to mm).
        root: joints whose mean is subtracted from stitched 3D poses; empty for none. Protocol 'corrected'
            leaves out frames in which none of them is annotated.

    Raises:
        InputError: for an unknown protocol or number.
    """

    default_prefix = None
    fields = ('pred_keypoints', 'input_keypoints', 'target', 'target_weight', 'bbox')

    def __init__(
        self,
        report: Sequence[str] = ('pck', 'accel'),
        protocol: str = 'corrected',
        unit: float = 1.0,
        root: Sequence[int] = (),
        collect_device: str = 'cpu',
        prefix: str = None,
    ):
        super().__init__(collect_device, prefix)
        if protocol not in PROTOCOLS:
            raise InputError(f'protocol {protocol!r}: allowed are {", ".join(PROTOCOLS)}')
        self.report, self.protocol, self.unit, self.root = check_metrics(report), protocol, unit, list(root)

    def process(self, data_batch, data_samples: Sequence[dict]) -> None:
        # one entry per item of the data set: MMEngine cuts the results to the length of the data set
        windows = []
        for sample in data_samples:
            window = {name: _array(sample[name]) for name in self.fields if name in sample}
            window.update(
                sequence=int(sample['sequence']),
                start=int(sample['start']),
                length=int(sample['length']),
                fps=float(sample['fps']),
            )
            windows.append(window)
        self.results.append(windows)

    def compute_metrics(self, results: List[List[dict]]) -> Dict[str, float]:
        grouped = defaultdict(list)
        for window in (window for windows in results for window in windows):
            grouped[window['sequence']].append(window)
        sequences = [sorted(windows, key=lambda window: window['start']) for _, windows in sorted(grouped.items())]
        table = {}
        for kind, name in (('input', 'input_keypoints'), ('output', 'pred_keypoints')):
            table.update({f'{kind}/{key}': value for key, value in self.numbers(sequences, name).items()})
        return table

    def numbers(self, sequences: Sequence[List[dict]], name: str) -> Dict[str, float]:
        """Numbers by name of the poses in field ``name``; windows of each sequence in order."""
        return evaluate([self.stitched(windows, name) for windows in sequences], self.report, self.protocol, self.unit)

    def stitched(self, windows: List[dict], name: str) -> Evaluated:
        """One sequence put together from its windows, relative to the root if there is one."""
        prediction, truth = self.blend(windows, name), self.blend(windows, 'target')
        boxes, weight = (
            self.blend(windows, field) if field in windows[0] else None for field in ('bbox', 'target_weight')
        )
        stitched = Evaluated(prediction, truth, boxes, weight, windows[0]['fps'])
        if not self.root:
            return stitched
        if self.protocol == 'published':
            known = np.ones(truth.shape[:2], bool)
        else:
            known, prediction = stitched.known(), fill_missing(prediction)
        prediction, truth, known = relative_to_root(prediction, truth, known, self.root)
        return replace(stitched, prediction=prediction, truth=truth, weight=known.astype(np.float32))

    def blend(self, windows: List[dict], field: str) -> np.ndarray:
        """A field over the frames of a sequence, ``(S, ...)``."""
        starts, length = [window['start'] for window in windows], windows[0]['length']
        if self.protocol == 'published':  # what no window covers is left out, padding is not
            length = starts[-1] + len(windows[0]['target'])
        parts = np.stack([window[field] for window in windows])
        return stitch(parts, starts, length, None if self.protocol == 'published' else hann_blend(parts.shape[1]))


@METRICS.register_module()
class LiftingMetric(BaseMetric):
    """MPJPE, PA-MPJPE, MPJVE, Accel and jerk of lifted recordings, which are relative to their root already.

    Args:
        report: as for :class:`RefinementMetric`.
    """

    default_prefix = None

    def __init__(self, report: Sequence[str] = ('mpjpe', 'pa-mpjpe'), collect_device: str = 'cpu', prefix: str = None):
        super().__init__(collect_device, prefix)
        self.report = check_metrics(report)

    def process(self, data_batch, data_samples: Sequence[dict]) -> None:
        for sample in data_samples:
            poses, truth = _array(sample['pred_keypoints']), _array(sample['target'])
            self.results.append(Evaluated(poses, truth, fps=float(sample['fps'])))

    def compute_metrics(self, results: List[Evaluated]) -> Dict[str, float]:
        return evaluate(results, self.report, 'corrected')


def _array(value) -> np.ndarray:
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)
