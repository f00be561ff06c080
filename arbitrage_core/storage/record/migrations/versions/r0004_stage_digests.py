"""Digests of code and settings, and the planted defect, beside verdicts and campaigns."""

from alembic import op

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.record.migrations import r0004

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds the columns; rows from before have none of it."""
    op.get_bind().exec_driver_sql(r0004.SQL)


def downgrade() -> None:
    """What a verdict stands for is not forgotten. Raises BadInput."""
    raise BadInput("a record of schema 0004 cannot go back", "use another database (ARB_POSTGRES_URL) for an older one")
