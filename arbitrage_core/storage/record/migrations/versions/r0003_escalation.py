"""Guards that reduce, guards of venues, trades told to leave."""

from alembic import op

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.record.migrations import r0003

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Widens what the tables hold; entries stay as they are."""
    op.get_bind().exec_driver_sql(r0003.SQL)


def downgrade() -> None:
    """Older programs do not know these entries. Raises BadInput."""
    raise BadInput("a record of schema 0003 cannot go back", "use another database (ARB_POSTGRES_URL) for an older one")
