"""A trained network (HANet, SmoothNet, DeciWatch) as a smoother."""

from pathlib import Path
from typing import List, Optional, Sequence, Tuple, Union, cast

import numpy as np
import torch
from torch import Tensor

from pipeline.backends.devices import check_device
from pipeline.backends.graphs import Graphs, OpenVINOExporter
from pipeline.backends.graphs.graphs import Nested, arrange, flatten
from pipeline.backends.threads import torch_threads
from pipeline.errors import InputError
from pipeline.networks.refiners.sequence_refiner import SequenceRefiner, load_refiner
from pipeline.networks.refiners.temporal import TemporalOutput
from pipeline.refine.polish import steady
from pipeline.refine.sides import keep_sides, limb_pairs, undo_exchanges
from pipeline.refine.windows import WindowSmoother, by_phases, hann_blend
from pipeline.skeletons import mirror_name

Size = Tuple[int, int]  # of a picture, px: width, height
# where joints of other data sets are among those of a COCO or PoseTrack skeleton
MIDDLES = {
    'pelvis': ('left_hip', 'right_hip'),
    'thorax': ('left_shoulder', 'right_shoulder'),
    'neck': ('left_shoulder', 'right_shoulder'),
    'belly': ('left_shoulder', 'right_shoulder', 'left_hip', 'right_hip'),
    'face': ('nose',),
    'upper_neck': ('head_bottom',),
}
OVERLAP = 2  # windows that answer for each frame, unless a preset says otherwise
POLISH = 0.06  # seconds, how far the fit behind a network reaches (sigma), likewise
RATE = 30.0  # frames per second that windows are meant for, likewise


class NetworkSmoother(WindowSmoother):
    """A network over overlapping windows.

    Args:
        network: type of the network in the checkpoint, such as ``HANet``.
        joints: indices of the joints that it refines; it leaves others as they are.
        arguments: of :class:`WindowSmoother`.
    """

    def __init__(self, network: str, joints: Sequence[int], *arguments):
        super().__init__(*arguments)
        self.network, self.joints = network, tuple(joints)

    def in_picture(self, width: int, height: int) -> WindowSmoother:
        """The same for the tracks of a video of this size, which networks of :class:`ImageNormaliser` have to know."""

        def function(keypoints: np.ndarray, scores: np.ndarray, times: np.ndarray) -> np.ndarray:
            return self.function(keypoints, scores, times, (width, height))  # type: ignore[call-arg]

        return WindowSmoother(function, self.window, self.step, self.blend, self.sigmas, self.rate)


def network_smoother(
    checkpoint: Path,
    keypoint_names: Sequence[str],
    device: Union[str, torch.device] = 'auto',
    overlap: int = OVERLAP,
    threads: Optional[int] = 1,
    runtime: str = 'torch',
    step: Optional[int] = None,
    mirror: bool = False,
    partial: bool = False,
    polish: float = POLISH,
    rate: float = RATE,
    sides: bool = True,
) -> NetworkSmoother:
    """Load a refiner and let it run over overlapping windows.

    Args:
        checkpoint: file written by :func:`pipeline.networks.refiners.sequence_refiner.save_refiner`.
        keypoint_names: joints of the poses it will be given, in order. Those that the
            refiner does not know stay as they are (PoseTrack's ears, which are never annotated).
        device: such as ``cpu`` or ``cuda:0``; ``auto`` is a GPU where torch sees one.
        overlap: windows that answer for each frame, 1 to the window's length; more is smoother and slower.
        threads: torch threads for one window; such small matrices gain nothing
            from more, and more would wait for cores that other stages use.
        runtime: ``torch``, or ``openvino``: see :func:`run_exported`.
        step, mirror, partial, polish, rate, sides: see :func:`window_smoother`.

    Returns:
        The smoother, which knows what the checkpoint holds.

    Raises:
        InputError: if the file is no refiner, refines joints that the poses do not have, ``overlap``
            or ``step`` is out of range, or for an unknown device or runtime.
    """
    device = check_device(device, runtime)
    model = load_refiner(checkpoint, device=device)
    if model.dims != 2:
        raise InputError(f'{checkpoint}: refines {model.dims} coordinates of a joint; the poses of a video have 2')
    if runtime == 'openvino':
        run_exported(model)
    try:
        return window_smoother(
            model, keypoint_names, overlap, threads, device, step, mirror, partial, polish, rate, sides
        )
    except InputError as error:
        raise InputError(f'{checkpoint}: {error}') from error


def window_smoother(
    model: SequenceRefiner,
    keypoint_names: Sequence[str],
    overlap: int = OVERLAP,
    threads: Optional[int] = 1,
    device: Union[str, torch.device] = 'cpu',
    step: Optional[int] = None,
    mirror: bool = False,
    partial: bool = False,
    polish: float = POLISH,
    rate: float = RATE,
    sides: bool = True,
) -> NetworkSmoother:
    """Let a loaded refiner run over overlapping windows; see :func:`network_smoother`.

    Args:
        step: frames between windows, in place of ``overlap``.
        mirror: refine each window's mirror image too (x negated, left and right joints exchanged) and average
            both answers: twice the time.
        partial: joints that the refiner knows and the poses lack are put where :data:`MIDDLES` says, or count as
            not seen, instead of being refused.
        polish: sigma in seconds of the Gaussian that takes what still trembles from the network's answers
            (:func:`pipeline.refine.polish.steady`); 0 for none.
        rate: frames per second from whose multiples on a network that is told the rate sees every second, third or
            fourth frame at a time, so that its windows last as long at any rate; 0: always every frame.
        sides: undo left and right exchanged in the estimate where it jumps, and take back what the network exchanges
            where it does not (:mod:`pipeline.refine.sides`); of poses in pictures only.
    """
    joints = _Joints(model.keypoint_names, keypoint_names, partial, mirror)
    window = model.window
    for name, value in (('overlap', overlap), ('step', step)):
        if value is not None and not (type(value) is int and 1 <= value <= window):  # True is no number here
            raise InputError(f'{name} is {value!r}: windows of {window} frames allow 1 to {window}')
    if threads is not None and not (isinstance(threads, int) and 0 <= threads <= 1024):
        raise InputError(f'threads is {threads!r}: must be a whole number from 0 (all that torch takes) to 1024')
    for name, switch in (('partial', partial), ('sides', sides)):
        if not isinstance(switch, bool):
            raise InputError(f'{name} is {switch!r}: must be True or False')
    if isinstance(polish, bool) or not isinstance(polish, (int, float)) or not 0 <= polish <= 1:
        raise InputError(f'polish is {polish!r}: must be seconds from 0 (none) to 1')
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate < float('inf'):
        raise InputError(f'rate is {rate!r}: must be frames per second from 0 (every frame) up')

    pairs = limb_pairs(model.keypoint_names) if sides and model.dims == 2 else []
    gives_sigmas = getattr(model.backbone, 'gives_width', False)

    def run(keypoints: np.ndarray, scores: np.ndarray, fps: np.ndarray, size: Optional[Size]) -> np.ndarray:
        sizes = () if size is None else (np.tile(size, (len(keypoints), 1)),)
        arrays = (keypoints, scores, fps, *sizes)
        tensors = (torch.as_tensor(array, dtype=torch.float32, device=device) for array in arrays)
        if not gives_sigmas:
            return model.refine(*tensors).cpu().numpy()
        poses, sigmas = model.refine_and_doubt(*tensors)
        assert sigmas is not None  # as the network has said
        return torch.cat([poses, sigmas[..., None]], dim=-1).cpu().numpy()

    def answered(known: np.ndarray, seen: np.ndarray, times: np.ndarray, size: Optional[Size]) -> np.ndarray:
        fps = (times.shape[1] - 1) / (times[:, -1] - times[:, 0])
        answer = run(known, seen, fps, size)
        if mirror:
            flipped = run(joints.mirror(known), seen[:, :, joints.flip], fps, size)
            answer = _mean(answer, joints.mirror(flipped), gives_sigmas)
        _leave_unseen(answer, known, seen)
        return answer

    def refine(keypoints: np.ndarray, scores: np.ndarray, times: np.ndarray, size: Optional[Size] = None) -> np.ndarray:
        known, seen = joints.take(keypoints, scores)
        known, seen = undo_exchanges(known, seen, times, pairs)
        with torch_threads(threads or None):
            answer = by_phases(lambda k, s, t: answered(k, s, t, size), window)(known, seen, times)
        dims = keypoints.shape[-1]
        answer[..., :dims] = keep_sides(answer[..., :dims], known, seen, times, pairs)
        if polish:
            sigmas = answer[..., dims] if gives_sigmas else None
            answer[..., :dims] = steady(answer[..., :dims], seen, times, polish, sigmas)
        return joints.put(answer, keypoints)

    name, step = type(model.backbone).__name__, step or max(window // overlap, 1)
    told = rate if getattr(model.backbone, 'rate_input', False) else 0
    return NetworkSmoother(name, joints.ours, refine, window, step, hann_blend(window), gives_sigmas, told or None)


def _leave_unseen(answer: np.ndarray, known: np.ndarray, seen: np.ndarray) -> None:
    """Put back the poses of windows in which nothing was seen at all, as in a gap that is longer than a window.

    They were bridged from both sides, and a network that is told of no joint can only guess. Windows beside them, which
    saw something, have the say where they know how sure they are.
    """
    blind = ~(seen > 0).any(axis=(1, 2))
    if blind.any():
        dims = known.shape[-1]
        answer[blind, ..., :dims] = known[blind]
        answer[blind, ..., dims:] = np.ptp(known[blind], axis=2).max(axis=(1, 2))[:, None, None, None]


def _mean(answer: np.ndarray, other: np.ndarray, gives_sigmas: bool) -> np.ndarray:
    """Of two answers; the surer one has more say, where they say how sure they are."""
    if not gives_sigmas:
        return (answer + other) / 2
    weight, other_weight = 1 / answer[..., -1:], 1 / other[..., -1:]
    return (weight * answer + other_weight * other) / (weight + other_weight)


class _Joints:
    """Which of a refiner's joints are which of the poses'.

    Raises:
        InputError: if the refiner's joints have no names, or some are not among the poses' (unless ``partial``),
            or a joint has no mirror joint although one is wanted.
    """

    def __init__(self, refined: Sequence[str], given: Sequence[str], partial: bool, mirror: bool):
        refined, given = list(refined), list(given)
        shared = [name for name in refined if name in given]
        if not shared or (len(shared) < len(refined) and not partial):
            way = (
                f"; in a preset, refiner=dict(type='network', checkpoint=..., partial=True) refines the {len(shared)} "
                'that both have'
                if shared
                else ''
            )
            raise InputError(
                f'refines the joints {", ".join(refined) or "(unnamed)"}; the estimator gives {", ".join(given)}{way}'
            )
        self.num_refined = len(refined)
        self.theirs, self.ours = [refined.index(name) for name in shared], [given.index(name) for name in shared]
        self.middles = {
            refined.index(name): [given.index(part) for part in MIDDLES[name]]
            for name in refined
            if name not in given and name in MIDDLES and all(part in given for part in MIDDLES[name])
        }
        if mirror:
            partners = [mirror_name(name) for name in refined]
            alone = [name for name, partner in zip(refined, partners) if partner not in refined]
            if alone:
                raise InputError(f'mirror: joint {alone[0]} has no mirror joint among {", ".join(refined)}')
            self.flip = [refined.index(partner) for partner in partners]

    def take(self, keypoints: np.ndarray, scores: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """The refiner's joints of ``(B, T, K, D)`` and ``(B, T, K)``; those that are not given have score 0."""
        if len(self.theirs) == self.num_refined:
            return keypoints[:, :, self.ours], scores[:, :, self.ours]
        known = np.zeros((*keypoints.shape[:2], self.num_refined, keypoints.shape[3]), np.float32)
        seen = np.zeros(known.shape[:3], np.float32)
        known[:, :, self.theirs], seen[:, :, self.theirs] = keypoints[:, :, self.ours], scores[:, :, self.ours]
        for joint, parts in self.middles.items():
            known[:, :, joint], seen[:, :, joint] = keypoints[:, :, parts].mean(2), scores[:, :, parts].min(2)
        return known, seen

    def put(self, answer: np.ndarray, keypoints: np.ndarray) -> np.ndarray:
        """``keypoints`` as float32, with the refiner's answer where it has one, NaN as the sigma of the others."""
        refined = np.full((*keypoints.shape[:-1], answer.shape[-1]), np.nan, np.float32)
        refined[..., : keypoints.shape[-1]] = keypoints
        refined[:, :, self.ours] = answer[:, :, self.theirs]
        return refined

    def mirror(self, poses: np.ndarray) -> np.ndarray:
        """The mirror image of the refiner's ``(B, T, K, D)``, at negative x."""
        image = poses[:, :, self.flip].astype(np.float32)
        image[..., 0] *= -1
        return image


def run_exported(model: SequenceRefiner) -> None:
    """Let OpenVINO run a refiner's network; what surrounds it (scaling, missing joints) stays in torch."""
    backbone = model.backbone
    forward, options = backbone.forward, model.network_options

    def function(inputs: Nested) -> Nested:
        output = forward(*inputs, **options)
        return [output.final, output.refined, *([] if output.log_width is None else [output.log_width])]

    backbone.requires_grad_(False)  # a graph holds its weights as constants
    exporter = OpenVINOExporter(backbone, type(backbone).__name__, repr(model.meta), sorted(options))
    graphs = Graphs(function, exporter, _windows_like, required='the refiner')

    def run(*inputs, **_) -> TemporalOutput:
        final, refined, *log_width = cast(List[Tensor], graphs(inputs))
        return TemporalOutput(final, refined, log_width=log_width[0] if log_width else None)

    backbone.forward = run


def _windows_like(inputs: Nested, batch: int) -> Nested:
    """Windows, scores and frame rates as a refiner's network may be given them."""
    generator = torch.Generator().manual_seed(batch)
    keypoints, scores, fps = (
        torch.rand(batch, *value.shape[1:], generator=generator) for value in flatten(inputs) or ()
    )
    return arrange(inputs, [2 * keypoints - 1, scores, 5 + 55 * fps])
