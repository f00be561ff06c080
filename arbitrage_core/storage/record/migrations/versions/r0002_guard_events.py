"""Events of guards as a log of the engine."""

from alembic import op

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.record.migrations import r0002

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Makes the table anew, empty as it is, and counts its entries with the session's others."""
    op.get_bind().exec_driver_sql(r0002.SQL)


def downgrade() -> None:
    """Older programs do not write this log. Raises BadInput."""
    raise BadInput("a record of schema 0002 cannot go back", "use another database (ARB_POSTGRES_URL) for an older one")
