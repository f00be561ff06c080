"""The record's database: opened once, checked and migrated, then used in short transactions.

What it is trusted with: an acknowledged commit survives a crash (`synchronous_commit=on`, asserted). What that does
not cover: a server told not to sync at all (`fsync=off`, as tests do), which `durable` shows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import psycopg
from sqlalchemy import Connection, Engine, create_engine, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.record.availability import Limits, bounded, faults_of
from arbitrage_core.storage.record.schema_version import migrate

SERVER_VERSION_MIN = 18
"""Virtual generated columns, with which times and enums are readable at no cost, came with PostgreSQL 18."""

SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")


class Record:
    """The record in Postgres. `open` it, hand it to writers and readers, `close` it; or use it as a context manager.

    `address` names the database for people, without a password; `migrated_from` is the schema it was found at (None:
    it was empty); `durable` says whether its server syncs what it commits. Connections are made when needed and not
    shared, so it may be used from several threads.
    """

    def __init__(self, engine: Engine, address: str, limits: Limits) -> None:
        """Use `open`."""
        self.engine, self.address, self.limits = engine, address, limits
        self.migrated_from: str | None = None
        self.durable = False

    @classmethod
    def open(cls, url: str, *, limits: Limits | None = None) -> Self:
        """Opens the database at a libpq URL, `postgresql://user:password@host:port/name`, and migrates its schema.

        Raises BadInput (a URL that is none, a server too old or not durable, a schema too new) and RecordAway.
        """
        limits = limits or Limits()
        parsed = _parsed(url)
        address = address_of(parsed)
        options = f"{parsed.query.get('options', '')} {limits.options()}".strip()
        arguments = {"connect_timeout": limits.connect_s, "application_name": "arb record", "options": options}
        record = cls(create_engine(parsed, poolclass=NullPool, connect_args=arguments), address, limits)
        with record.begin() as connection:
            record._check_server(connection)
            record.migrated_from = migrate(connection, address)
        return record

    @contextmanager
    def begin(self, *, seconds: float | None = None) -> Iterator[Connection]:
        """A transaction of its own: committed when the block ends, rolled back when it raises.

        `seconds` bounds it. Raises RecordAway, and InvariantBroken for an entry that breaks a rule of its table.
        """
        with (
            faults_of(self.address),
            self.engine.connect() as connection,
            bounded(raw(connection), seconds or self.limits.transaction_s),
            connection.begin(),
        ):
            yield connection

    def connect(self) -> Connection:
        """A connection for the caller to keep and close. Raises RecordAway."""
        with faults_of(self.address):
            return self.engine.connect()

    def close(self) -> None:
        """Lets go of the database; of an open transaction nothing stays."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Record({self.address})"

    def _check_server(self, connection: Connection) -> None:
        version = connection.exec_driver_sql("SHOW server_version").scalar_one()
        if int(version.split(".")[0].split("beta")[0].split("rc")[0]) < SERVER_VERSION_MIN:
            raise BadInput(
                f"the database {self.address} is PostgreSQL {version}, the record needs {SERVER_VERSION_MIN} or newer",
                "upgrade it, or leave ARB_POSTGRES_URL out: one is included",
            )
        commits = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
        if commits != "on":
            raise BadInput(
                f"the database {self.address} has synchronous_commit={commits}: it would lose what it acknowledged",
                "set it: ALTER DATABASE … SET synchronous_commit = on",
            )
        self.durable = connection.exec_driver_sql("SHOW fsync").scalar_one() == "on"


def raw(connection: Connection) -> psycopg.Connection:
    """The psycopg connection below."""
    return connection.connection.driver_connection  # type: ignore[return-value]


def address_of(url: URL) -> str:
    """`host:port/name`: all of a URL that may be shown."""
    host = url.host or url.query.get("host") or "localhost"
    return f"{host}:{url.port or 5432}/{url.database or url.username or ''}"


def _parsed(url: str) -> URL:
    """The URL for SQLAlchemy. Raises BadInput, which does not show it: it may hold a password."""
    cure = "write it like postgresql://user:password@host:5432/name"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise BadInput("the URL of the database cannot be read", cure) from None
    if parsed.drivername not in SCHEMES:
        raise BadInput(f"the record needs a PostgreSQL database, not {parsed.drivername}", cure)
    if not parsed.database:
        raise BadInput(f"the URL of the database at {address_of(parsed)} names no database", cure)
    return parsed.set(drivername="postgresql+psycopg")
