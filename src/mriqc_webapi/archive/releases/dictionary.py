"""What each column of a release means: the data dictionary, and what the archive adds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from mriqc_webapi.archive.columns import DERIVED_OF, RESIDUAL
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
RATED_MEANINGS: Final = {
    'scan': 'MD5 of the rated image’s file, in lower case; null if the report did not know it.',
    'scale': 'Scale of the value, as stated or told from what came: v0, v1, v2 or unknown.',
    'score': 'The value on the common scale from 1 to 4; null where its scale is unknown.',
    'grade': 'Grade common to all scales: exclude, poor, acceptable or excellent.',
    'label': 'What the rating’s own scale calls the grade.',
    'artifacts': 'Names of the artifacts that the rater has seen, as a JSON list; null for none.',
    'rater': 'The rater’s name or pseudonym; empty for an anonymous one.',
    'chain': 'Id of the rating that this one corrects, else its own; a chain is one opinion.',
    'is_standing': 'Whether the rating counts: it is the newest of its chain.',
}
_MEANINGS: Final = {'iqm': DERIVED_MEANINGS, 'rating': RATED_MEANINGS, 'telemetry': {}}
_UNITS: Final = {'field_strength': 'T', 'diameter': '1', 'score': '1'}


def served_rows(catalogue: Catalogue, resources: Iterable[str]) -> list[Row]:
    """List all fields of some resources, private ones too, and then the columns beside them."""
    found: list[Row] = []
    for name in resources:
        fields = dictionary_rows(catalogue, name)
        known = {row['name'] for row in fields}
        beside = (row for row in _rows(catalogue, name) if row['name'] not in known)
        found += [*fields, *beside]
    return found


def released_rows(catalogue: Catalogue, resources: Iterable[str]) -> list[Row]:
    """List the columns of some resources, and the fields that live in their residuals."""
    return [row for name in resources for row in _rows(catalogue, name)]


def _rows(catalogue: Catalogue, resource: str) -> Iterator[Row]:
    for name, (kind, meaning) in _SERVER.items():
        yield _row(resource, name, kind, meaning, role='server')
    kind = catalogue[resource].kind
    derived = DERIVED_OF[kind]
    for name, meaning in _MEANINGS[kind].items():
        yield _row(resource, name, derived[name], meaning, role='derived')
    for row in dictionary_rows(catalogue, resource):
        if not row['private'] and row['name'] not in derived:  # else as sent, in the residual
            yield row
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
