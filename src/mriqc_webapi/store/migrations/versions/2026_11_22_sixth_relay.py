"""The relay: what is to be passed on to another archive, and what became of it."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_22_sixth_relay'
down_revision = '2026_11_22_fifth_withdrawal'

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    """Create the tables; they stay empty where nothing is passed on."""
    _create_passing()
    _create_passing_mark()


def _create_passing() -> None:
    op.create_table(
        'passing',
        sa.Column(
            'seq',
            _NUMBER,
            primary_key=True,
            autoincrement=False,
            comment='of the record: the order in which records are passed on',
        ),
        sa.Column('record_id', sa.Text, nullable=False, comment='id of the record'),
        sa.Column('resource', sa.Text, nullable=False, comment='of the record'),
        sa.Column('state', sa.Text, nullable=False, comment='pending, held, kept, sent, …'),
        sa.Column('n_failed', sa.BigInteger, nullable=False, comment='tries that came to nothing'),
        sa.Column(
            'due_at', sa.Float(53), nullable=False, comment='not before: UTC, seconds since 1970'
        ),
        sa.Column('problem', sa.Text, nullable=False, comment='of the last try, in words'),
        sa.Column('receipt', sa.Text, comment='that the other archive gave; never published'),
        sa.Column(
            'changed_at',
            sa.BigInteger,
            nullable=False,
            comment='when it came into its state: UTC, seconds since 1970',
        ),
        comment='records and what became of them on their way to another archive',
    )
    op.create_index('passing_record_id', 'passing', ['record_id'], unique=True)
    op.create_index('passing_state', 'passing', ['state', 'seq'])


def _create_passing_mark() -> None:
    op.create_table(
        'passing_mark',
        sa.Column('name', sa.Text, primary_key=True, comment='what has come so far: relay'),
        sa.Column('seq', sa.BigInteger, nullable=False, comment='of the last change it has seen'),
        comment='how far the relay has followed the store',
        sqlite_with_rowid=False,
    )
