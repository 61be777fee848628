"""Figures know their targets, and tables say plainly what was missed or not measured."""

import json
import math

import numpy as np
import pytest

from tools.research.benchmarks.figures import Figure, markdown, median_ratio, missing
from tools.research.benchmarks.taking_turns import take_turns


@pytest.mark.parametrize(
    'value, target, words, met',
    [
        (2.0, dict(at_least=1.8), '>= 1.8', True),
        (1.7, dict(at_least=1.8), '>= 1.8', False),
        (1.1, dict(at_most=1.1), '<= 1.1', True),
        (1.2, dict(at_most=1.1), '<= 1.1', False),
        (5.0, {}, '', None),
        (math.nan, dict(at_least=1), '>= 1', None),
        (np.float64(2), dict(at_least=1), '>= 1', True),
    ],
)
def test_targets(value, target, words, met):
    figure = Figure('speed', value, 'fps', **target)
    assert figure.target == words and figure.met is met
    row = json.loads(json.dumps(figure.to_dict()))
    assert row['target'] == words and row['met'] is met
    assert row['value'] == (None if math.isnan(value) else value)


def test_table_says_what_is_missed_and_what_is_missing():
    table = markdown(
        [
            (
                'speed',
                [
                    Figure('a', 2, 'times', at_least=3),
                    Figure('b', 1234.5, 'MB', note='peak'),
                    Figure('d', 4, 'times', at_least=3),
                    missing('c', 'no weights here', at_least=1),
                ],
            )
        ]
    )
    rows = table.splitlines()
    assert rows[2] == '| **speed** | | | |'
    assert rows[3] == '| a | 2 times | >= 3 | **missed** |'
    assert rows[4] == '| b | 1,234 MB |  | peak |'
    assert rows[5] == '| d | 4 times | >= 3 | met |'
    assert rows[6] == '| c | not measured | >= 1 | no weights here |'
    assert 'MISSED' in str(Figure('a', 2, 'times', at_least=3))


def test_compared_things_take_turns():
    calls = []
    seconds = take_turns({'a': lambda: calls.append('a'), 'b': lambda: calls.append('b')}, repeats=2)
    assert calls == ['a', 'b'] * 3 and {name: len(values) for name, values in seconds.items()} == {'a': 2, 'b': 2}
    assert median_ratio([2, 40, 6], [1, 10, 3]) == 2
