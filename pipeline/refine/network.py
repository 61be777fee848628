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
from pipeline.refine.limbs import Limbs
from pipeline.refine.polish import steady
from pipeline.refine.sides import keep_sides, sided_limbs, undo_inversions
from pipeline.refine.window_options import AS_SHIPPED, WindowOptions
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


class NetworkSmoother(WindowSmoother):
    """A trained refiner over overlapping windows of tracks.

    Args:
        model: the refiner.
        keypoint_names: the ``K`` joints of the poses it will be given, in order. Those that the refiner does not know
            stay as they are (PoseTrack's ears, which are never annotated), or follow the joints that they hang on.
        options: how it runs.
        device: that the model is on.
        hangs_on: ``(K, K)``, rows of sum 1: the joints that each point hangs on; None: those unknown stay.
        picture: width and height in px, which networks of :class:`ImageNormaliser` have to know.

    Attributes:
        network: type of the network, such as ``HANet``.
        joints: indices of the joints that it refines.

    Raises:
        InputError: if the refiner's joints are not among the poses', or ``overlap`` or ``step`` is out of range.
    """

    def __init__(
        self,
        model: SequenceRefiner,
        keypoint_names: Sequence[str],
        options: WindowOptions = AS_SHIPPED,
        device: Union[str, torch.device] = 'cpu',
        hangs_on: Optional[np.ndarray] = None,
        picture: Optional[Size] = None,
    ):
        self._model, self._names, self._options, self._device = model, tuple(keypoint_names), options, device
        self._hangs_on, self._picture = hangs_on, picture
        self._joints = _Joints(model.keypoint_names, keypoint_names, options.partial, options.mirror)
        self._limbs = None if hangs_on is None else Limbs(self._joints.ours, hangs_on)
        sided = options.sides and model.dims == 2
        self._given_limbs = sided_limbs(keypoint_names, hangs_on) if sided else []
        self._refined_limbs = sided_limbs(model.keypoint_names) if sided else []
        self.network, self.joints = type(model.backbone).__name__, tuple(self._joints.ours)
        super().__init__(
            self._refine,
            model.window,
            options.step_of(model.window),
            hann_blend(model.window),
            sigmas=getattr(model.backbone, 'gives_width', False),
            rate=options.rate if options.rate and getattr(model.backbone, 'rate_input', False) else None,
        )

    def in_picture(self, width: int, height: int) -> 'NetworkSmoother':
        """The same for the tracks of a video of this size."""
        return NetworkSmoother(
            self._model, self._names, self._options, self._device, self._hangs_on, picture=(width, height)
        )

    def with_points(self, keypoint_names: Sequence[str], hangs_on: np.ndarray) -> 'NetworkSmoother':
        """The same for poses of other joints, whose further points follow those that they hang on."""
        return NetworkSmoother(self._model, keypoint_names, self._options, self._device, hangs_on, self._picture)

    def _refine(self, keypoints: np.ndarray, scores: np.ndarray, times: np.ndarray) -> np.ndarray:
        """The :data:`pipeline.refine.windows.WindowFunction`: repair, refine, smooth, and take the rest along."""
        keypoints, scores = undo_inversions(keypoints, scores, times, self._given_limbs, self._joints.ours)
        known, seen = self._joints.take(keypoints, scores)
        with torch_threads(self._options.threads or None):
            answer = by_phases(self._answer, self.window)(known, seen, times)
        dims = keypoints.shape[-1]
        answer[..., :dims] = keep_sides(answer[..., :dims], known, seen, times, self._refined_limbs)
        if self._options.polish:
            sigmas = answer[..., dims] if self.sigmas else None
            answer[..., :dims] = steady(answer[..., :dims], seen, times, self._options.polish, sigmas)
        whole = self._joints.put(answer, keypoints)
        return self._limbs.follow(whole, keypoints, scores, times) if self._limbs else whole

    def _answer(self, known: np.ndarray, seen: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Of windows as long as the network's; of both mirror images, if that is wanted."""
        fps = (times.shape[1] - 1) / (times[:, -1] - times[:, 0])
        answer = self._run(known, seen, fps)
        if self._options.mirror:
            edges = self._picture[0] - 1 if self._picture else 0  # x of both, added
            flipped = self._run(self._joints.mirror(known, edges), seen[:, :, self._joints.flip], fps)
            answer = _mean(answer, self._joints.mirror(flipped, edges), self.sigmas)
        _leave_unseen(answer, known, seen)
        return answer

    def _run(self, keypoints: np.ndarray, scores: np.ndarray, fps: np.ndarray) -> np.ndarray:
        sizes = () if self._picture is None else (np.tile(self._picture, (len(keypoints), 1)),)
        arrays = (keypoints, scores, fps, *sizes)
        tensors = (torch.as_tensor(array, dtype=torch.float32, device=self._device) for array in arrays)
        if not self.sigmas:
            return self._model.refine(*tensors).cpu().numpy()
        poses, sigmas = self._model.refine_and_doubt(*tensors)
        assert sigmas is not None  # as the network has said
        return torch.cat([poses, sigmas[..., None]], dim=-1).cpu().numpy()


def network_smoother(
    checkpoint: Path,
    keypoint_names: Sequence[str],
    options: WindowOptions = AS_SHIPPED,
    device: Union[str, torch.device] = 'auto',
    runtime: str = 'torch',
    hangs_on: Optional[np.ndarray] = None,
) -> NetworkSmoother:
    """Load a refiner for the tracks of a video.

    Args:
        checkpoint: file written by :func:`pipeline.networks.refiners.sequence_refiner.save_refiner`.
        keypoint_names, options, hangs_on: of :class:`NetworkSmoother`.
        device: such as ``cpu`` or ``cuda:0``; ``auto`` is a GPU where torch sees one.
        runtime: ``torch``, or ``openvino``: see :func:`run_exported`.

    Raises:
        InputError: if the file is no refiner, refines joints that the poses do not have, an option is
            out of range, or for an unknown device or runtime.
    """
    device = check_device(device, runtime)
    model = load_refiner(checkpoint, device=device)
    if model.dims != 2:
        raise InputError(f'{checkpoint}: refines {model.dims} coordinates of a joint; the poses of a video have 2')
    if runtime == 'openvino':
        run_exported(model)
    try:
        return NetworkSmoother(model, keypoint_names, options, device, hangs_on)
    except InputError as error:
        raise InputError(f'{checkpoint}: {error}') from error


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

    def mirror(self, poses: np.ndarray, edges: float = 0.0) -> np.ndarray:
        """The mirror image of the refiner's ``(B, T, K, D)``; ``edges`` is what x and its mirror image add up to."""
        image = poses[:, :, self.flip].astype(np.float32)
        image[..., 0] = edges - image[..., 0]
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
