"""The schema's version: an older database is migrated, a newer one refused.

The version stands in the table `record_version`, and not in Alembic's usual one, which Prefect and Optuna use for
theirs. A migration is one transaction: it happens whole or not at all.
"""

import logging
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.identity import key_of

VERSION_TABLE = "record_version"
MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = key_of("the schema of the record")
"""Advisory lock: of two programs that start at once one migrates, the other waits and finds it done."""


def newest_revision() -> str:
    """The revision this program knows as the newest."""
    return str(_scripts().get_current_head())


def revision_of(connection: Connection) -> str | None:
    """The revision a database is at; None: it has no record yet."""
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


def migrate(connection: Connection, address: str) -> str | None:
    """Brings the database to the newest schema, within the connection's transaction; gives the revision it was at.

    Raises BadInput for a database of a newer program (untouched), or one whose tables are somebody else's.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it would tell of every look at the schema
    before = revision_of(connection)
    if before == newest_revision():
        return before
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    before = revision_of(connection)
    if before == newest_revision():
        return before
    if before is not None and before not in {script.revision for script in _scripts().walk_revisions()}:
        raise BadInput(
            f"the record at {address} has schema {before}, this program knows schemas up to {newest_revision()}",
            "use the program that made it, or a newer one, or another database (ARB_POSTGRES_URL)",
        )
    config = _config()
    config.attributes.update(connection=connection, version_table=VERSION_TABLE)
    try:
        command.upgrade(config, "head")
    except ProgrammingError as error:
        if isinstance(error.orig, psycopg.errors.DuplicateTable | psycopg.errors.DuplicateFunction):
            raise BadInput(
                f"the database {address} holds tables of another program: {str(error.orig).splitlines()[0]}",
                "give the record a database of its own",
            ) from error
        raise
    return before


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
