"""What Alembic runs to migrate: over the connection, and in the transaction, that `schema_version` hands it."""

from alembic import context

from arbitrage_core.storage.record.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=context.config.attributes["version_table"],
)
with context.begin_transaction():
    context.run_migrations()
