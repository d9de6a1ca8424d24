"""A catalogue of three resources, and files written in a breath."""

import gzip

import pytest
import zstandard

from mriqc_webapi.iqm.definitions import Catalogue, FieldDefinition, Resource

_FIELDS = (
    FieldDefinition(name='cjv', type='float', role='iqm', meaning='Noise.', required=True),
    FieldDefinition(name='size_x', type='integer', role='iqm', meaning='Size.', required=True),
    FieldDefinition(name='bids_meta.subject_id', type='string', role='metadata', meaning='Who.'),
)


def _image(name):
    return Resource(
        name=name,
        title=name,
        kind='iqm',
        meaning='Images.',
        fields=_FIELDS,
        md5_field='provenance.md5sum',
        software_field='provenance.software',
        version_field='provenance.version',
        modality=name,
    )


@pytest.fixture(scope='session')
def catalogue():
    rating = Resource(
        name='rating',
        title='Rating',
        kind='rating',
        meaning='Ratings.',
        fields=(),
        md5_field='md5sum',
        software_field=None,
        version_field=None,
    )
    return Catalogue(resources={'bold': _image('bold'), 'T1w': _image('T1w'), 'rating': rating})


_COMPRESS = {'.gz': gzip.compress, '.zst': zstandard.ZstdCompressor().compress}


@pytest.fixture
def write(tmp_path):
    """Write text or bytes to a file of that name, compressed as its suffix says."""

    def write(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(_COMPRESS.get(path.suffix, bytes)(data))
        return path

    return write
