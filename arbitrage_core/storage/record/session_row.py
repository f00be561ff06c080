"""A session's row: how a run begins in the record, is found again, is taken over, and ends.

A run begins once: the same name and start give the row that is there, so a lost answer to the beginning does no harm.
Whoever writes carries an epoch; `take_over` raises the row's, and from then on an older writer is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Connection, RowMapping, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.identity import key_of
from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.storage.record.json_form import json_form
from arbitrage_core.storage.record.tables import SESSIONS
from arbitrage_core.storage.record.tables.sessions import LOGS, recorded


class EpochPassed(BadInput):
    """Another writer has taken the session over; this one may record nothing more."""

    from_outside = True


@dataclass(frozen=True)
class SessionStart:
    """What is known of a run when it begins.

    `name` is derived (mode, data, key); `data` what the feed says of itself and `data_digest` its SHA-256 (hex);
    `started_ns` by the clock; `schema_version` the engine's; `preflight` what was found before the start; `preset` the
    one it runs with, as its `cited` says.
    """

    name: str
    mode: str
    config: SessionConfig
    session_key: int
    data: dict[str, object]
    data_digest: str
    epoch: int
    schema_version: int
    code_version: str
    started_ns: int
    preflight: object = None
    preset: object = None
    campaign_run_id: int | None = None


@dataclass(frozen=True)
class SessionRow:
    """A run as the record has it. `counts`: entries recorded so far, by log."""

    id: int
    name: str
    run: int
    mode: str
    status: str
    epoch: int
    session_key: int
    configuration: dict[str, object]
    config_digest: str
    data_digest: str
    state_hash: str | None
    document: dict[str, object] | None
    started_ns: int
    ended_ns: int | None
    counts: dict[str, int]

    @cached_property
    def config(self) -> SessionConfig:
        """The configuration. Raises BadInput when this program does not make the same one of it."""
        try:
            config = SessionConfig.model_validate(self.configuration)
        except ValueError as error:
            raise BadInput(f"session {self.name}: its configuration is not understood: {error}") from error
        if config.digest != self.config_digest:
            raise BadInput(
                f"session {self.name}: its configuration means something else to this program",
                "use the version that recorded it",
            )
        return config

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """Its symbols, in the engine's order."""
        return self.config.symbols

    @cached_property
    def venues(self) -> tuple[str, ...]:
        """Its venues, in the engine's order."""
        return tuple(venue.name for venue in self.config.venues)

    def __str__(self) -> str:
        return f"{self.name} (run {self.run})"


def begin_row(connection: Connection, start: SessionStart) -> SessionRow:
    """The row of a run that begins. Raises BadInput for what cannot be recorded."""
    key = key_of(f"runs of {start.name}")
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})  # two runs take two numbers
    last = select(func.coalesce(func.max(SESSIONS.c.run), 0) + 1).where(SESSIONS.c.name == start.name)
    connection.execute(
        insert(SESSIONS)
        .values(**_begun(start), run=last.scalar_subquery())
        .on_conflict_do_nothing(index_elements=["name", "started_ns"])
    )
    found = connection.execute(
        select(SESSIONS).where(SESSIONS.c.name == start.name, SESSIONS.c.started_ns == start.started_ns)
    )
    return _row(found.mappings().one())


def _begun(start: SessionStart) -> dict[str, object]:
    config, what = start.config, f"session {start.name}"
    return {
        "name": start.name,
        "campaign_run_id": start.campaign_run_id,
        "mode": start.mode,
        "strategy": config.strategy,
        "session_key": start.session_key,
        "epoch": start.epoch,
        "seed": config.seed,
        "levels": config.levels,
        "reporting_currency": config.reporting_currency,
        "reporting_digits": digits_of(config.reporting_currency),
        "config": json_form(config.model_dump(mode="json"), f"{what}: configuration"),
        "config_digest": config.digest,
        "data": json_form(start.data, f"{what}: data"),
        "data_digest": start.data_digest,
        "schema_version": start.schema_version,
        "code_version": start.code_version,
        "started_ns": start.started_ns,
        "status": "running",
        "preflight": json_form(start.preflight, f"{what}: preflight"),
        "preset": json_form(start.preset, f"{what}: preset"),
        **{recorded(log): 0 for log in LOGS},
    }


def digits_of(currency: str) -> int:
    """Decimal digits of a currency's booking unit: 8 for 1e-8. Raises BadInput for a unit that is no power of ten."""
    unit = booking_unit(currency)
    for digits in range(20):
        if unit == float(f"1e-{digits}"):
            return digits
    raise BadInput(f"the booking unit of {currency}, {unit}, is no power of ten")


def find_row(connection: Connection, session: int | str) -> SessionRow:
    """A run by its number, or the newest run of a name. Raises BadInput when there is none."""
    column = SESSIONS.c.id if isinstance(session, int) else SESSIONS.c.name
    query = select(SESSIONS).where(column == session).order_by(SESSIONS.c.run.desc()).limit(1)
    found = connection.execute(query).mappings().one_or_none()
    if found is None:
        named = f"number {session}" if isinstance(session, int) else repr(session)
        raise BadInput(f"the record has no session {named}", "list those it has: arb session list")
    return _row(found)


def find_rows(connection: Connection, sessions: Sequence[int]) -> list[SessionRow]:
    """Those of these runs that there are, in the order of their numbers."""
    query = select(SESSIONS).where(SESSIONS.c.id.in_(sessions)).order_by(SESSIONS.c.id)
    return [_row(found) for found in connection.execute(query).mappings()]


def take_over(connection: Connection, session: int, epoch: int) -> SessionRow:
    """The row of a run whose writer is gone, now under a newer epoch and running.

    Raises BadInput when it ended, EpochPassed when its epoch is not older.
    """
    row = find_row(connection, session)
    if row.status not in ("running", "abandoned"):
        raise BadInput(f"session {row} is {row.status}: nothing can be added to it", "start another run")
    taken = connection.execute(
        update(SESSIONS)
        .where(SESSIONS.c.id == session, SESSIONS.c.epoch < epoch, SESSIONS.c.status.in_(("running", "abandoned")))
        .values(epoch=epoch, status="running", ended_ns=None, reason=None)
    )
    if taken.rowcount != 1:
        raise epoch_passed(find_row(connection, session), epoch)
    return find_row(connection, session)


def hold_row(connection: Connection, session: int, epoch: int) -> SessionRow:
    """The row, held until the transaction ends. Raises EpochPassed unless it runs under this very epoch."""
    query = select(SESSIONS.c.epoch).where(SESSIONS.c.id == session).with_for_update(key_share=True)
    connection.execute(query)
    row = find_row(connection, session)
    if row.epoch != epoch or row.status != "running":
        raise epoch_passed(row, epoch)
    return row


def epoch_passed(row: SessionRow, epoch: int) -> EpochPassed:
    """The error for a writer of `epoch` that may not write to `row`."""
    if row.epoch == epoch:
        return EpochPassed(f"session {row} is {row.status}: nothing can be added to it", "start another run")
    return EpochPassed(
        f"session {row} is written under epoch {row.epoch}, this writer has epoch {epoch}",
        "stop it: another process runs the session",
    )


def _row(found: RowMapping) -> SessionRow:
    same = ("id", "name", "run", "mode", "status", "epoch", "session_key", "config_digest", "data_digest")
    return SessionRow(
        **{name: found[name] for name in (*same, "state_hash", "document", "started_ns", "ended_ns")},
        configuration=found["config"],
        counts={log: found[recorded(log)] for log in LOGS},
    )
