"""A release described in Croissant 1.0, the JSON-LD vocabulary of data sets for machine learning.

The vocabulary: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.0.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from mriqc_webapi.archive.ratings.labels import label_rows
from mriqc_webapi.archive.releases.manifest import Manifest, ReleasedFile, Table
from mriqc_webapi.iqm.dictionary import Row

Json = dict[str, Any]

PARQUET: Final = 'application/x-parquet'  # the name that mlcroissant knows
TYPES: Final = {
    'float': 'sc:Float',
    'integer': 'sc:Integer',
    'string': 'sc:Text',
    'boolean': 'sc:Boolean',
    'date': 'sc:DateTime',
}
# as the specification gives it, word for word: processors compare it
CONTEXT: Final[Json] = {
    '@language': 'en',
    '@vocab': 'https://schema.org/',
    'citeAs': 'cr:citeAs',
    'column': 'cr:column',
    'conformsTo': 'dct:conformsTo',
    'cr': 'http://mlcommons.org/croissant/',
    'rai': 'http://mlcommons.org/croissant/RAI/',
    'data': {'@id': 'cr:data', '@type': '@json'},
    'dataType': {'@id': 'cr:dataType', '@type': '@vocab'},
    'dct': 'http://purl.org/dc/terms/',
    'equivalentProperty': 'cr:equivalentProperty',
    'examples': {'@id': 'cr:examples', '@type': '@json'},
    'extract': 'cr:extract',
    'field': 'cr:field',
    'fileProperty': 'cr:fileProperty',
    'fileObject': 'cr:fileObject',
    'fileSet': 'cr:fileSet',
    'format': 'cr:format',
    'includes': 'cr:includes',
    'isLiveDataset': 'cr:isLiveDataset',
    'jsonPath': 'cr:jsonPath',
    'key': 'cr:key',
    'md5': 'cr:md5',
    'parentField': 'cr:parentField',
    'path': 'cr:path',
    'recordSet': 'cr:recordSet',
    'references': 'cr:references',
    'regex': 'cr:regex',
    'repeated': 'cr:repeated',
    'replace': 'cr:replace',
    'samplingRate': 'cr:samplingRate',
    'sc': 'https://schema.org/',
    'separator': 'cr:separator',
    'source': 'cr:source',
    'subField': 'cr:subField',
    'transform': 'cr:transform',
}
_VIEWS: Final = {
    'raw': 'Every record, in the order in which they came in.',
    'canonical': 'One record for each image and way of measuring it, by the duplicate policy.',
}


def describe(
    manifest: Manifest,
    *,
    columns: Mapping[str, Sequence[Row]],
    labels: ReleasedFile | None,
    url: str,
    licence_url: str,
    citation: str,
) -> Json:
    """Describe a release.

    Parameters
    ----------
    columns : mapping
        Rows of the dictionary by resource: its columns, in their order.
    labels : ReleasedFile, optional
        The file with one row per rated image.
    url : str
        Where the release is, or will be, served.
    """
    return {
        '@context': CONTEXT,
        '@type': 'sc:Dataset',
        'conformsTo': 'http://mlcommons.org/croissant/1.0',
        'name': f'mriqc-webapi-{manifest.name}',
        'description': (
            'Image quality metrics of MR images and ratings of them, '
            f'release {manifest.number}, data version {manifest.data_version}.'
        ),
        'url': url,
        'license': licence_url,
        'citeAs': citation,
        'version': f'{manifest.number}.0.0',
        'datePublished': manifest.created_at[:10],
        'dateCreated': manifest.created_at[:10],
        'isLiveDataset': False,
        'keywords': ['MRI', 'quality control', 'MRIQC', 'neuroimaging', 'BIDS'],
        'distribution': [
            *(part for table in manifest.tables for part in _distribution(table)),
            *([_file_object(labels)] if labels else []),
        ],
        'recordSet': [
            *(_record_set(table, columns[table.resource]) for table in manifest.tables),
            *([_label_set(labels)] if labels else []),
        ],
    }


def _distribution(table: Table) -> Iterator[Json]:
    for file in table.files:
        yield _file_object(file)
    if table.is_split:
        yield {
            '@type': 'cr:FileSet',
            '@id': _name(table),
            'name': _name(table),
            'encodingFormat': PARQUET,
            'includes': f'{table.resource}/{table.view}/month=*/*.parquet',
        }


def _file_object(file: ReleasedFile) -> Json:
    return {
        '@type': 'cr:FileObject',
        '@id': file.path,
        'name': file.path.rpartition('/')[2],
        'contentUrl': file.path,
        'contentSize': f'{file.n_bytes} B',
        'encodingFormat': PARQUET,
        'sha256': file.sha256,
    }


def _record_set(table: Table, columns: Sequence[Row]) -> Json:
    name = f'{_name(table)}-records'
    return {
        '@type': 'cr:RecordSet',
        '@id': name,
        'name': name,
        'description': f'{table.resource}. {_VIEWS[table.view]}',
        'key': {'@id': f'{name}/_id'},
        'field': [_field(name, table, row) for row in columns],
    }


def _label_set(file: ReleasedFile) -> Json:
    """Describe the labels, but for what each rater says: a list of several values each."""
    return {
        '@type': 'cr:RecordSet',
        '@id': 'labels',
        'name': 'labels',
        'description': 'One row for each rated image: what its raters say of it together.',
        'key': {'@id': 'labels/md5sum'},
        'field': [_label_field(file, row) for row in label_rows() if row['name'] != 'ratings'],
    }


def _label_field(file: ReleasedFile, row: Row) -> Json:
    is_list = row['type'] == 'list'
    return {
        '@type': 'cr:Field',
        '@id': f'labels/{row["name"]}',
        'name': f'labels/{row["name"]}',
        'description': row['meaning'],
        'dataType': TYPES['string' if is_list else str(row['type'])],
        **({'repeated': True} if is_list else {}),
        'source': {'fileObject': {'@id': file.path}, 'extract': {'column': row['name']}},
    }


def _field(name: str, table: Table, row: Row) -> Json:
    unit = f' [{row["unit"]}]' if row['unit'] else ''
    part: Json = {'fileObject': {'@id': table.files[0].path}}
    if table.is_split:
        part = {'fileSet': {'@id': _name(table)}}
    return {
        '@type': 'cr:Field',
        '@id': f'{name}/{row["name"]}',
        'name': f'{name}/{row["name"]}',
        'description': f'{row["meaning"]}{unit}',
        'dataType': TYPES[str(row['type'])],
        'source': part | {'extract': {'column': row['name']}},
    }


def _name(table: Table) -> str:
    return f'{table.resource}-{table.view}'
