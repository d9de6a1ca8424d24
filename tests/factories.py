"""The smallest valid objects; each takes as keywords what a test cares about."""

from typing import Any

from mriqc_webapi.iqm.definitions import FieldDefinition, Resource
from mriqc_webapi.store.record import Record, make_record
from mriqc_webapi.submissions.submission import Note, Submission

NOW = 1_700_000_000  # Tue, 14 Nov 2023 22:13:20 GMT
MD5 = 'c3f2c80c9a6b1f2c5a5f9d6a1f0e4d2b'


def make_field(name: str, type: str = 'float', role: str = 'iqm', **given: Any) -> FieldDefinition:
    """Define a field."""
    return FieldDefinition(name=name, type=type, role=role, meaning='A number.', **given)


def make_resource(name: str = 'T1w', *more: FieldDefinition, **given: Any) -> Resource:
    """Define a resource with one IQM, one piece of metadata, and provenance."""
    fields = (
        make_field('cjv'),
        make_field('bids_meta.EchoTime', role='metadata'),
        make_field('provenance.md5sum', 'string', 'provenance', required=True),
        make_field('provenance.software', 'string', 'provenance', required=True),
        make_field('provenance.version', 'string', 'provenance', required=True),
        make_field('provenance.email', 'string', 'provenance', private=True),
        *more,
    )
    described: dict[str, Any] = {
        'title': name,
        'kind': 'iqm',
        'meaning': 'Records of a test.',
        'fields': fields,
        'md5_field': 'provenance.md5sum',
        'software_field': 'provenance.software',
        'version_field': 'provenance.version',
    }
    return Resource(name=name, **(described | given))


T1W = make_resource('T1w')
BOLD = make_resource('bold')
RATING = make_resource(
    'rating',
    title='Rating',
    kind='rating',
    fields=(make_field('rating', 'string', 'rating'), make_field('md5sum', 'string', 'rating')),
    md5_field='md5sum',
    software_field=None,
    version_field=None,
)


def make_submission(resource: Resource = T1W, **given: Any) -> Submission:
    """Make a checked upload; ``document`` members are added to the smallest document."""
    md5sum = given.get('md5sum', MD5)
    provenance = {'md5sum': md5sum, 'software': 'mriqc', 'version': '24.0.2'}
    document = {'cjv': 0.5, 'provenance': provenance} | given.pop('document', {})
    found: dict[str, Any] = {'md5sum': MD5, 'software': 'mriqc', 'version': '24.0.2'}
    return Submission(resource=resource.name, document=document, **(found | given))


def make_rating(rating: str = '3.05', *, md5sum: str | None = MD5) -> Submission:
    """Make a checked rating."""
    document = {'rating': rating, 'md5sum': md5sum or 'unspecified'}
    return Submission(resource='rating', document=document, md5sum=md5sum)


def make_note(field: str = 'spikes_num', **given: Any) -> Note:
    """Make a note on a field that the catalogue does not know."""
    found = {'kind': 'unknown', 'expected': 'no such field', 'got': 'integer', 'example': '7'}
    return Note(field=field, **(found | given))


def ready_record(
    resource: Resource = T1W, *, now: int = NOW, key: str | None = None, **given: Any
) -> Record:
    """Make a record that is ready to be stored."""
    return make_record(make_submission(resource, **given), resource=resource, now=now, key=key)


def ready_rating(rating: str = '3.05', *, md5sum: str | None = MD5) -> Record:
    """Make a rating that is ready to be stored."""
    return make_record(make_rating(rating, md5sum=md5sum), resource=RATING, now=NOW)
