"""Figures with their spread, held against references of the same run and against targets."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Literal

COLUMNS = ('what', 'measured', 'n', 'beside', 'ratio', 'target', 'reached')


@dataclass(frozen=True, slots=True)
class Sample:
    """One quantity, measured several times."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle value."""
        return median(self.values)

    def over(self, reference: 'Sample') -> 'Sample':
        """Divide pair by pair if both were measured in turns, else by the reference's median."""
        if len(self.values) == len(reference.values):
            pairs = zip(self.values, reference.values, strict=True)
            return Sample(tuple(mine / its for mine, its in pairs))
        return Sample(tuple(value / reference.median for value in self.values))


@dataclass(frozen=True, slots=True)
class Target:
    """What issue and design ask for: of the ratio if there is a reference, else of the figure."""

    bound: Literal['≥', '≤']
    value: float

    def is_reached(self, value: float) -> bool:
        """Tell whether a value is on the right side."""
        return value >= self.value if self.bound == '≥' else value <= self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the table."""

    what: str
    unit: str
    sample: Sample
    beside: str = ''  # what the reference is
    reference: Sample | None = None
    target: Target | None = None

    @property
    def ratio(self) -> Sample | None:
        """The figure as a multiple of its reference."""
        return self.sample.over(self.reference) if self.reference else None

    @property
    def is_reached(self) -> bool | None:
        """Whether the median meets the target; None without one."""
        if self.target is None:
            return None
        return self.target.is_reached((self.ratio or self.sample).median)

    def row(self) -> tuple[str, ...]:
        """Write the row's cells."""
        beside, ratio, target = '', '', ''
        if self.reference and self.ratio:
            beside = f'{self.beside} {_spread(self.reference)} {self.unit}'
            ratio = _spread(self.ratio)
        if self.target:
            unit = '' if self.reference else f' {self.unit}'
            target = f'{self.target.bound} {number_text(self.target.value)}{unit}'
        reached = {None: '', True: 'yes', False: 'NO'}[self.is_reached]
        measured = f'{_spread(self.sample)} {self.unit}'
        return self.what, measured, str(len(self.sample.values)), beside, ratio, target, reached

    def as_json(self) -> dict[str, Any]:
        """Give everything, each repetition too."""
        ratio = self.ratio
        return asdict(self) | {
            'median': self.sample.median,
            'ratio': ratio.median if ratio else None,
            'ratios': ratio.values if ratio else None,
            'reached': self.is_reached,
        }


def table(figures: Sequence[Figure]) -> str:
    """Lay the figures out as a Markdown table."""
    return layout_table([COLUMNS, *(figure.row() for figure in figures)])


def layout_table(rows: Sequence[tuple[str, ...]]) -> str:
    """Lay rows out as a Markdown table, the first one as its head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [' | '.join(map(str.ljust, row, widths)) for row in rows]
    lines.insert(1, ' | '.join('-' * width for width in widths))
    return '\n'.join(f'| {line} |' for line in lines)


def _spread(sample: Sample) -> str:
    middle = number_text(sample.median)
    if len(sample.values) == 1:
        return middle
    return f'{middle} ({number_text(min(sample.values))}–{number_text(max(sample.values))})'


def number_text(value: float) -> str:
    """Write a number to about three digits."""
    if value >= 100:
        return f'{value:,.0f}'
    return f'{value:.1f}' if value >= 10 else f'{value:.2f}'
