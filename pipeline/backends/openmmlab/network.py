"""Build networks from configs, ready to run: in their own scope, loaded, folded, on their device."""

from dataclasses import dataclass
from pathlib import Path
from typing import List, Mapping, Optional, Tuple, Union

import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.model.utils import revert_sync_batchnorm
from mmengine.registry import DefaultScope, Registry
from torch import nn

from pipeline.backends.devices import check_device
from pipeline.backends.graphs import Graphs, OpenVINOExporter, OpenVINOGraph, trace
from pipeline.backends.openmmlab.checkpoint import load_checkpoint
from pipeline.backends.openmmlab.config import config_name, first_line
from pipeline.backends.openmmlab.fuse import fuse_batch_norms
from pipeline.errors import InputError


@dataclass(frozen=True)
class Speed:
    """How a network is run. The defaults change results by rounding only.

    Attributes:
        fuse: fold batch norms into convolutions.
        channels_last: keep feature maps as (B, H, W, C) in memory; on CPUs a third
            faster for depthwise convolutions.
        trace: run backbone, neck and head as traced graphs where these give the same
            (:class:`pipeline.backends.graphs.Graphs`); costs a few passes at the start. Not
            with ``half``.
        runtime: ``torch``, or ``openvino``, which runs backbone, neck and head from
            converted graphs, on a CPU; the first start converts them into the user's cache
            folder. The head runs in torch where it cannot be converted.
        half: run backbone and neck in half precision (float16 on a GPU, bfloat16 on a
            CPU, where it pays if the CPU multiplies it in hardware; OpenVINO does it only
            there); heads and decoding stay in float32. Moves keypoints by a fraction of a heatmap cell.
    """

    fuse: bool = True
    channels_last: bool = True
    trace: bool = True
    runtime: str = 'torch'
    half: bool = False


def build_network(
    config: Config,
    registry: Registry,
    checkpoint: Union[None, str, Path],
    device: Union[str, torch.device],
    speed: Speed,
) -> Tuple[nn.Module, dict]:
    """Build ``config.model`` with its weights, in evaluation mode.

    Args:
        registry: ``MODELS`` of MMDetection or MMPose.
        checkpoint: see :func:`load_checkpoint`; None leaves the weights as the model's
            constructor made them.
        device: see :func:`pipeline.backends.devices.check_device`.

    Returns:
        The model, and the ``meta`` of its checkpoint.

    Raises:
        InputError: if the config does not build or does not fit the weights, or for
            an unknown device.
    """
    device = check_device(device, speed.runtime)
    if 'model' not in config:
        raise InputError(f'{config_name(config)}: has no model')
    drop_pretrained(config.model)
    with DefaultScope.overwrite_default_scope(registry.scope):
        try:
            model = revert_sync_batchnorm(registry.build(config.model))
        except InputError:
            raise
        except Exception as error:  # any constructor of any model
            raise InputError(f'{config_name(config)}: its model cannot be built ({first_line(error)})') from error
    meta = load_checkpoint(model, checkpoint) if checkpoint is not None else {}
    model.eval().requires_grad_(False)
    if speed.fuse:
        fuse_batch_norms(model)
    model.to(device)
    if speed.channels_last:
        model.to(memory_format=torch.channels_last)
    if speed.runtime == 'openvino':
        run_exported(model, config, speed.half)
    elif speed.half:
        run_half(model, device)
    elif speed.trace:
        run_traced(model)
    if device.type == 'cpu' and hasattr(model, 'data_preprocessor'):
        # everything is there already, and MMEngine's way of moving a sample there copies it
        model.data_preprocessor.cast_data = lambda data: data
    return model, meta


def build_transforms(transforms: list, registry: Registry, config: Config) -> Compose:
    """The transforms of a test pipeline.

    Args:
        registry: ``TRANSFORMS`` of MMDetection or MMPose; unscoped names are its own.

    Raises:
        InputError: if one is unknown or takes other arguments.
    """
    with DefaultScope.overwrite_default_scope(registry.scope):
        try:
            return Compose([registry.build(transform) for transform in transforms])
        except Exception as error:  # any constructor of any transform
            raise InputError(
                f'{config_name(config)}: its test pipeline cannot be built ({first_line(error)})'
            ) from error


def drop_pretrained(config: Optional[dict]) -> None:
    """Remove ``init_cfg`` everywhere in a model's config: it names weights to train from, or URLs."""
    if isinstance(config, dict):
        config.pop('init_cfg', None)
        for value in config.values():
            drop_pretrained(value)
    elif isinstance(config, (list, tuple)):
        for value in config:
            drop_pretrained(value)


def runs_in_torch(model: nn.Module) -> bool:
    """Whether a model's network is torch's at all; others have no parameters that torch knows of."""
    return any(True for _ in model.parameters())


def check_weights_given(stage: str, options: Mapping, model: Optional[nn.Module]) -> None:
    """Refuse a network whose weights nobody has given: its poses mean nothing.

    Args:
        stage: 'detector' or 'estimator'.
        options: of the stage.
        model: its network; one that brings weights of its own has no parameters that torch knows of, or says
            ``has_weights = True``.

    Raises:
        InputError: if there is no checkpoint.
    """
    if options.get('checkpoint') is None and model is not None and runs_in_torch(model):
        if not getattr(model, 'has_weights', False):
            raise InputError(
                f'{stage} {options.get("config")}: no checkpoint, so its weights would be random; give one '
                f'(--{stage} CONFIG CHECKPOINT), or --random-weights to try it without'
            )


def run_traced(model: nn.Module) -> None:
    """Let backbone and neck (``extract_feat``) and the head of a model run as traced graphs, as far as they can."""
    if runs_in_torch(model):
        model.extract_feat = Graphs(model.extract_feat, trace)
        for _, head in _heads(model):
            head.forward = Graphs(head.forward, trace)


def run_exported(model: nn.Module, config: Config, half: bool = False) -> None:
    """Let OpenVINO run backbone and neck, in half precision or not, and the head where it can be converted."""
    if runs_in_torch(model):
        model.extract_feat = Graphs(
            model.extract_feat,
            OpenVINOExporter(model, 'extract_feat', repr(config.model)),
            required=f'{config_name(config)}: its backbone',
            adopt=OpenVINOGraph.in_half if half else None,
        )
        for name, head in _heads(model):
            head.forward = Graphs(head.forward, OpenVINOExporter(head, name, repr(config.model)))


def _heads(model: nn.Module) -> List[Tuple[str, nn.Module]]:
    found = [(name, getattr(model, name, None)) for name in ('head', 'bbox_head')]
    return [(name, head) for name, head in found if isinstance(head, nn.Module)]


def run_half(model: nn.Module, device: torch.device) -> None:
    """Let ``model.extract_feat`` (backbone and neck) compute in half precision, and give float32."""
    extract = model.extract_feat
    kind = torch.float16 if device.type == 'cuda' else torch.bfloat16
    for name in ('backbone', 'neck'):
        part = getattr(model, name, None)
        if isinstance(part, nn.Module):
            part.to(kind)  # autocast alone would convert the weights anew in every pass

    def extract_feat(*args, **kwargs):
        with torch.autocast(device.type, dtype=kind):
            return _to_float(extract(*args, **kwargs))

    model.extract_feat = extract_feat


def _to_float(features):
    if isinstance(features, torch.Tensor):
        return features.float() if features.is_floating_point() else features
    if isinstance(features, (list, tuple)):
        return type(features)(_to_float(feature) for feature in features)
    return features
