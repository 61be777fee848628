"""What every input is held to, and how many there were."""

from collections import defaultdict
from typing import Callable, Iterator

import pytest

from tests.fuzz.watch import one_thread, watched

counts = defaultdict(lambda: [0, 0])


@pytest.fixture(scope='module')
def attempt() -> Iterator[Callable]:
    """``attempt(target, function)``: call it in a fork; an InputError of one line is as good as a result.

    Nothing else is: no other error, no signal, no 20 seconds, no 1.5 GB.
    """

    def call(target: str, function: Callable, growth: int = 0) -> bool:
        read, message = watched(function, growth)
        counts[target][not read] += 1
        if not read:
            assert message and '\n' not in message and len(message) < 2000, message
        return read

    with one_thread():
        yield call


def pytest_terminal_summary(terminalreporter):
    if counts:
        terminalreporter.section('fuzz')
        for target, (read, refused) in sorted(counts.items()):
            terminalreporter.write_line(f'{target:<24}{read + refused:>7} inputs {read:>7} read {refused:>7} refused')
        terminalreporter.write_line(f'{"all":<24}{sum(map(sum, counts.values())):>7} inputs')
