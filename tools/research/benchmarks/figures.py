"""A measured figure beside its target, and tables of them."""

import math
import statistics
from dataclasses import asdict, dataclass
from typing import Iterable, List, Optional, Tuple


@dataclass(frozen=True)
class Figure:
    """One line of a benchmark.

    Attributes:
        name: what was measured, on what.
        value: the measurement; NaN where it could not be made.
        unit: such as ``fps``, ``times``, ``MB``.
        at_least, at_most: the target, if there is one.
        note: why it is as it is, or why it is missing.
    """

    name: str
    value: float
    unit: str
    at_least: Optional[float] = None
    at_most: Optional[float] = None
    note: str = ''

    @property
    def target(self) -> str:
        """The target in words; empty if there is none."""
        if self.at_least is not None:
            return f'>= {self.at_least:g}'
        return '' if self.at_most is None else f'<= {self.at_most:g}'

    @property
    def met(self) -> Optional[bool]:
        """Whether the target is met; None without a target, or without a measurement."""
        if not self.target or math.isnan(self.value):
            return None
        return bool(self.value >= self.at_least if self.at_least is not None else self.value <= self.at_most)

    def to_dict(self) -> dict:
        """Plain JSON values."""
        value = None if math.isnan(self.value) else round(float(self.value), 4)
        return {**asdict(self), 'value': value, 'target': self.target, 'met': self.met}

    def __str__(self) -> str:
        value = 'not measured' if math.isnan(self.value) else f'{self.value:.2f} {self.unit}'
        verdict = {True: 'met', False: 'MISSED', None: ''}[self.met]
        return f'{self.name:<72}{value:>22}   {self.target:<10}{verdict:<8}{self.note}'.rstrip()


def missing(name: str, why: str, **target: float) -> Figure:
    """A figure that cannot be measured here, and why."""
    return Figure(name, math.nan, '', note=why, **target)


def markdown(sections: Iterable[Tuple[str, List[Figure]]]) -> str:
    """Figures as a table for a document."""
    lines = ['| figure | measured | target | |', '| --- | --- | --- | --- |']
    for title, figures in sections:
        lines.append(f'| **{title}** | | | |')
        for figure in figures:
            value = 'not measured' if math.isnan(figure.value) else f'{_short(figure.value)} {figure.unit}'.rstrip()
            verdict = {True: 'met', False: '**missed**', None: ''}[figure.met]
            lines.append(
                f'| {figure.name} | {value} | {figure.target} | '
                + ', '.join(filter(None, (verdict, figure.note)))
                + ' |'
            )
    return '\n'.join(lines)


def median_ratio(numerators: List[float], denominators: List[float]) -> float:
    """Median of the ratios of measurements that took turns: what the machine did meanwhile hit both."""
    return statistics.median(a / b for a, b in zip(numerators, denominators))


def _short(value: float) -> str:
    return f'{value:,.0f}' if abs(value) >= 1000 else f'{value:.3g}' if abs(value) < 10 else f'{value:.1f}'
