"""The writer: a session's logs into the record, batch by batch, each entry exactly once.

A batch is one transaction, begun by claiming it: the session's row is moved from the counts before to those after,
under the writer's epoch. So when the answer to a commit is lost, handing in the batch again finds the counts already
moved and loads nothing; and a transaction of ours that still hangs somewhere on the server holds that row, so the next
attempt waits for its end. A writer whose epoch has passed moves no row and is refused.

For one thread at a time. What it does not do: keep what could not be recorded. On `RecordAway` the caller keeps the
batch and hands it in again, alone or with what came after.
"""

import selectors
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import numpy as np
import psycopg
from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from arbitrage_core.domain.errors import BadInput, InvariantBroken
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.storage.record.availability import bounded, faults_of
from arbitrage_core.storage.record.binary_copy import copy_in
from arbitrage_core.storage.record.database import Record, raw
from arbitrage_core.storage.record.entries import copy_columns
from arbitrage_core.storage.record.json_form import json_form
from arbitrage_core.storage.record.operator_actions import OperatorAction, insert_actions
from arbitrage_core.storage.record.refusal_counts import refusal_counts
from arbitrage_core.storage.record.session_row import (
    SessionRow,
    SessionStart,
    begin_row,
    epoch_passed,
    find_row,
    hold_row,
    take_over,
)
from arbitrage_core.storage.record.tables import LOG_TABLES, REFUSALS, SESSION_LOGS, SESSIONS
from arbitrage_core.storage.record.tables.sessions import LOGS, recorded

Batch = Mapping[str, np.ndarray]
LogRecord = tuple[int, str, str, dict[str, object] | None]
"""Time (ns UTC), level, event, fields."""


class RecordWriter:
    """Records one run of a session: `begin` it or `resume` it, `append` batches, `end` it, `close`.

    `session` is the run's row as it was begun or taken over; `counts` how many entries of each log are recorded.
    """

    def __init__(self, record: Record, session: SessionRow, epoch: int) -> None:
        """Use `begin` or `resume`."""
        self.record, self.session, self.epoch = record, session, epoch
        self.counts = dict(session.counts)
        self._connection: Connection | None = None
        self._logged: int | None = None

    @classmethod
    def begin(cls, record: Record, start: SessionStart) -> Self:
        """Begins a run; the same start once more gives the same run. Raises BadInput and RecordAway."""
        with record.begin() as connection:
            row = begin_row(connection, start)
        if row.epoch != start.epoch or row.status != "running":
            raise epoch_passed(row, start.epoch)
        return cls(record, row, start.epoch)

    @classmethod
    def resume(cls, record: Record, session: int, epoch: int) -> Self:
        """Goes on with the run `session` (its number) under an epoch newer than any before.

        `counts` says what is recorded. Raises BadInput when it ended, EpochPassed for an older epoch, RecordAway.
        """
        with record.begin() as connection:
            row = take_over(connection, session, epoch)
        return cls(record, row, epoch)

    def append(self, batch: Batch, first: Mapping[str, int] | None = None) -> int:
        """Records the entries of a batch (arrays by the names of `SessionLog`) and gives how many were not yet.

        `first`: the number in the session's log of a batch's first entry, by log; by default it goes on where the last
        one ended. Entries already recorded are passed over; a gap is a broken invariant. All of the batch is recorded
        when this returns. Raises RecordAway (nothing is known; hand the same entries in again), EpochPassed, and
        InvariantBroken for entries that break a rule of their table: then nothing of the batch is recorded.
        """
        begins = {log: (first or {}).get(log, self.counts[log]) for log in LOGS}
        for log in LOGS:
            if begins[log] > self.counts[log]:
                missing = f"entries {self.counts[log]} to {begins[log] - 1} of its {log}"
                raise InvariantBroken(f"session {self.session}: {missing} were never handed to the record")
        with self._transaction() as connection:
            known, after = self._claimed(connection, begins, batch)
            for log in LOGS:
                self._load(connection, log, batch.get(log, ())[known[log] - begins[log] :], known[log])
        self.counts = after
        return sum(after[log] - known[log] for log in LOGS)

    def _claimed(
        self, connection: Connection, begins: dict[str, int], batch: Batch
    ) -> tuple[dict[str, int], dict[str, int]]:
        """What is recorded already and what will be, by log, with the session's row moved from one to the other."""
        known, ends = self.counts, {log: begins[log] + len(batch.get(log, ())) for log in LOGS}
        after = {log: max(known[log], ends[log]) for log in LOGS}
        if self._moved(connection, known, after):
            return known, after
        row = hold_row(connection, self.session.id, self.epoch)  # a batch whose commit went unheard, or another writer
        for log in LOGS:
            if row.counts[log] > after[log]:
                raise InvariantBroken(f"session {row}: more of its {log} are recorded than were ever handed in")
            if row.counts[log] < known[log]:
                raise BadInput(
                    f"session {row}: {known[log]} of its {log} were recorded, {row.counts[log]} still are",
                    "the database went back to an older state: record the session again from its journal",
                )
        if not self._moved(connection, row.counts, after):
            raise InvariantBroken(f"session {row}: its row moved while it was held")
        return row.counts, after

    def _moved(self, connection: Connection, before: dict[str, int], after: dict[str, int]) -> bool:
        """Moves the session's counts from `before` to `after`; False unless they stood there, under our epoch."""
        moved = connection.execute(
            update(SESSIONS)
            .where(
                SESSIONS.c.id == self.session.id,
                SESSIONS.c.epoch == self.epoch,
                SESSIONS.c.status == "running",
                *(SESSIONS.c[recorded(log)] == before[log] for log in LOGS),
            )
            .values({recorded(log): after[log] for log in LOGS})
        )
        return moved.rowcount == 1

    def _load(self, connection: Connection, log: str, entries: np.ndarray, number: int) -> None:
        """Loads a log's entries, the first of which is its session's number `number`."""
        if len(entries):
            session = self.session
            columns = copy_columns(log, entries, session.id, number, session.symbols, session.venues)
            copy_in(raw(connection), LOG_TABLES[log].name, columns, len(entries))

    def count_refusals(self, state: np.record) -> None:
        """Records how often each rule refused or made miss, by symbol, as the engine's state counts them."""
        with self._transaction() as connection:
            hold_row(connection, self.session.id, self.epoch)
            self._count_refusals(connection, state)

    def _count_refusals(self, connection: Connection, state: np.record) -> None:
        rows = [
            {
                "session_id": self.session.id,
                "symbol": symbol,
                "refusal_code": code,
                "refusal": Refusal(code).name,
                "refused": count.refused,
                "missed": count.missed,
                "counted_ns": int(state["now_ns"]),
            }
            for (symbol, code), count in refusal_counts(self.session.symbols, state).items()
        ]
        if not rows:
            return
        fresh = insert(REFUSALS)
        growing = {name: fresh.excluded[name] for name in ("refused", "missed", "counted_ns")}
        statement = fresh.on_conflict_do_update(
            index_elements=["session_id", "symbol", "refusal_code"],
            set_=growing,
            where=REFUSALS.c.counted_ns <= fresh.excluded.counted_ns,
        )
        connection.execute(statement, rows)

    def append_logs(self, records: Sequence[LogRecord]) -> None:
        """Records what the session said in its log, each record once however often this is tried.

        A call that raised RecordAway is made again with the same records first. Raises as `append` does.
        """
        if not records:
            return
        with self._transaction() as connection:
            hold_row(connection, self.session.id, self.epoch)
            if self._logged is None:
                query = select(func.coalesce(func.max(SESSION_LOGS.c.number) + 1, 0))
                self._logged = connection.execute(
                    query.where(SESSION_LOGS.c.session_id == self.session.id)
                ).scalar_one()
            rows = [
                {
                    "session_id": self.session.id,
                    "number": number,
                    "logged_ns": logged_ns,
                    "level": level,
                    "event": event,
                    "fields": json_form(fields, f"log record {event!r}"),
                }
                for number, (logged_ns, level, event, fields) in enumerate(records, self._logged)
            ]
            statement = insert(SESSION_LOGS).on_conflict_do_nothing(index_elements=["session_id", "number"])
            connection.execute(statement, rows)
        self._logged += len(records)

    def append_actions(self, actions: Sequence[OperatorAction]) -> None:
        """Records what operators ordered and were answered, each once. Raises as `append` does."""
        if actions:
            with self._transaction() as connection:
                hold_row(connection, self.session.id, self.epoch)
                insert_actions(connection, self.session.id, actions)

    def end(
        self,
        *,
        status: str,
        ended_ns: int,
        state_hash: str | None = None,
        document: dict[str, object] | None = None,
        state: np.record | None = None,
        reason: str | None = None,
    ) -> None:
        """Ends the run: `complete`, `broken` (with the reason) or `abandoned`; nothing can be added after it.

        With `state` the refusals are counted a last time. Ending it twice in the same way is ending it once.
        Raises EpochPassed, BadInput for a document JSON cannot say, RecordAway.
        """
        values = {
            "status": status,
            "ended_ns": ended_ns,
            "state_hash": state_hash,
            "document": json_form(document, f"session {self.session}: document"),
            "reason": reason,
        }
        with self._transaction() as connection:
            row = find_row(connection, self.session.id)
            if (row.epoch, row.status, row.ended_ns, row.state_hash) == (self.epoch, status, ended_ns, state_hash):
                return
            hold_row(connection, self.session.id, self.epoch)
            if state is not None:
                self._count_refusals(connection, state)
            connection.execute(update(SESSIONS).where(SESSIONS.c.id == self.session.id).values(values))

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """A transaction on the connection that is kept between batches; one that fails is not kept."""
        connection = self._connected()
        try:
            with (
                faults_of(self.record.address),
                bounded(raw(connection), self.record.limits.transaction_s),
                connection.begin(),
            ):
                yield connection
        except BaseException:
            self.close()
            raise

    def _connected(self) -> Connection:
        """The kept connection, or a new one when there is none or its server has hung up meanwhile."""
        if self._connection is not None and not _still_open(raw(self._connection)):
            self.close()
        if self._connection is None:
            self._connection = self.record.connect()
        return self._connection

    def close(self) -> None:
        """Lets go of the connection; the next call makes another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _still_open(connection: psycopg.Connection) -> bool:
    """Whether an idle connection is as it was left: had its server anything to say, it would be that it hangs up."""
    if connection.closed:
        return False
    with selectors.DefaultSelector() as selector:
        selector.register(connection.fileno(), selectors.EVENT_READ)
        return not selector.select(0)
