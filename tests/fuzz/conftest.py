"""What every input is held to, and how many there were."""

from collections import defaultdict
from typing import Callable

import pytest

from tests.fuzz.watch import watched

counts = defaultdict(lambda: [0, 0])


@pytest.fixture(scope='session')
def attempt():
    """``attempt(target, function)``: call it in a fork; an InputError of one line is as good as a result.

    Nothing else is: no other error, no signal, no 20 seconds, no 1.5 GB.
    """
    import cv2
    import torch

    cv2.setNumThreads(0)  # a fork has no threads but its own
    torch.set_num_threads(1)

    def call(target: str, function: Callable, growth: int = 0) -> bool:
        read, message = watched(function, growth)
        counts[target][not read] += 1
        if not read:
            assert message and '\n' not in message and len(message) < 2000, message
        return read

    return call


def pytest_terminal_summary(terminalreporter):
    if counts:
        terminalreporter.section('fuzz')
        for target, (read, refused) in sorted(counts.items()):
            terminalreporter.write_line(f'{target:<24}{read + refused:>7} inputs {read:>7} read {refused:>7} refused')
        terminalreporter.write_line(f'{"all":<24}{sum(map(sum, counts.values())):>7} inputs')
