"""Held records: out of every answer, but not erased."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_22_seventh_holds'
down_revision = '2026_11_22_sixth_relay'


def upgrade() -> None:
    """Create the table; a record that is held twice leaves two tombstones."""
    _create_held()
    op.drop_index('tombstone_id', 'tombstone')
    op.create_index('tombstone_id', 'tombstone', ['id'])


def _column(name: str, kind: type, comment: str, *, optional: bool = False) -> 'sa.Column[object]':
    return sa.Column(name, kind, nullable=optional, comment=comment)


def _create_held() -> None:
    op.create_table(
        'held',
        sa.Column('id', sa.Text, primary_key=True, comment='of the record'),
        _column('resource', sa.Text, 'as of a record, like all that follows'),
        _column('created_at', sa.BigInteger, 'UTC, seconds since 1970'),
        _column('md5sum', sa.Text, 'names the scan', optional=True),
        _column('data_hash', sa.Text, 'of the voxel array', optional=True),
        _column('software', sa.Text, 'what computed the record'),
        _column('version', sa.Text, 'of that software'),
        _column('etag', sa.Text, '40 hex digits'),
        _column('doc', sa.Text, 'the served JSON text'),
        _column('token', sa.Text, 'name of the token it came by', optional=True),
        _column('network', sa.Text, 'keyed hash of where it came from', optional=True),
        _column('held_at', sa.BigInteger, 'UTC, seconds since 1970'),
        comment='records that are kept back; no read route joins it',
        sqlite_with_rowid=False,
    )
