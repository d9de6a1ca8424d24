"""Withdrawal: what tombstones must still know, and which images are public elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_22_fifth_withdrawal'
down_revision = '2026_11_22_fourth_receipts'


def upgrade() -> None:
    """Add the columns and the tables; earlier tombstones know neither number nor key."""
    _add_to_tombstone()
    _create_public_image()
    _create_audit()


def _add_to_tombstone() -> None:
    seq = sa.Column(
        'record_seq', sa.BigInteger, comment='of the record: tells which releases had it'
    )
    op.add_column('tombstone', seq)
    key = sa.Column('key_hash', sa.Text, comment='of its idempotency key, which a retry may bring')
    op.add_column('tombstone', key)
    given = sa.text('key_hash IS NOT NULL')
    op.create_index(
        'tombstone_key_hash',
        'tombstone',
        ['key_hash'],
        sqlite_where=given,
        postgresql_where=given,
    )


def _create_public_image() -> None:
    op.create_table(
        'public_image',
        sa.Column('md5sum', sa.Text, primary_key=True, comment='of the file, as records state it'),
        sa.Column('source', sa.Text, nullable=False, comment='where the image is published'),
        sa.Column('added_at', sa.BigInteger, nullable=False, comment='UTC, seconds since 1970'),
        comment='images that anybody can have: their records stay',
        sqlite_with_rowid=False,
    )


def _create_audit() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
    op.create_table(
        'audit',
        sa.Column('number', number, sa.Identity(), primary_key=True, comment='in order'),
        sa.Column('at', sa.BigInteger, nullable=False, comment='UTC, seconds since 1970'),
        sa.Column('who', sa.Text, nullable=False, comment='the operator'),
        sa.Column(
            'act', sa.Text, nullable=False, comment='what was done, as the command is called'
        ),
        sa.Column('what', sa.Text, nullable=False, comment='what it was done to'),
        sa.Column('why', sa.Text, nullable=False, comment='the reason given'),
        comment='what operators did',
    )
