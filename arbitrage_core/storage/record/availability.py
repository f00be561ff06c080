"""Availability: what it means when the database does not answer, and how long anything here waits for it.

A database that is away, hung, locked or full is a fault outside: the record says so as `RecordAway`, within a bound,
and its caller waits, spools and tries again. Timeouts kept by the server do not help against a server that stands
still, nor do those of TCP as long as its kernel answers, so the client cuts the connection itself.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg
import sqlalchemy.exc

from arbitrage_core.domain.errors import BadInput, InvariantBroken


class RecordAway(BadInput):
    """The database does not answer, not in time, or cannot take more. Nothing is known of what it was doing."""

    from_outside = True


@dataclass(frozen=True)
class Limits:
    """How long is waited, in seconds: for a connection, a lock, one statement, and the whole of one transaction."""

    connect_s: int = 5
    lock_s: float = 10.0
    statement_s: float = 60.0
    transaction_s: float = 90.0

    def options(self) -> str:
        """The bounds that the server keeps, as libpq's `options`."""
        return f"-c lock_timeout={int(self.lock_s * 1000)} -c statement_timeout={int(self.statement_s * 1000)}"


@contextmanager
def bounded(connection: psycopg.Connection, seconds: float) -> Iterator[None]:
    """Cuts the connection when the block takes longer, so that whatever waits on it raises."""
    timer = threading.Timer(seconds, _cut, (connection,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(connection: psycopg.Connection) -> None:
    with suppress(OSError, psycopg.Error):
        wire = socket.socket(fileno=connection.fileno())
        try:
            wire.shutdown(socket.SHUT_RDWR)
        finally:
            wire.detach()  # libpq's to close


@contextmanager
def faults_of(address: str) -> Iterator[None]:
    """Says what a database error means: RecordAway, or InvariantBroken for an entry that breaks a rule of its table.

    `address` names the database, without a password. Other errors pass.
    """
    try:
        yield
    except (sqlalchemy.exc.DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, sqlalchemy.exc.DBAPIError) else error
        match cause:
            case psycopg.OperationalError() | psycopg.InterfaceError():
                raise _away(address, cause) from error
            case psycopg.IntegrityError():
                raise InvariantBroken(f"the record at {address} refuses an entry: {_line_of(cause)}") from error
            case psycopg.DataError():
                raise BadInput(f"the record at {address} cannot hold a value: {_line_of(cause)}") from error
        raise


def _away(address: str, cause: psycopg.Error) -> RecordAway:
    match cause:
        case psycopg.errors.DiskFull():
            return RecordAway(f"the disk of the database {address} is full", "free some there")
        case psycopg.errors.QueryCanceled() | psycopg.errors.LockNotAvailable():
            return RecordAway(
                f"the database {address} did not answer in time: {_line_of(cause)}",
                "see what holds it up: SELECT * FROM pg_stat_activity",
            )
        case psycopg.errors.InvalidPassword() | psycopg.errors.InvalidAuthorizationSpecification():
            return RecordAway(f"the database {address} refuses the user: {_line_of(cause)}", "check user and password")
    return RecordAway(
        f"the database {address} does not answer: {_line_of(cause)}",
        "start it (arb up), or set ARB_POSTGRES_URL to one that runs",
    )


def _line_of(cause: BaseException) -> str:
    """What the server said, in one line, without the row it said it of."""
    return " ".join(str(cause).split("\n")[0].split()) or type(cause).__name__
