"""``figure``: one figure of an archive, as a file."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from mriqc_webapi.cli.registry import (
    JSON,
    STORE_SETTINGS,
    Argument,
    ExitCode,
    command,
    setting,
)
from mriqc_webapi.cli.waiting import ready_archive
from mriqc_webapi.errors import SetupError
from mriqc_webapi.settings import Settings

if TYPE_CHECKING:
    from mriqc_webapi.figures.registry import Put
    from mriqc_webapi.figures.theme import Theme

THEMES: tuple['Theme', ...] = ('light', 'dark')
WIDTH = 720
_FOREVER_S = 86_400.0  # nobody else waits


@command(
    'figure',
    Argument(
        'name',
        metavar='NAME',
        help='growth, distribution, distributions, relation, correlation, percentiles, ...',
    ),
    Argument('--resource', metavar='NAME', default='', help='which records: T1w, bold, ...'),
    Argument('--iqm', metavar='NAMES', default='', help='one, or several separated by commas'),
    Argument('--x', metavar='IQM', default='', help='across, in a relation'),
    Argument('--y', metavar='IQM', default='', help='upwards, in a relation'),
    Argument('--id', metavar='ID', default='', help='the record whose percentiles are shown'),
    Argument('--by', metavar='FIELDS', default='', help='group by them: vendor, epoch, ...'),
    Argument('--where', metavar='FILTER', default='', help='a filter, as in the API'),
    Argument('--view', metavar='VIEW', default='', help='raw, scan or canonical'),
    Argument('--per', metavar='PERIOD', default='', help='day, week or month'),
    Argument('--method', metavar='NAME', default='', help='pearson or spearman'),
    Argument('--bins', metavar='N', default='', help='of a histogram (default: as n allows)'),
    Argument('--peers', metavar='WHO', default='', help='all, epoch or scanner'),
    Argument('--modality', metavar='NAME', default='', help='of rated images'),
    Argument('--scale', metavar='NAME', default='', help='of ratings: v0, v1 or v2'),
    Argument('--since', metavar='DATE', default='', help='ratings of it or later'),
    Argument('--until', metavar='DATE', default='', help='ratings before it'),
    Argument('--theme', choices=THEMES, default='light', help='colours'),
    Argument('--width', type=int, metavar='PIXELS', default=WIDTH, help='default: 720'),
    Argument('--url', metavar='URL', default='', help='of a running service to ask instead'),
    Argument(
        '--out',
        type=Path,
        metavar='FILE',
        help='where to; it ends in .svg, .png, .csv or .json (default: NAME.svg)',
    ),
    *STORE_SETTINGS,
    setting('catalogue_dir'),
    JSON,
    example='mriqc-webapi figure distributions --resource bold --by vendor --out bold.png',
)
def figure(  # noqa: PLR0913 - one keyword per option
    *,
    name: str,
    out: Path | None,
    theme: 'Theme',
    width: int,
    url: str,
    data_dir: Path | None,
    database: str | None,
    catalogue_dir: Path | None,
    as_json: bool,
    **wanted: Any,
) -> ExitCode:
    """Draw a figure of all that an archive holds now.

    What it takes is told by /figures/index.json and docs/figures.md. The archive is that of the
    data directory, whether the service runs or not, or of a service elsewhere. As JSON the figure
    is a Vega-Lite specification, as CSV the table that was drawn.
    """
    from mriqc_webapi.figures import Size, Wanted, find_figure, save
    from mriqc_webapi.figures.rendering import format_of

    kind = find_figure(name)
    asked = Wanted(**wanted)
    kind.check(asked)
    file = out or Path(f'{name}.svg')
    format_of(file)  # complains before the work
    if not file.parent.is_dir():
        raise SetupError(f'there is no folder {file.parent} to put {file.name} into')
    size: Size = kind.size(asked, _checked(width))
    settings = Settings.from_environment(
        data_dir=data_dir, database=database, catalogue_dir=catalogue_dir
    )
    with _remote(url) if url else _local(settings) as put:
        answer = kind.ask(put, asked)
    save(kind.draw(answer, size), file, theme)
    if as_json:
        print(json.dumps({'figure': name, 'out': str(file)}))
    else:
        print(f'{name} drawn to {file}', file=sys.stderr)
    return ExitCode.OK


def _checked(width: int) -> int:
    from mriqc_webapi.errors import QueryError
    from mriqc_webapi.figures.registry import MAX_WIDTH, MIN_WIDTH

    if not MIN_WIDTH <= width <= MAX_WIDTH:
        raise QueryError(f'--width is from {MIN_WIDTH} to {MAX_WIDTH}')
    return width


@contextmanager
def _local(settings: Settings) -> Iterator['Put']:
    from mriqc_webapi.archive.ratings.desk import RatingDesk
    from mriqc_webapi.archive.statistics.frame import Statistics
    from mriqc_webapi.iqm.loader import load_catalogue
    from mriqc_webapi.web.answering import answering

    catalogue = load_catalogue(settings.catalogue_dir)
    with ready_archive(settings, catalogue) as archive:
        statistics = Statistics(archive, timeout_s=_FOREVER_S)
        yield answering(statistics, RatingDesk(archive, patience_s=_FOREVER_S), catalogue)


@contextmanager
def _remote(url: str) -> Iterator['Put']:
    from mriqc_webapi.client.answers import read_json
    from mriqc_webapi.client.driving import Driver
    from mriqc_webapi.client.patience import ask_until_answered
    from mriqc_webapi.client.steps import Ask
    from mriqc_webapi.figures.registry import address

    driver = Driver(headers={'Accept': 'application/json'})
    root = url.rstrip('/')

    def put(statistic: str, resource: str = '', /, **parameters: str) -> dict[str, Any]:
        path, query = address(statistic, resource, **parameters)
        ask = Ask(method='GET', url=f'{root}/api/v2/{path}?{urlencode(query)}')
        answer: dict[str, Any] = read_json(driver.run(ask_until_answered(lambda: ask)), ask)
        return answer

    try:
        yield put
    finally:
        driver.close()
