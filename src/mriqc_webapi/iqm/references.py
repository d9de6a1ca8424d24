"""The papers that define the measures, read from BibTeX files."""

import re
from collections.abc import Container
from dataclasses import dataclass

from mriqc_webapi.errors import CatalogueError

_ENTRY = re.compile(r'@\w+\{([\w:-]+),')
_VALUE = re.compile(r'(\w+)\s*=\s*\{(.*)\},?')


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One paper, or another work that can be cited."""

    key: str
    citation: str  # 'Cox (1996), AFNI: …, Computers and Biomedical Research 29:162-173'
    doi: str = ''  # without resolver: '10.1006/cbmr.1996.0014'
    url: str = ''  # where the work is found; the DOI's address if it has one


def read_references(text: str, *, file: str, known: Container[str] = ()) -> dict[str, Reference]:
    """Read a BibTeX file that keeps to one ``name = {value}`` a line, by key.

    Raises
    ------
    CatalogueError
        A line that is none of this, a key that comes twice or is among the ``known``, or a work
        without author, title or year.
    """
    found: dict[str, Reference] = {}
    key, start, values = '', 0, dict[str, str]()
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith('%'):
            continue
        if not key and (entry := _ENTRY.fullmatch(line)):
            key, start, values = entry[1], number, {}
        elif key and (value := _VALUE.fullmatch(line)):
            values[value[1].lower()] = value[2].strip()
        elif key and line == '}':
            if key in found or key in known:
                raise CatalogueError(f'{file}:{start}: {key!r} is cited twice')
            found[key] = _reference(key, values, place=f'{file}:{start}')
            key = ''
        else:
            raise CatalogueError(f'{file}:{number}: expected one `name = {{value}}` a line')
    if key:
        raise CatalogueError(f'{file}:{start}: {key!r} is not closed by a line `}}`')
    return found


def _reference(key: str, values: dict[str, str], *, place: str) -> Reference:
    missing = [name for name in ('author', 'title', 'year') if not values.get(name)]
    if missing:
        raise CatalogueError(f'{place}: {key!r} lacks {", ".join(missing)}')
    doi = values.get('doi', '')
    parts = [f'{_authors(values["author"])} ({values["year"]})', values['title'], _venue(values)]
    return Reference(
        key=key,
        citation=', '.join(part for part in parts if part),
        doi=doi,
        url=f'https://doi.org/{doi}' if doi else values.get('url', ''),
    )


def _authors(text: str) -> str:
    if text.startswith('{'):  # an organisation
        return text.strip('{}')
    names = [author.split(',')[0].strip() for author in text.split(' and ')]
    if len(names) > 2:
        return f'{names[0]} et al.'
    return ' and '.join(names)


def _venue(values: dict[str, str]) -> str:
    where = values.get('journal') or values.get('howpublished') or values.get('url', '')
    pages = values.get('pages', '').replace('--', '-')
    issue = ':'.join(part for part in (values.get('volume', ''), pages) if part)
    return f'{where} {issue}'.strip()
