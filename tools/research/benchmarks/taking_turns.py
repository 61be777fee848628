"""Timing of things that are compared: they take turns, so that a busy machine hits all of them."""

import time
from typing import Callable, Dict, List, Mapping


def seconds_of(function: Callable[[], object]) -> float:
    """Wall time of one call."""
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def take_turns(
    functions: Mapping[str, Callable[[], object]], repeats: int, warm_up: bool = True
) -> Dict[str, List[float]]:
    """Seconds of every call: A B C, A B C, ….

    Args:
        functions: by name.
        repeats: rounds.
        warm_up: call each once before.
    """
    if warm_up:
        for function in functions.values():
            function()
    seconds: Dict[str, List[float]] = {name: [] for name in functions}
    for _ in range(repeats):
        for name, function in functions.items():
            seconds[name].append(seconds_of(function))
    return seconds
