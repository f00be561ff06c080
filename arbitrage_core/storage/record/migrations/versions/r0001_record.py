"""The record's first schema: sessions with their logs, evidence, operations and snapshots."""

from alembic import op

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.record.migrations.r0001 import evidence, operations, orders, sessions, snapshots, trades

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes all tables, comments and triggers."""
    for part in (evidence, sessions, orders, trades, operations, snapshots):
        op.get_bind().exec_driver_sql(part.SQL)


def downgrade() -> None:
    """There is nothing before this one. Raises BadInput."""
    raise BadInput("the record has no schema before 0001", "to be rid of it, drop its database")
