"""Choose a refiner that answers within some seconds."""

import math
from fractions import Fraction
from typing import Any, Dict, Optional, Union

from pipeline.errors import InputError
from pipeline.refine.build import build_refiner, refiner_options
from pipeline.refine.stream import MAX_GAP, MAX_HIDDEN
from pipeline.skeletons import load_skeleton

# best first; a Gaussian of 1 frame and less is steadier than a filter that knows the past only
_CANDIDATES: tuple = (
    dict(type='hanet'),
    dict(type='hanet', rate=0),  # shorter windows of fast films
    dict(type='gaussian', sigma=1.5, block=1),
    dict(type='gaussian', sigma=1.0, block=1),
    dict(type='one-euro'),
)
_LEAST_GAP = 0.1  # seconds without a person that all but the last should bridge
# frames that the chain holds back beside the refiner: one may be the last of the source, one is being drawn
_HELD = 2


def refiner_within(
    seconds: float,
    fps: Fraction,
    wanted: Union[None, str, Dict[str, Any]] = None,
    every: int = 1,
    lifted: int = 0,
) -> Dict[str, Any]:
    """Options of a refiner whose answers come at most ``seconds`` after their frame, computing not counted.

    Args:
        seconds: above 0.
        fps: frames per second of the source.
        wanted: a refiner that has to be used; it bridges shorter gaps if need be.
        every: every how many-th frame is analysed.
        lifted: frames that 3D behind the refiner holds back.

    Returns:
        As :func:`pipeline.refine.refiner_options` gives them, with ``max_gap`` where gaps have to be shorter.

    Raises:
        InputError: if none, or not ``wanted``, answers in time; it says how long that one takes.
    """
    frames = seconds * float(fps)
    candidates = [refiner_options(wanted)] if wanted is not None else _CANDIDATES
    needed: Optional[float] = None
    for candidate in candidates:
        options = dict(candidate)
        asked = 'max_gap' in options
        gap = options.pop('max_gap', MAX_GAP)
        # the joints do not matter for how far it looks ahead
        looks = build_refiner({**options, 'max_gap': 0.0}, load_skeleton('coco'), 'cpu').latency(float(fps), every)
        held = looks + lifted + _HELD
        needed, left = held / float(fps), (frames - held) / float(fps)
        if left >= (0 if candidate is candidates[-1] else _LEAST_GAP):
            if not asked and left >= math.ceil(MAX_HIDDEN * float(fps)) / float(fps):
                return options
            whole = int(left * float(fps) + 1e-6) / float(fps)  # rounded down, or it would be a frame more
            return {**options, 'max_gap': math.floor(min(gap, whole) * 1e4 + 1e-9) / 1e4}
    name = candidates[-1]['type']
    raise InputError(
        f'--latency {seconds:g}: at {float(fps):.5g} frames per second refiner {name} '
        + (f'with --3d behind it answers after {needed:.2f} s' if lifted else f'answers after {needed:.2f} s')
        + (' at the soonest' if wanted is None else '; leave --refiner out to have one chosen')
    )
