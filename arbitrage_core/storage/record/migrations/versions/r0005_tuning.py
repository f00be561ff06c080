"""What tuning studies and their results stand for."""

from alembic import op

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.record.migrations import r0005

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Adds the columns; no study was recorded before."""
    op.get_bind().exec_driver_sql(r0005.SQL)


def downgrade() -> None:
    """What a study stands for is not forgotten. Raises BadInput."""
    raise BadInput("a record of schema 0005 cannot go back", "use another database (ARB_POSTGRES_URL) for an older one")
