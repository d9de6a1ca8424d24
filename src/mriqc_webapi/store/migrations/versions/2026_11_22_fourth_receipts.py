"""Receipts: the store's own secrets, who posted what, and which rating corrects which."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = '2026_11_22_fourth_receipts'
down_revision = '2026_11_22_third_policy'

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    """Create the tables; records that are there already have no sender, so no receipt."""
    _create_secret()
    _create_sender()
    _create_amendment()


def _create_secret() -> None:
    table = op.create_table(
        'secret',
        sa.Column('name', sa.Text, primary_key=True, comment='what it is for'),
        sa.Column('value', sa.Text, nullable=False, comment='256 random bits, hex'),
        comment='what receipts and pseudonyms are made with; never published',
    )
    names = ('receipt', 'pseudonym', 'network')
    op.bulk_insert(table, [{'name': n, 'value': secrets.token_hex(32)} for n in names])


def _create_sender() -> None:
    op.create_table(
        'sender',
        sa.Column(
            'first_seq',
            _NUMBER,
            primary_key=True,
            autoincrement=False,
            comment='of some records in a row that came the same way',
        ),
        sa.Column('last_seq', sa.BigInteger, nullable=False, comment='of these records'),
        sa.Column('token', sa.Text, nullable=False, comment='name of the token'),
        sa.Column('network', sa.Text, nullable=False, comment='keyed hash of where from, hex'),
        comment='who posted what; no read route joins it',
    )


def _create_amendment() -> None:
    op.create_table(
        'amendment',
        sa.Column('record_id', sa.Text, primary_key=True, comment='id of the correcting rating'),
        sa.Column('first_id', sa.Text, nullable=False, comment='id of the rating it corrects'),
        comment='which ratings are corrections, and of what',
        sqlite_with_rowid=False,
    )
    op.create_index('amendment_first_id', 'amendment', ['first_id'])
