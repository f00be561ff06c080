"""What tuning studies came to."""

from alembic import op

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.record.migrations import r0006

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Adds the column; it is empty for studies recorded before."""
    op.get_bind().exec_driver_sql(r0006.SQL)


def downgrade() -> None:
    """What a study came to is not forgotten. Raises BadInput."""
    raise BadInput("a record of schema 0006 cannot go back", "use another database (ARB_POSTGRES_URL) for an older one")
