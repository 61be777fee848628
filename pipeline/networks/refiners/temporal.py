"""Base of all temporal networks: their output, and checks of windows and shapes."""

from dataclasses import dataclass
from typing import Optional, Tuple

from torch import Tensor

from pipeline.errors import InputError

MAX_WINDOW = 10_000  # attention grows with the square of it


@dataclass(frozen=True)
class TemporalOutput:
    """What a temporal network says about a window.

    Attributes:
        final: ``(B, T, C)``, the answer for every frame (paper: ``P_s``).
        refined: ``(B, T, C)``, the input refined by the encoder (paper: ``P'``). A
            pose on sampled frames only; elsewhere an offset (published), or the
            interpolated pose where the encoder skipped unsampled frames.
        features: ``(B, T, H)``, what the decoder knows of every frame, for networks
            built on top; None where a network has none.
        log_width: ``(B, T, K)``, natural logarithm of how far from the truth each joint of ``final`` may be (the
            scale of a Laplace distribution, normalised coordinates); None where a network does not say.
    """

    final: Tensor
    refined: Tensor
    features: Optional[Tensor] = None
    log_width: Optional[Tensor] = None


def check_shape(name: str, value: Optional[Tensor], shape: Tuple[int, ...], legend: str) -> None:
    """Raise :class:`InputError` unless ``value`` is there and has ``shape``."""
    if value is None or tuple(value.shape) != shape:
        found = 'nothing' if value is None else tuple(value.shape)
        raise InputError(f'{name}: this network needs shape {legend} = {shape}, not {found}')


def check_window(window: int, interval: int) -> None:
    """Raise :class:`InputError` unless first and last frame of a window are sampled, and it is not huge."""
    if window > MAX_WINDOW:
        raise InputError(f'window {window} is too long: at most {MAX_WINDOW} frames')
    if interval < 1 or window < interval + 1 or (window - 1) % interval:
        raise InputError(
            f'window {window} and interval {interval} do not fit: window - 1 must be a positive multiple of interval'
        )
