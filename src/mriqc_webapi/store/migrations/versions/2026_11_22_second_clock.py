"""The clock: which number came first in which minute, so that a date leads to a place."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_22_second_clock'
down_revision = '2026_11_22_first_tables'


def upgrade() -> None:
    """Create the table; what is stored already counts as stored before any date."""
    op.create_table(
        'clock',
        sa.Column(
            'minute',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            primary_key=True,
            autoincrement=False,
            comment='UTC, minutes since 1970',
        ),
        sa.Column(
            'seq',
            sa.BigInteger,
            nullable=False,
            comment='of the first change that was stored in that minute',
        ),
        comment='when changes were stored, to the minute; records may bear older dates',
    )
