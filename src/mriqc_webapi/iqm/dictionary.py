"""The data dictionary: what each field of each resource means, as rows and as a table."""

from mriqc_webapi.errors import NotFoundError
from mriqc_webapi.iqm.definitions import Catalogue, FieldDefinition
from mriqc_webapi.iqm.references import Reference

Row = dict[str, str | bool]

COLUMNS = (
    'resource',
    'name',  # dotted wire path; {N} or {NN} stands for the number of a shell
    'type',
    'unit',  # UCUM
    'required',
    'better',
    'role',
    'meaning',
    'source',  # key of the reference
    'citation',
    'doi',
    'private',
)
MISSING = 'n/a'  # as in the tables of BIDS

_NO_REFERENCE = Reference(key='', citation='')


def dictionary_rows(catalogue: Catalogue, resource: str | None = None) -> list[Row]:
    """List the fields of one resource, or of all, in the catalogue's order.

    Raises
    ------
    NotFoundError
        No such resource.
    """
    if resource is not None and resource not in catalogue:
        raise NotFoundError(f'no resource {resource!r}')
    names = list(catalogue.resources) if resource is None else [resource]
    return [
        _row(name, field, catalogue.references.get(field.source, _NO_REFERENCE))
        for name in names
        for field in catalogue[name].fields
    ]


def dictionary_tsv(rows: list[Row]) -> str:
    """Write the rows as tab-separated values with one header line; what is empty is ``n/a``."""
    lines = [COLUMNS, *(tuple(_cell(row[column]) for column in COLUMNS) for row in rows)]
    return ''.join('\t'.join(line) + '\n' for line in lines)


def _row(resource: str, field: FieldDefinition, reference: Reference) -> Row:
    return {
        'resource': resource,
        'name': field.name,
        'type': field.type,
        'unit': field.unit,
        'required': field.required,
        'better': field.better,
        'role': field.role,
        'meaning': field.meaning,
        'source': field.source,
        'citation': reference.citation,
        'doi': reference.doi,
        'private': field.private,
    }


def _cell(value: str | bool) -> str:
    if isinstance(value, bool):
        return 'true' if value else 'false'
    return ' '.join(value.split()) or MISSING
