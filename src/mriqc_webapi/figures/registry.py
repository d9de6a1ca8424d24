"""The one table of figures: what each is called, takes, asks the archive, and draws."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, Final, Protocol

from altair.typing import ChartType

from mriqc_webapi.errors import NotFoundError, QueryError
from mriqc_webapi.figures.wording import Answer

MIN_WIDTH: Final = 240
MAX_WIDTH: Final = 1600
WIDTH: Final = 720
MAX_BINS: Final = 200  # more are narrower than a pixel


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a figure is to show, in the words of the statistics of ``/api/v2``; '' is not given."""

    resource: str = ''
    iqm: str = ''  # one, or several separated by commas
    x: str = ''
    y: str = ''
    id: str = ''
    by: str = ''
    where: str = ''
    view: str = ''
    per: str = ''
    method: str = ''
    bins: str = ''
    peers: str = ''
    modality: str = ''  # of rated images
    scale: str = ''  # of ratings
    since: str = ''
    until: str = ''

    def given(self, *names: str) -> dict[str, str]:
        """Return those of some parameters that are given."""
        return {name: value for name in names if (value := getattr(self, name))}

    def names(self) -> Iterator[str]:
        """Name all parameters that are given."""
        return (f.name for f in fields(self) if getattr(self, f.name))


class Put(Protocol):
    """Puts the question of a statistics route, wherever the archive is: see `address`."""

    def __call__(
        self, statistic: str, resource: str = '', /, **parameters: str
    ) -> dict[str, Any]: ...


def address(statistic: str, resource: str = '', **parameters: str) -> tuple[str, dict[str, str]]:
    """Tell the path of a question at ``/api/v2``, and its query parameters."""
    if statistic == 'standing':
        id = parameters.pop('id', '')
        return f'{resource}/records/{id}/standing', parameters
    return f'{resource}/{statistic}' if resource else statistic, parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The size of a whole figure in CSS pixels, titles included."""

    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One kind of figure."""

    name: str
    statistic: str  # what it asks in the main; '' if that is several questions
    takes: tuple[str, ...]  # names of `Wanted`
    needs: tuple[str, ...]
    ask: Callable[[Put, Wanted], Answer]
    draw: Callable[[Answer, Size], ChartType]
    height: Callable[[Wanted, int], int]  # for a width

    @property
    def meaning(self) -> str:
        """What it shows, in one sentence."""
        return (self.draw.__doc__ or '').partition('\n')[0]

    def size(self, wanted: Wanted, width: int = WIDTH) -> Size:
        """Tell how large the figure will be."""
        return Size(width=width, height=self.height(wanted, width))

    def check(self, wanted: Wanted) -> None:
        """Raise QueryError for a parameter that the figure does not take, or lacks."""
        foreign = [name for name in wanted.names() if name not in self.takes]
        if foreign:
            raise QueryError(f'figure {self.name!r} takes no {", ".join(foreign)}')
        if wanted.bins.isdecimal() and int(wanted.bins) > MAX_BINS:
            raise QueryError(f'a figure has at most {MAX_BINS} bins')
        missing = [name for name in self.needs if not getattr(wanted, name)]
        if missing:
            raise QueryError(f'figure {self.name!r} needs {" and ".join(missing)}')


FIGURES: dict[str, Figure] = {}


def register(
    name: str,
    *,
    ask: Callable[[Put, Wanted], Answer],
    statistic: str = '',
    takes: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
    height: Callable[[Wanted, int], int],
) -> Callable[[Callable[..., ChartType]], Callable[..., ChartType]]:
    """Register a function that draws an answer as a figure."""

    def add(draw: Callable[..., ChartType]) -> Callable[..., ChartType]:
        if name in FIGURES:
            raise ValueError(f'two figures are called {name!r}')
        FIGURES[name] = Figure(
            name=name,
            statistic=statistic,
            takes=needs + takes,
            needs=needs,
            ask=ask,
            draw=draw,
            height=height,
        )
        return draw

    return add


def find_figure(name: str) -> Figure:
    """Look a figure up.

    Raises
    ------
    NotFoundError
        There is no such figure.
    """
    if name not in FIGURES:
        raise NotFoundError(f'there is no figure {name!r}; there are {", ".join(sorted(FIGURES))}')
    return FIGURES[name]


def proportional(ratio: float, *, least: int = 0) -> Callable[[Wanted, int], int]:
    """Make figures as high as a share of their width, but not lower than `least` pixels."""
    return lambda _wanted, width: max(round(width * ratio), least)
