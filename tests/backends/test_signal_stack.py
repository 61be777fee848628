"""A signal that comes after networks have gone is handled, as one that comes before."""

import subprocess
import sys

import pytest

from pipeline.assets import fetch
from pipeline.errors import InputError

CODE = """
import faulthandler, gc, signal, sys
if sys.argv[1:]:
    faulthandler.enable()
import numpy as np
from pipeline.backends.openvino_network import OpenVINONetwork

def network():
    made = OpenVINONetwork('asset:blazepose-full', outputs=(0, 1, 3))
    made(np.zeros((1, 256, 256, 3), np.float32))
    return made

first, second = network(), network()
del first
gc.collect()
del second
gc.collect()
signal.signal(signal.SIGTERM, lambda *_: print('handled'))
signal.raise_signal(signal.SIGTERM)
"""


@pytest.mark.parametrize('watched', [[], ['faulthandler']])
def test_networks_that_go_in_the_order_in_which_they_came_leave_signals_alone(repository, watched):
    try:
        fetch('blazepose-full')
    except InputError as error:
        pytest.skip(str(error))
    done = subprocess.run(
        [sys.executable, '-c', CODE, *watched], cwd=repository, capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stdout) == (0, 'handled\n')
