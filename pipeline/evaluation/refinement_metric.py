"""The metric that MMEngine's test loop calls: windows in, a table out."""
from collections import defaultdict
from typing import Dict, List, Sequence

import numpy as np
import torch
from mmengine.evaluator import BaseMetric

import pipeline.compat  # noqa: F401, before mmpose
from mmpose.registry import METRICS
from pipeline.errors import InputError
from pipeline.evaluation.protocols import PROTOCOLS, Evaluated, evaluate
from pipeline.evaluation.stitching import stitch

FIELDS = ('pred_keypoints', 'input_keypoints', 'target', 'target_weight', 'bbox')


@METRICS.register_module()
class RefinementMetric(BaseMetric):
    """PCK, MPJPE, PA-MPJPE, Accel and jitter of stitched sequences, the input's own numbers first.

    Every window is a dictionary as :class:`SequenceRefiner` predicts it, with the test
    data set's ``sequence`` (its number), ``start`` (first frame) and ``fps``.

    Args:
        report: of 'pck', 'mpjpe', 'pa-mpjpe', 'accel', 'jitter'. (MMEngine takes a key named
            metrics for a list of metrics.)
        protocol: 'published' or 'corrected', see :mod:`pipeline.evaluation.protocols`.
        unit: factor on distances (1000 from metres to mm).
        root: joints whose mean is subtracted from stitched 3D poses; empty for none.

    Raises:
        InputError: for an unknown protocol.
    """
    default_prefix = None

    def __init__(self, report: Sequence[str] = ('pck', 'accel'), protocol: str = 'corrected', unit: float = 1.0,
                 root: Sequence[int] = (), collect_device: str = 'cpu', prefix: str = None):
        super().__init__(collect_device, prefix)
        if protocol not in PROTOCOLS:
            raise InputError(f'protocol {protocol!r}: allowed are {", ".join(PROTOCOLS)}')
        self.report, self.protocol, self.unit, self.root = tuple(report), protocol, unit, list(root)

    def process(self, data_batch, data_samples: Sequence[dict]) -> None:
        # one entry per item of the data set: MMEngine cuts the results to the length of the data set
        windows = []
        for sample in data_samples:
            window = {name: _array(sample[name]) for name in FIELDS if name in sample}
            window.update(sequence=int(sample['sequence']), start=int(sample['start']), length=int(sample['length']),
                          fps=float(sample['fps']))
            windows.append(window)
        self.results.append(windows)

    def compute_metrics(self, results: List[List[dict]]) -> Dict[str, float]:
        grouped = defaultdict(list)
        for window in (window for windows in results for window in windows):
            grouped[window['sequence']].append(window)
        table = {}
        for kind, name in (('input', 'input_keypoints'), ('output', 'pred_keypoints')):
            sequences = [self._sequence(windows, name) for _, windows in sorted(grouped.items())]
            table.update({f'{kind}/{key}': value
                          for key, value in evaluate(sequences, self.report, self.protocol, self.unit).items()})
        return table

    def _sequence(self, windows: List[dict], name: str) -> Evaluated:
        windows = sorted(windows, key=lambda window: window['start'])
        starts = [window['start'] for window in windows]
        length = windows[0]['length']
        if self.protocol == 'published':  # what no window covers is left out, padding is not
            length = starts[-1] + len(windows[0]['target'])
        weights = 'uniform' if self.protocol == 'published' else 'triangle'

        def stitched(field):
            return stitch(np.stack([window[field] for window in windows]), starts, length, weights)

        prediction, truth = stitched(name), stitched('target')
        if self.root:
            prediction, truth = (poses - poses[:, self.root].mean(1, keepdims=True) for poses in (prediction, truth))
        boxes = stitched('bbox') if 'bbox' in windows[0] else None
        weight = stitched('target_weight') if 'target_weight' in windows[0] else None
        return Evaluated(prediction, truth, boxes, weight, windows[0]['fps'])


def _array(value) -> np.ndarray:
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)
