"""Charts to files: SVG, PNG, the Vega-Lite specification, and the table behind it."""

import csv
import io
import json
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

import vl_convert
from altair.typing import ChartType

from mriqc_webapi.errors import QueryError
from mriqc_webapi.figures.theme import Theme, config

Format: TypeAlias = Literal['svg', 'png', 'json', 'csv']

FORMATS: Final[tuple[Format, ...]] = get_args(Format)
MEDIA_TYPES: Final[dict[Format, str]] = {
    'svg': 'image/svg+xml',
    'png': 'image/png',
    'json': 'application/json',
    'csv': 'text/csv; charset=utf-8',
}
PNG_SCALE: Final = 2  # pixels of a PNG per CSS pixel
_ROOT: Final = re.compile(r'<svg [^>]*>')
_SIZE: Final = re.compile(r' width="[\d.]+" height="[\d.]+" viewBox')
_FORMULA: Final = ('=', '+', '-', '@', '\t', '\r')  # what a spreadsheet takes for one


def render(chart: ChartType, format: Format, theme: Theme = 'light') -> bytes:
    """Write a chart as a file.

    Parameters
    ----------
    format : {'svg', 'png', 'json', 'csv'}
        ``svg`` keeps text as text and names itself to screen readers; ``json`` is the Vega-Lite
        specification with its data; ``csv`` the table that was drawn.
    """
    spec = specification(chart, theme)
    if format == 'svg':
        return sized(named(vl_convert.vegalite_to_svg(spec), spec), spec).encode()
    if format == 'png':
        return bytes(vl_convert.vegalite_to_png(spec, scale=PNG_SCALE))
    if format == 'csv':
        return table(spec).encode()
    return json.dumps(spec, indent=1, ensure_ascii=False).encode()


def save(chart: ChartType, path: Path, theme: Theme = 'light') -> None:
    """Write a chart to a file, in the format that its name ends in.

    Raises
    ------
    QueryError
        The name ends in no known format.
    """
    path.write_bytes(render(chart, format_of(path), theme))


def format_of(path: Path) -> Format:
    """Tell a format by the end of a file's name."""
    for format in FORMATS:
        if path.suffix.lower() == f'.{format}':
            return format
    raise QueryError(f'{path.name!r} must end in one of {", ".join("." + f for f in FORMATS)}')


def specification(chart: ChartType, theme: Theme = 'light') -> dict[str, Any]:
    """Write a chart as a Vega-Lite specification in a theme."""
    spec: dict[str, Any] = chart.to_dict(validate=False)
    spec['config'] = config(theme)
    return spec


def named(svg: str, spec: Mapping[str, Any]) -> str:
    """Give an SVG the name and description that a screen reader tells."""
    title = spec.get('title', {})
    lines = title.get('text', '') if isinstance(title, dict) else title
    name = lines if isinstance(lines, str) else ' '.join(lines)
    words = (
        f'<title id="title">{escape(name)}</title>'
        f'<desc id="desc">{escape(spec.get("description", ""))}</desc>'
    )

    def open_root(found: re.Match[str]) -> str:
        return f'{found[0][:-1]} role="img" aria-labelledby="title desc">{words}'

    return _ROOT.sub(open_root, svg, count=1)


def sized(svg: str, spec: Mapping[str, Any]) -> str:
    """Give an SVG of several drawings the size that its page keeps free for it."""
    size = spec.get('usermeta', {}).get('size')
    if size is None:
        return svg
    root = _SIZE.sub(f' width="{size[0]}" height="{size[1]}" viewBox', svg[:1000], count=1)
    return root + svg[1000:]


def table(spec: Mapping[str, Any]) -> str:
    """Write the data that a chart as a whole has as CSV; text that starts as a formula is quoted.

    The quote is an apostrophe, which spreadsheets hide: text comes from anyone's records.
    """
    rows = _rows(spec)
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, restval='')
    writer.writeheader()
    writer.writerows({k: _cell(v) for k, v in row.items()} for row in rows)
    return out.getvalue()


def _rows(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    held = spec.get('data', {})
    found: list[dict[str, Any]] = held.get('values') or spec.get('datasets', {}).get(
        held.get('name'), []
    )
    return found


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
