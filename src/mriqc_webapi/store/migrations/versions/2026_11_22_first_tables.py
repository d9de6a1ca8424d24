"""The first tables: records, what is private, tombstones, drift, tokens, counters, identity."""

import uuid
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = '2026_11_22_first_tables'
down_revision = None

# INTEGER makes SQLite use the number as the row's own address
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    """Create all tables."""
    _create_record()
    _create_private()
    _create_tombstone()
    _create_drift()
    _create_token()
    _create_counter()
    _create_identity()


def _column(name: str, kind: type, comment: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=optional, comment=comment)


def _seq() -> sa.Column[Any]:
    comment = 'dense number over records and tombstones, in the order of commits'
    return sa.Column('seq', _NUMBER, primary_key=True, autoincrement=False, comment=comment)


def _create_record() -> None:
    op.create_table(
        'record',
        _seq(),
        _column('id', sa.Text, '24 lower-case hex digits: time, random, counter'),
        _column('resource', sa.Text, 'collection it was posted to: T1w, rating'),
        _column('ordinal', sa.BigInteger, 'dense number within the resource, from 1'),
        _column('created_at', sa.BigInteger, 'UTC, seconds since 1970'),
        _column('md5sum', sa.Text, 'names the scan; odd texts as their hash', optional=True),
        _column('data_hash', sa.Text, 'of the voxel array and its geometry', optional=True),
        _column('software', sa.Text, 'what computed the record, at most 100 characters'),
        _column('version', sa.Text, 'of that software, at most 100 characters'),
        _column('etag', sa.Text, '40 hex digits'),
        _column('doc', sa.Text, 'the served JSON text, pure ASCII'),
        comment='every record, as it is served',
    )
    op.create_index('record_id', 'record', ['id'], unique=True)
    op.create_index('record_ordinal', 'record', ['resource', 'ordinal'])
    op.create_index('record_md5sum', 'record', ['md5sum', 'resource', 'seq'])
    given = sa.text('data_hash IS NOT NULL')
    op.create_index(
        'record_data_hash',
        'record',
        ['data_hash', 'resource', 'seq'],
        sqlite_where=given,
        postgresql_where=given,
    )


def _create_private() -> None:
    op.create_table(
        'private',
        sa.Column('record_id', sa.Text, primary_key=True, comment='id of the record'),
        _column('content', sa.Text, 'JSON object: dotted path to value, never published'),
        _column('key_hash', sa.Text, 'of the idempotency key', optional=True),
        _column('digest', sa.Text, 'of the document sent under that key', optional=True),
        comment='what is never published; no read route joins it',
        sqlite_with_rowid=False,
    )
    given = sa.text('key_hash IS NOT NULL')
    op.create_index(
        'private_key_hash',
        'private',
        ['key_hash'],
        sqlite_where=given,
        postgresql_where=given,
    )


def _create_tombstone() -> None:
    op.create_table(
        'tombstone',
        _seq(),
        _column('id', sa.Text, 'of the record that was withdrawn'),
        _column('resource', sa.Text, 'of that record'),
        _column('ordinal', sa.BigInteger, 'of that record: a hole in the numbering'),
        _column('withdrawn_at', sa.BigInteger, 'UTC, seconds since 1970'),
        _column('rule', sa.Text, 'under which it was withdrawn'),
        comment='what is left of a withdrawn record',
    )
    op.create_index('tombstone_id', 'tombstone', ['id'], unique=True)
    op.create_index('tombstone_ordinal', 'tombstone', ['resource', 'ordinal'])


def _create_drift() -> None:
    key = {
        'resource': 'collection posted to',
        'field': 'dotted wire path, at most 200 characters; … sums up those beyond the limit',
        'kind': 'of deviation: unknown, null, type',
        'expected': 'what the catalogue says',
        'got': 'what came',
        'software': 'what sent it, at most 100 characters',
        'version': 'of that software, at most 100 characters',
    }
    op.create_table(
        'drift',
        *(sa.Column(name, sa.Text, primary_key=True, comment=text) for name, text in key.items()),
        _column('n', sa.BigInteger, 'number of notes'),
        _column('first_day', sa.BigInteger, 'UTC, days since 1970'),
        _column('last_day', sa.BigInteger, 'UTC, days since 1970'),
        _column('example', sa.Text, 'first value seen, as short JSON text'),
        comment='deviations from the catalogue, summed up',
    )


def _create_token() -> None:
    op.create_table(
        'token',
        sa.Column('name', sa.Text, primary_key=True, comment='given by the operator'),
        _column('hash', sa.Text, 'SHA-256 of the text, hex'),
        _column('scopes', sa.Text, 'space-separated: submit rate admin'),
        _column('created_at', sa.BigInteger, 'UTC, seconds since 1970'),
        _column('expires_at', sa.BigInteger, 'UTC, seconds since 1970', optional=True),
        _column('revoked_at', sa.BigInteger, 'UTC, seconds since 1970', optional=True),
        _column('n_used', sa.BigInteger, 'requests made with it'),
        _column('last_used_at', sa.BigInteger, 'UTC, seconds since 1970', optional=True),
        comment='who may write',
    )
    op.create_index('token_hash', 'token', ['hash'])


def _create_counter() -> None:
    table = op.create_table(
        'counter',
        sa.Column('name', sa.Text, primary_key=True, comment='seq, ordinal:T1w, withdrawn:T1w'),
        _column('value', sa.BigInteger, 'last number given out'),
        comment='numbers that are dense and in commit order',
    )
    op.bulk_insert(table, [{'name': 'seq', 'value': 0}])


def _create_identity() -> None:
    table = op.create_table(
        'store_identity',
        sa.Column('uuid', sa.Text, primary_key=True, comment='made with the tables'),
        comment='one row: tells a copy that the database behind it was swapped',
    )
    op.bulk_insert(table, [{'uuid': str(uuid.uuid4())}])
