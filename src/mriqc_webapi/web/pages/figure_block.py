"""A figure as a page shows it: its pictures, its downloads, and the requests to copy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from mriqc_webapi.figures.registry import Size, Wanted, address, find_figure

NARROW_SCREEN: Final = '(max-width: 37.5rem)'
DARK: Final = '(prefers-color-scheme: dark)'


@dataclass(frozen=True, slots=True)
class Source:
    """One picture of the figure, and when it is shown."""

    media: str
    href: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Download:
    """One file of the figure."""

    label: str
    href: str
    file: str


@dataclass(frozen=True, slots=True)
class CopyableRequest:
    """The request behind the figure in one language."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class FigureBlock:
    """All that the macro ``figure`` shows."""

    href: str
    width: int
    height: int
    sources: tuple[Source, ...]
    downloads: tuple[Download, ...]
    requests: tuple[CopyableRequest, ...]


def figure_block(
    name: str, params: Mapping[str, str], wide: int, narrow: int, root: str
) -> FigureBlock:
    """Describe a figure for wide and narrow, light and dark screens.

    Parameters
    ----------
    params : mapping
        Parameters of the figure; empty ones are left out.
    wide, narrow : int
        Widths in CSS pixels.
    root : str
        Address of the service, for the requests to copy; '' for none.
    """
    given = {k: v for k, v in params.items() if v}
    wanted = Wanted(**given)
    figure = find_figure(name)
    large, small = figure.size(wanted, wide), figure.size(wanted, narrow)
    sources = (
        _source(name, given, small, f'{NARROW_SCREEN} and {DARK}', 'dark'),
        _source(name, given, small, NARROW_SCREEN, 'light'),
        _source(name, given, large, DARK, 'dark'),
    )
    return FigureBlock(
        href=_href(name, 'svg', given | {'theme': 'light', 'width': str(wide)}),
        width=large.width,
        height=large.height,
        sources=sources,
        downloads=tuple(_downloads(name, given)),
        requests=_requests(name, figure.statistic, given, root) if root else (),
    )


def _source(name: str, given: dict[str, str], size: Size, media: str, theme: str) -> Source:
    href = _href(name, 'svg', given | {'theme': theme, 'width': str(size.width)})
    return Source(media, href, size.width, size.height)


def _downloads(name: str, given: dict[str, str]) -> list[Download]:
    stem = '-'.join([given.get('resource', ''), given.get('iqm', ''), name]).strip('-')
    plain = stem if all(c.isalnum() or c in '-_' for c in stem) else name
    return [
        Download(format.upper(), _href(name, format, given), f'{plain}.{format}')
        for format in ('png', 'svg', 'csv', 'json')
    ]


def _requests(
    name: str, statistic: str, given: dict[str, str], root: str
) -> tuple[CopyableRequest, ...]:
    table = root + _href(name, 'csv', given)
    return (
        CopyableRequest('curl', _curl(name, statistic, given, root)),
        CopyableRequest('Python', f"import pandas\ntable = pandas.read_csv('{_quoted(table)}')"),
        CopyableRequest('R', f"table <- read.csv('{_quoted(table)}')"),
    )


def _curl(name: str, statistic: str, given: dict[str, str], root: str) -> str:
    """Ask the statistic itself; figures that ask several, for their table."""
    path, rest = f'/figures/{name}.csv', given
    if statistic:
        path, rest = address(statistic, given.get('resource', ''), **_without_resource(given))
        path = f'/api/v2/{path}'
    lines = [f"curl -G '{root}{path}'"]
    lines += [f'  --data-urlencode {_shell(f"{k}={v}")}' for k, v in rest.items()]
    return ' \\\n'.join(lines)


def _without_resource(given: dict[str, str]) -> dict[str, str]:
    return {k: v for k, v in given.items() if k != 'resource'}


def _href(name: str, format: str, given: Mapping[str, str]) -> str:
    query = urlencode(given)
    return f'/figures/{name}.{format}' + (f'?{query}' if query else '')


def _shell(text: str) -> str:
    quoted = text.replace("'", "'\\''")
    return f"'{quoted}'"


def _quoted(url: str) -> str:
    return url.replace("'", '%27')
