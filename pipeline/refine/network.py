"""A trained network (HANet, SmoothNet, DeciWatch) as a smoother."""

from pathlib import Path
from typing import Optional, Sequence

import numpy as np
import torch

from pipeline.backends.graphs import Graphs, OnnxExporter
from pipeline.backends.graphs.graphs import Nested, arrange, flatten
from pipeline.errors import InputError
from pipeline.networks.refiners.sequence_refiner import SequenceRefiner, load_refiner
from pipeline.networks.refiners.temporal import TemporalOutput
from pipeline.refine.windows import WindowSmoother, hann_blend


def network_smoother(
    checkpoint: Path,
    keypoint_names: Sequence[str],
    device: str = 'cpu',
    overlap: int = 2,
    threads: Optional[int] = 1,
    runtime: str = 'torch',
) -> WindowSmoother:
    """Load a refiner and let it run over overlapping windows.

    Args:
        checkpoint: file written by :func:`pipeline.networks.refiners.sequence_refiner.save_refiner`.
        keypoint_names: joints of the poses it will be given, in order. Those that the
            refiner does not know stay as they are (PoseTrack's ears, which are never annotated).
        overlap: windows that answer for each frame; more is smoother and slower.
        threads: torch threads for one window; such small matrices gain nothing
            from more, and more would wait for cores that other links use.
        runtime: ``torch``, or ``onnxruntime``: see :func:`run_exported`.

    Raises:
        InputError: if the file is no refiner, or refines joints that the poses do not have.
    """
    model = load_refiner(checkpoint, device=device)
    unknown = [name for name in model.keypoint_names if name not in keypoint_names]
    if unknown or not model.keypoint_names:
        raise InputError(
            f'{checkpoint}: refines the joints {", ".join(model.keypoint_names) or "(unnamed)"}; '
            f'the estimator gives {", ".join(keypoint_names)}'
        )
    joints = [list(keypoint_names).index(name) for name in model.keypoint_names]

    if runtime == 'onnxruntime':
        run_exported(model)

    def refine(keypoints: np.ndarray, scores: np.ndarray, times: np.ndarray) -> np.ndarray:
        fps = (times.shape[1] - 1) / (times[:, -1] - times[:, 0])
        before = torch.get_num_threads()
        torch.set_num_threads(threads or before)
        try:
            known = model.refine(
                *(
                    torch.as_tensor(array, dtype=torch.float32, device=device)
                    for array in (keypoints[:, :, joints], scores[:, :, joints], fps)
                )
            )
        finally:
            torch.set_num_threads(before)
        refined = keypoints.astype(np.float32)
        refined[:, :, joints] = known.cpu().numpy()
        return refined

    window = model.window
    return WindowSmoother(refine, window, max(window // overlap, 1), hann_blend(window))


def run_exported(model: SequenceRefiner) -> None:
    """Let ONNX Runtime run a refiner's network; what surrounds it (scaling, missing joints) stays in torch."""
    backbone = model.backbone
    forward, options = backbone.forward, model.network_options

    def function(inputs: Nested) -> Nested:
        output = forward(*inputs, **options)
        return [output.final, output.refined]

    exporter = OnnxExporter(backbone, type(backbone).__name__, repr(model.meta), sorted(options))
    graphs = Graphs(function, exporter, _windows_like, required='the refiner')
    backbone.forward = lambda *inputs, **_: TemporalOutput(*graphs(inputs))


def _windows_like(inputs: Nested, batch: int) -> Nested:
    """Windows, scores and frame rates as a refiner's network may be given them."""
    generator = torch.Generator().manual_seed(batch)
    keypoints, scores, fps = (
        torch.rand(batch, *value.shape[1:], generator=generator) for value in flatten(inputs) or ()
    )
    return arrange(inputs, [2 * keypoints - 1, scores, 5 + 55 * fps])
