"""What each column of a release means: the data dictionary, and what the archive adds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from mriqc_webapi.archive.columns import DERIVED, RESIDUAL
from mriqc_webapi.iqm.definitions import Catalogue
from mriqc_webapi.iqm.dictionary import COLUMNS, Row, dictionary_rows

_SERVER: Final = {
    '_id': ('string', 'The record’s own id; never used again, even if the record is withdrawn.'),
    '_created': ('date', 'When the record came in, UTC.'),
    '_etag': ('string', 'Hash of the record’s content.'),
}
_RESIDUAL: Final = (
    'The part of the record that has no column, as JSON: fields that this dictionary does not '
    'name one by one, and values that do not fit the type of their column.'
)
DERIVED_MEANINGS: Final = {
    'epoch': 'Era of the record’s numbers: software versions whose results are comparable.',
    'vendor': 'Maker of the scanner, from bids_meta.Manufacturer in one spelling.',
    'model': 'Model of the scanner, from bids_meta.ManufacturersModelName in one spelling.',
    'field_strength': 'Nominal field strength, nearest to bids_meta.MagneticFieldStrength.',
    'in_scan': 'Whether this is the record of its image that the view `scan` shows.',
    'group_state': (
        'Place in its group of duplicates: `canonical` stands for the group, `member` is stood '
        'for, `quarantined` belongs to a group whose records disagree.'
    ),
    'n_group': 'How many records its group of duplicates has.',
    'diameter': 'How far the records of its group of duplicates disagree, in units of the policy.',
}
_UNITS: Final = {'field_strength': 'T', 'diameter': '1'}


def released_rows(catalogue: Catalogue, resources: Iterable[str]) -> list[Row]:
    """List the columns of some resources, and the fields that live in their residuals."""
    return [row for name in resources for row in _rows(catalogue, name)]


def _rows(catalogue: Catalogue, resource: str) -> Iterator[Row]:
    for name, (kind, meaning) in _SERVER.items():
        yield _row(resource, name, kind, meaning, role='server')
    if catalogue[resource].kind == 'iqm':
        for name, meaning in DERIVED_MEANINGS.items():
            yield _row(resource, name, DERIVED[name], meaning, role='derived')
    yield from (row for row in dictionary_rows(catalogue, resource) if not row['private'])
    yield _row(resource, RESIDUAL, 'string', _RESIDUAL, role='server')


def _row(resource: str, name: str, kind: str, meaning: str, *, role: str) -> Row:
    empty: Row = dict.fromkeys(COLUMNS, '')
    return empty | {
        'resource': resource,
        'name': name,
        'type': kind,
        'unit': _UNITS.get(name, ''),
        'required': role == 'server' and name != RESIDUAL,
        'better': 'neither',
        'role': role,
        'meaning': meaning,
        'private': False,
    }
