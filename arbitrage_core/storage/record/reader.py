"""Reading back: a session's logs as the engine wrote them, bit for bit."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from psycopg import sql
from sqlalchemy import Connection, select, text

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import row_dtype
from arbitrage_core.engine.output import SessionLog
from arbitrage_core.storage.record.binary_arrays import arrays_out
from arbitrage_core.storage.record.database import Record, raw
from arbitrage_core.storage.record.entries import entries_of, select_query, wire_dtypes
from arbitrage_core.storage.record.refusal_counts import RefusalCount
from arbitrage_core.storage.record.session_row import SessionRow, find_row
from arbitrage_core.storage.record.tables import REFUSALS
from arbitrage_core.storage.record.tables.sessions import LOGS

Session = int | str
"""A run by its number (`sessions.id`), or the newest run of a name."""

BLOCK_ENTRIES = 500_000


def session_row(record: Record, session: Session) -> SessionRow:
    """The row of a run. Raises BadInput when there is none, RecordAway."""
    with record.begin() as connection:
        return find_row(connection, session)


def read_log(record: Record, session: Session, log: str) -> np.ndarray:
    """One log of a run, as the engine's records, in order. Raises BadInput for a gap or a missing end, RecordAway."""
    with at_one_instant(record) as connection:
        return _entries(connection, find_row(connection, session), log)


def session_log_of(record: Record, session: Session) -> SessionLog:
    """All logs of a run, as of one instant. Its reports are empty: the journal has them.

    Raises BadInput for a gap or a missing end, RecordAway.
    """
    with at_one_instant(record) as connection:
        return log_of(connection, find_row(connection, session))


def log_of(connection: Connection, row: SessionRow) -> SessionLog:
    """As `session_log_of`, on a connection `at_one_instant`."""
    logs = {log: _entries(connection, row, log) for log in LOGS}
    reports = np.zeros(0, row_dtype(row.config.levels))
    return SessionLog(**logs, reports=reports, report_positions=np.zeros(0, np.int64))


def read_refusals(record: Record, session: Session) -> dict[tuple[str, int], RefusalCount]:
    """Counts by (symbol, number of the refusal). Raises BadInput when there is no such run, RecordAway."""
    with record.begin() as connection:
        return refusals_of(connection, find_row(connection, session))


def refusals_of(connection: Connection, row: SessionRow) -> dict[tuple[str, int], RefusalCount]:
    """As `read_refusals`, on a connection."""
    query = select(REFUSALS).where(REFUSALS.c.session_id == row.id)
    return {
        (found["symbol"], found["refusal_code"]): RefusalCount(found["refused"], found["missed"])
        for found in connection.execute(query).mappings()
    }


@contextmanager
def at_one_instant(record: Record, snapshot: str | None = None) -> Iterator[Connection]:
    """A transaction that reads as of one instant, however much is recorded meanwhile.

    `snapshot`: that of another transaction which still runs, by the name `pg_export_snapshot` gave it. One process of
    the server serves it: several that make arrays together hand them to each other, which costs more than it saves.
    """
    with record.begin() as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        connection.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))
        if snapshot is not None:
            raw(connection).execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot)))
        yield connection


def _entries(connection: Connection, row: SessionRow, log: str) -> np.ndarray:
    """A log in blocks, so that neither side holds more than one of them packed. The last one has no end: it brings
    whatever is there and should not be."""
    count, blocks = row.counts[log], []
    for first in range(0, count + 1, BLOCK_ENTRIES):
        end = first + BLOCK_ENTRIES if first + BLOCK_ENTRIES <= count else None
        query = select_query(log, row.id, row.symbols, row.venues, first, end)
        blocks.append(entries_of(log, arrays_out(raw(connection), query, wire_dtypes(log)), first, f"session {row}"))
    entries = np.concatenate(blocks)
    if len(entries) != count:
        raise BadInput(
            f"session {row}: {count} of its {log} were recorded, {len(entries)} are there",
            "record it again from its journal",
        )
    return entries
