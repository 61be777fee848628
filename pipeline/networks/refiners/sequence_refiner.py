"""From raw to refined keypoints: normalise, run the network, undo; the same in training and in the video chain.

Legend: ``B`` windows, ``T`` frames of a window, ``K`` joints of ``D`` coordinates.
"""

import math
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import torch
from mmengine.model import BaseModel
from mmpose.registry import MODELS
from torch import Tensor, nn

from pipeline.backends.checkpoint import load_model, save_model
from pipeline.backends.registered import build_registered
from pipeline.errors import InputError
from pipeline.networks.refiners import deciwatch, guided, hanet, normalise, smoothnet  # noqa: F401, registers them
from pipeline.networks.refiners.normalise import Scaling, fill_missing


@MODELS.register_module()
class SequenceRefiner(BaseModel):
    """A temporal network with all that surrounds it: missing joints, normalisation, losses.

    Args:
        backbone: HANet, SmoothNet or DeciWatch, or its config.
        loss: a loss of :mod:`pipeline.training.losses`, or a list of them to be added.
            Losses see normalised coordinates.
        normaliser: one of :mod:`pipeline.networks.refiners.normalise`; ``FigureNormaliser`` by default.
        keypoint_names: ``K`` joint names, so that a checkpoint knows its joints.
        fps_range: frame rates that it is trained for; others are clamped to it.
        data_preprocessor: as in MMEngine.

    Attributes:
        window: ``T``.
        interval: ``N``; the network looks at every N-th frame.
        dims: ``D``.
        network_options: what :meth:`refine` tells the backbone beside its inputs.
        meta: notes of the file that it was read from.
    """

    meta: dict

    def __init__(
        self,
        backbone: Union[nn.Module, Mapping],
        loss: Union[Mapping, Sequence[Mapping], None] = None,
        normaliser: Optional[Mapping] = None,
        keypoint_names: Sequence[str] = (),
        fps_range: Tuple[float, float] = (5.0, 240.0),
        data_preprocessor: Optional[dict] = None,
        init_cfg=None,
    ):
        super().__init__(data_preprocessor, init_cfg)
        self.backbone = build_registered(backbone)
        self.normaliser = build_registered(normaliser or {'type': 'FigureNormaliser'})
        configs = [] if loss is None else loss if isinstance(loss, (list, tuple)) else [loss]
        self.losses = nn.ModuleList(map(build_registered, configs))
        self.window, self.interval = self.backbone.window, self.backbone.interval
        self.num_keypoints, self.dims = self.backbone.num_keypoints, self.backbone.dims
        self.keypoint_names = tuple(keypoint_names)
        self.fps_range = tuple(fps_range)
        if self.keypoint_names and len(self.keypoint_names) != self.num_keypoints:
            raise InputError(
                f'keypoint_names: {len(self.keypoint_names)} names for a network of {self.num_keypoints} joints'
            )
        self.register_buffer('sampled', torch.arange(self.window) % self.interval == 0, persistent=False)
        # the network says which frames it reads; skipping the others is exact with this mask only
        self.network_options = {'sampled_only': True} if getattr(self.backbone, 'cross_mask', '') == 'masked' else {}

    @torch.no_grad()
    def refine(
        self,
        keypoints: Tensor,
        scores: Optional[Tensor] = None,
        fps: Optional[Tensor] = None,
        image_size: Optional[Tensor] = None,
    ) -> Tensor:
        """Refine windows, as in evaluation.

        Args:
            keypoints: ``(B, T, K, D)`` in px (2D) or the unit of the training data (3D).
            scores: ``(B, T, K)`` in 0..1, 0 where a joint was not seen; all seen by default.
            fps: ``(B,)`` frames per second; 30 by default.
            image_size: ``(B, 2)`` px, width and height; for :class:`ImageNormaliser` only.

        Returns:
            ``(B, T, K, D)`` in the units of the input.

        Raises:
            InputError: if a shape does not fit this network.
        """
        return self.refine_and_doubt(keypoints, scores, fps, image_size)[0]

    @torch.no_grad()
    def refine_and_doubt(
        self,
        keypoints: Tensor,
        scores: Optional[Tensor] = None,
        fps: Optional[Tensor] = None,
        image_size: Optional[Tensor] = None,
    ) -> Tuple[Tensor, Optional[Tensor]]:
        """As :meth:`refine`, and ``(B, T, K)`` standard deviations of the answers per axis, in the units of the
        input; None where the network does not estimate them."""
        training = self.training
        if training:
            self.eval()
        try:
            final, _, scaling, log_width = self._run(keypoints, scores, fps, image_size)
        finally:
            if training:
                self.train()
        if log_width is None:
            return scaling.invert(final), None
        # of the density exp(-r / b) / (2 pi b²) an axis has the variance 3 b² (WidthLoss)
        scale = (final.new_ones(final.shape) * scaling.scale).mean(dim=-1)
        return scaling.invert(final), math.sqrt(3) * log_width.exp() * scale

    def forward(
        self, inputs: Dict[str, Tensor], data_samples: Optional[Dict[str, Any]] = None, mode: str = 'tensor'
    ) -> Union[Tensor, Dict[str, Tensor], List[dict]]:
        """What MMEngine's Runner calls.

        Args:
            inputs: ``keypoints``, ``scores``, ``fps`` and ``image_size`` as in :meth:`refine`.
            data_samples: ``target`` ``(B, T, K, D)`` in the units of the input and
                ``target_weight`` ``(B, T, K)`` (1 everywhere by default); any other
                entry of length ``B`` is handed through by mode 'predict'.
            mode: 'tensor' gives refined keypoints, 'loss' losses by name, 'predict'
                one dictionary per window, with ``pred_keypoints`` ``(T, K, D)``,
                ``inputs`` under ``input_<name>``, and all of ``data_samples``.

        Raises:
            ValueError: for another mode.
        """
        if mode == 'tensor':
            final, _, scaling, _ = self._run(**inputs)
            return scaling.invert(final)
        if mode == 'loss':
            return self._losses(inputs, data_samples)
        if mode == 'predict':
            return self._predict(inputs, data_samples or {})
        raise ValueError(f"mode {mode!r}: allowed are 'tensor', 'loss' and 'predict'")

    def _run(
        self,
        keypoints: Tensor,
        scores: Optional[Tensor] = None,
        fps: Optional[Tensor] = None,
        image_size: Optional[Tensor] = None,
    ) -> Tuple[Tensor, Tensor, Scaling, Optional[Tensor]]:
        """Final and refined poses, normalised, ``(B, T, K, D)``, the scaling of their input, and the log width."""
        keypoints, scores, fps = self._complete(keypoints, scores, fps)
        seen = (scores > 0) & keypoints.isfinite().all(dim=-1)
        known = seen.any(dim=1)  # (B, K)
        filled = fill_missing(keypoints, seen)
        scaling = self.normaliser.fit(filled, known, image_size)
        # a joint that no frame shows stands at zero, the middle of the figure
        normalised = torch.where(known[:, None, :, None], scaling.apply(filled), 0.0)
        output = self.backbone(normalised.flatten(2), scores * seen, fps, **self.network_options)
        # autocast may have answered in half precision, which rounds pixels of a target by half a pixel
        final, refined = (poses.float().reshape(keypoints.shape) for poses in (output.final, output.refined))
        return final, refined, scaling, output.log_width

    def _complete(self, keypoints, scores, fps):
        expected = (self.window, self.num_keypoints, self.dims)
        if keypoints.dim() != 4 or keypoints.shape[1:] != expected:
            raise InputError(
                f'keypoints of shape {tuple(keypoints.shape)}: this refiner takes (B, {", ".join(map(str, expected))})'
            )
        keypoints = keypoints.float()
        scores = keypoints.new_ones(keypoints.shape[:3]) if scores is None else scores.float()
        if scores.shape != keypoints.shape[:3]:
            raise InputError(
                f'scores of shape {tuple(scores.shape)}: these keypoints need {tuple(keypoints.shape[:3])}'
            )
        fps = keypoints.new_full((len(keypoints),), 30.0) if fps is None else fps.float()
        if fps.shape != keypoints.shape[:1]:
            raise InputError(f'fps of shape {tuple(fps.shape)} for {len(keypoints)} windows')
        return keypoints, scores.nan_to_num(0.0).clamp(0, 1), fps.clamp(*self.fps_range)

    def _losses(self, inputs: Dict[str, Tensor], data_samples: Dict[str, Any]) -> Dict[str, Tensor]:
        final, refined, scaling, log_width = self._run(**inputs)
        target = data_samples['target'].to(final)
        weight = data_samples.get('target_weight')
        weight = final.new_ones(final.shape[:3]) if weight is None else weight.to(final)
        target = self.normaliser.fit_target(target, scaling, weight > 0).apply(target)
        known = (weight > 0) & target.isfinite().all(dim=-1)  # not annotated may mean NaN, or a root that is not
        target, weight = torch.where(known[..., None], target, 0.0), torch.where(known, weight, 0.0)
        losses = {}
        for loss in self.losses:
            also = (log_width,) if getattr(loss, 'reads_width', False) else ()
            losses.update(loss(final, refined, target, weight, self.sampled, *also))
        return losses

    def _predict(self, inputs: Dict[str, Tensor], data_samples: Dict[str, Any]) -> List[dict]:
        columns = {
            **data_samples,
            **{f'input_{name}': column for name, column in inputs.items()},
            'pred_keypoints': self.refine(**inputs),
        }
        windows = range(len(inputs['keypoints']))
        return [{name: column[i] for name, column in columns.items()} for i in windows]


def save_refiner(
    path: Union[str, Path],
    model: nn.Module,
    cfg: Mapping,
    extra_meta: Optional[Mapping] = None,
    half: bool = False,
    force: bool = False,
) -> None:
    """Write a :class:`SequenceRefiner` so that :func:`load_refiner` needs nothing but the file.

    Args:
        path: the file to write.
        model: the trained refiner.
        cfg: config that builds it; its ``loss`` and ``data_preprocessor`` are left out.
        extra_meta: plain values to keep beside the weights.
        half: store weights as float16, half the size.
        force: replace an existing file.

    Raises:
        InputError: if the file exists or cannot be written, or ``cfg`` or
            ``extra_meta`` hold more than plain values.
    """
    training_only = ('loss', 'data_preprocessor', 'init_cfg')
    config = {key: value for key, value in cfg.items() if key not in training_only}
    save_model(path, {'type': 'SequenceRefiner', **config}, model.state_dict(), extra_meta, half, force)


def load_refiner(path: Union[str, Path], device: Union[str, torch.device] = 'cpu') -> SequenceRefiner:
    """Read a :class:`SequenceRefiner`, in evaluation mode on ``device``; its notes are ``.meta``.

    Raises:
        InputError: if the file is missing, broken, of another kind, or its weights
            do not fit its config.
    """
    model, model.meta = load_model(path, SequenceRefiner, device)
    return model
