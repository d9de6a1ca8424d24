"""``ratings fetch``: the ratings of a service, a release or a mirror."""

import csv
import json
import sys
from pathlib import Path
from typing import Any

from mriqc_webapi.cli.places import CACHE, PLACE, opened
from mriqc_webapi.cli.registry import Argument, ExitCode, command


@command(
    'ratings fetch',
    PLACE,
    Argument('--md5sum', metavar='MD5', help='only those of this image'),
    Argument('--rater', metavar='NAME', help='only those of this rater'),
    Argument('--labels', action='store_true', help='one label per image instead'),
    Argument('--out', type=Path, metavar='FILE', help='where to (default: standard output)'),
    Argument('--json', action='store_true', dest='as_json', help='JSON lines instead of TSV'),
    CACHE,
    example='mriqc-webapi ratings fetch --url http://127.0.0.1:5000 --out ratings.tsv',
)
def fetch_ratings(
    *,
    url: str,
    md5sum: str | None,
    rater: str | None,
    labels: bool,
    out: Path | None,
    as_json: bool,
    cache: Path | None,
) -> ExitCode:
    """Write ratings as a table: of each that was corrected, the newest.

    Scores of all scales are told on one, from 1 (exclude) to 4 (excellent).
    """
    with opened(url, cache) as archive:
        rows = archive.label_rows() if labels else archive.rating_rows(md5sum=md5sum, rater=rater)
    text = ''.join(map(_line, rows)) if as_json else _table(rows)
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding='utf-8')
    print(f'{len(rows):,} {"images" if labels else "ratings"} written', file=sys.stderr)
    return ExitCode.OK


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + '\n'


def _table(rows: list[dict[str, Any]]) -> str:
    import io

    names = list(dict.fromkeys(name for row in rows for name in row))
    held = io.StringIO()
    writer = csv.DictWriter(held, names, delimiter='\t', restval='n/a', lineterminator='\n')
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return held.getvalue()


def _cell(value: Any) -> Any:
    """Write a value as BIDS tables do: what is missing is ``n/a``, a list is JSON."""
    if value is None or value == '':
        return 'n/a'
    return json.dumps(value) if isinstance(value, (list, tuple, dict, bool)) else value
