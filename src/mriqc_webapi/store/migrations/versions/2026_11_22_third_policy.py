"""Versions of the policy on duplicates."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_22_third_policy'
down_revision = '2026_11_22_second_clock'


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        'policy',
        sa.Column(
            'version',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            primary_key=True,
            autoincrement=False,
            comment='from 2; the first comes with the software',
        ),
        sa.Column(
            'seq', sa.BigInteger, nullable=False, comment='of the change that put it in force'
        ),
        sa.Column('frozen_at', sa.BigInteger, nullable=False, comment='UTC, seconds since 1970'),
        sa.Column(
            'content', sa.Text, nullable=False, comment='JSON: version, scales in IQM units'
        ),
        comment='frozen versions of the policy on duplicates',
    )
    op.create_index('policy_seq', 'policy', ['seq'], unique=True)
