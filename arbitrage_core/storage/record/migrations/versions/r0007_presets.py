"""Presets with their evidence, and which version of each is in use."""

from alembic import op

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.record.migrations import r0007

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Adds columns and the table; what was recorded before has none of it."""
    op.get_bind().exec_driver_sql(r0007.SQL)


def downgrade() -> None:
    """Evidence is not forgotten. Raises BadInput."""
    raise BadInput("a record of schema 0007 cannot go back", "use another database (ARB_POSTGRES_URL) for an older one")
