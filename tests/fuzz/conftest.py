"""What every input is held to, and how many there were."""

import faulthandler
import resource
from collections import defaultdict
from typing import Callable

import pytest

from pipeline.errors import InputError

HANG_SECONDS = 120  # for one input, on a loaded machine; then the process dumps its stack and ends
GROWTH_KILOBYTES = 700_000  # of the process's peak by one small input: a picture may have 2^27 pixels

counts = defaultdict(lambda: [0, 0])


@pytest.fixture(scope='session')
def attempt():
    """``attempt(target, function)``: call it; an InputError of one line is as good as a result, nothing else is."""

    def call(target: str, function: Callable) -> bool:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        faulthandler.dump_traceback_later(HANG_SECONDS, exit=True)
        try:
            function()
            counts[target][0] += 1
            read = True
        except InputError as error:
            message = str(error)
            assert message and '\n' not in message and len(message) < 2000, message
            counts[target][1] += 1
            read = False
        finally:
            faulthandler.cancel_dump_traceback_later()
        growth = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert growth < GROWTH_KILOBYTES, f'{target}: {growth / 1024:.0f} MB for one input'
        return read

    return call


def pytest_terminal_summary(terminalreporter):
    if counts:
        terminalreporter.section('fuzz')
        for target, (read, refused) in sorted(counts.items()):
            terminalreporter.write_line(f'{target:<24}{read + refused:>7} inputs {read:>7} read {refused:>7} refused')
        terminalreporter.write_line(f'{"all":<24}{sum(map(sum, counts.values())):>7} inputs')
