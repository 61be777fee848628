"""High dynamic range: the PQ and HLG curves, their picture on a standard screen, and standard colours in theirs.

ITU-R BT.2100 (curves), BT.2408 (white of graphics at 203 cd/m2), BT.2390 section 5.4.1
(the roll-off of highlights), BT.2087 (primaries), BT.1886 (the standard screen).
"""

from functools import lru_cache

import numpy as np

PQ, HLG = 16, 18  # transfer code points in ITU-T H.273
_WHITE = 203.0  # cd/m2 of a standard screen's white among HDR pictures
_PEAK = 1000.0  # cd/m2 to which most films and phones go
_GAMMA = 2.4  # of a standard screen
_HLG_GAMMA = 1.2  # of HLG's screen at 1000 cd/m2
_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
_709_FROM_2020 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])


def nits(signal: np.ndarray, transfer: int) -> np.ndarray:
    """Light in cd/m2 of a signal in 0..1.

    HLG's light depends on all three channels; here each channel goes through the
    curve of grey, which leaves greys right and makes strong colours a little stronger.
    """
    signal = np.asarray(signal, float)
    if transfer == PQ:
        root = signal ** (1 / _M2)
        return 10000 * (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1)
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - _C) / _A) + _B) / 12)
    return _PEAK * scene**_HLG_GAMMA


def signal(light: np.ndarray, transfer: int) -> np.ndarray:
    """The inverse of :func:`nits`."""
    light = np.maximum(np.asarray(light, float), 0)
    if transfer == PQ:
        power = (light / 10000) ** _M1
        return ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2
    scene = np.minimum(light / _PEAK, 1) ** (1 / _HLG_GAMMA)
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), _A * np.log(np.maximum(12 * scene - _B, 1e-9)) + _C)


def to_sdr(image: np.ndarray, transfer: int) -> np.ndarray:
    """What a standard screen shows of an HDR picture.

    Light up to about half of white stays as it is; highlights of up to 1000 cd/m2 are
    rolled off below white.

    Args:
        image: ``(H, W, 3)`` uint8, the HDR signal in BT.2020 primaries.

    Returns:
        ``(H, W, 3)`` uint8 R'G'B' in BT.709 primaries.
    """
    linear, shown = _curves(transfer)
    rgb = linear[image] @ _709_FROM_2020.T.astype(np.float32)
    return shown[np.clip(rgb * (len(shown) - 1) + 0.5, 0, len(shown) - 1).astype(np.uint16)]


def from_sdr(colours: np.ndarray, transfer: int) -> np.ndarray:
    """The HDR signal that looks like standard ``colours``, white being that of graphics.

    Args:
        colours: ``(..., 3)`` R'G'B' in 0..255, BT.709 primaries.

    Returns:
        ``(..., 3)`` float in 0..255, BT.2020 primaries.
    """
    light = (np.asarray(colours, float) / 255) ** _GAMMA @ np.linalg.inv(_709_FROM_2020).T
    return 255 * signal(_WHITE * light, transfer)


@lru_cache(maxsize=2)
def _curves(transfer: int):
    """Of 8-bit signals the light on a standard screen (1 is white), and of such light (4096 steps) the signal."""
    light = _rolled_off(nits(np.arange(256) / 255, transfer)) / _WHITE
    shown = np.rint(255 * (np.arange(4096) / 4095) ** (1 / _GAMMA)).astype(np.uint8)
    return light.astype(np.float32), shown


def _rolled_off(light: np.ndarray) -> np.ndarray:
    """BT.2390's curve from a peak of 1000 to one of 203 cd/m2; it works on PQ signals."""
    top = signal(_PEAK, PQ)
    level, limit = np.minimum(signal(light, PQ) / top, 1), signal(_WHITE, PQ) / top
    knee = 1.5 * limit - 0.5
    t = np.maximum(level - knee, 0) / (1 - knee)
    curve = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * limit
    return nits(np.where(level < knee, level, curve) * top, PQ)
