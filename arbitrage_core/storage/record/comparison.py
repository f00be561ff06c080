"""The comparison: whether the record and the engine's ledger say the same, exactly, and where not.

Three ways that share nothing but the tables: every entry of every log against the engine's own; sums of money made by
the database against the engine's state; and the state's counters of refusals against those recorded.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, text

from arbitrage_core.engine.output import SessionLog
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.entries import PADDING
from arbitrage_core.storage.record.reader import at_one_instant, log_of, refusals_of
from arbitrage_core.storage.record.refusal_counts import RefusalCount, refusal_counts
from arbitrage_core.storage.record.session_row import SessionRow, find_row
from arbitrage_core.storage.record.tables.sessions import LOGS

SHOWN_MAX = 5
"""Differing entries shown of one field."""


Key = tuple[str, str, str]
"""What is summed, of which symbol and at which venue; "" for all."""


class Figure(NamedTuple):
    """One figure of the engine, in words and by its key."""

    name: str
    key: Key
    ours: int


def differences(record: Record, session: int | str, log: SessionLog, state: np.record) -> list[str]:
    """What differs between a run in the record and the engine that ran it; empty: nothing does.

    `log` is all the engine wrote, `state` its last. Raises BadInput when the run is not in the record, or not whole;
    RecordAway.
    """
    with at_one_instant(record) as connection:
        row = find_row(connection, session)
        return [
            *_entries(log_of(connection, row), log),
            *_refusals(row, state, refusals_of(connection, row)),
            *_sums(connection, row, state),
        ]


def _entries(theirs: SessionLog, ours: SessionLog) -> list[str]:
    found = []
    for name in LOGS:
        recorded, written = getattr(theirs, name), getattr(ours, name)
        if len(recorded) != len(written):
            found.append(f"{name}: {len(recorded)} recorded, {len(written)} written")
            continue
        for field in [one for one in written.dtype.names if one not in PADDING.get(name, ())]:
            wrong = np.flatnonzero(_bits(recorded[field]) != _bits(written[field]))
            found += [
                f"{name}[{place}].{field}: recorded {recorded[field][place]}, written {written[field][place]}"
                for place in wrong[:SHOWN_MAX].tolist()
            ]
            if len(wrong) > SHOWN_MAX:
                found.append(f"{name}: {len(wrong) - SHOWN_MAX} more differ in {field}")
    return found


def _bits(values: np.ndarray) -> np.ndarray:
    values = np.ascontiguousarray(values)
    return values.view(np.int64) if values.dtype.kind == "f" else values


def _refusals(row: SessionRow, state: np.record, theirs: dict[tuple[str, int], RefusalCount]) -> list[str]:
    ours = refusal_counts(row.symbols, state)
    return [
        f"refusals of {symbol}, rule {code}: recorded {theirs.get((symbol, code))}, counted {ours.get((symbol, code))}"
        for symbol, code in sorted(ours.keys() | theirs.keys())
        if ours.get((symbol, code)) != theirs.get((symbol, code))
    ]


def _sums(connection: Connection, row: SessionRow, state: np.record) -> list[str]:
    theirs = _by_the_record(connection, row.id)
    return [
        f"{name}: {theirs.get(key, 0)} by the record, {ours} by the engine"
        for name, key, ours in _figures(row, state)
        if theirs.get(key, 0) != ours
    ]


_MONEY = """
    SELECT symbol, venue, sum(realised_amount), sum(fee_reporting_amount), sum(side * lots)
    FROM fills WHERE session_id = :session GROUP BY symbol, venue
    UNION ALL
    SELECT symbol, venue, sum(amount), 0, 0 FROM funding WHERE session_id = :session GROUP BY symbol, venue
"""
_ENDED = "SELECT symbol, phase, count(*) FROM trades WHERE session_id = :session GROUP BY symbol, phase"
_EQUITY = "SELECT equity_amount FROM equity WHERE session_id = :session ORDER BY number DESC LIMIT 1"


def _by_the_record(connection: Connection, session: int) -> Counter[Key]:
    """The figures as the database makes them up from fills, funding, trades and marks, by key."""
    asked, found = {"session": session}, Counter[Key]()
    for symbol, venue, realised, fees, dealt in connection.execute(text(_MONEY), asked):
        found["realised", "", ""] += int(realised)
        found["realised", symbol, ""] += int(realised)
        found["realised", "", venue] += int(realised)
        found["fees", "", ""] += int(fees)
        found["fees", symbol, ""] += int(fees)
        found["dealt", symbol, venue] += int(dealt)
    for symbol, phase, count in connection.execute(text(_ENDED), asked):
        found[phase, symbol, ""] += count
    found["equity", "", ""] += connection.execute(text(_EQUITY), asked).scalar() or 0
    return found


def _figures(row: SessionRow, state: np.record) -> Iterator[Figure]:
    """The engine's figures."""
    yield Figure("realised PnL of the session", ("realised", "", ""), int(state["realised_amount"]))
    yield Figure("fees of the session", ("fees", "", ""), int(state["fees_amount"]))
    if row.counts["equity"]:
        yield Figure("equity at the last mark", ("equity", "", ""), int(state["equity_amount"]))
    for s, symbol in enumerate(row.symbols):
        mine = state["symbols"][s]
        yield Figure(f"realised PnL of {symbol}", ("realised", symbol, ""), int(mine["realised_amount"]))
        yield Figure(f"fees of {symbol}", ("fees", symbol, ""), int(mine["fees_amount"]))
        for phase, counter in (("CLOSED", "closed"), ("UNWOUND", "unwound"), ("VOID", "voids")):
            yield Figure(f"trades {counter} of {symbol}", (phase, symbol, ""), int(mine[counter]))
        for v, venue in enumerate(row.venues):
            dealt = int(mine["position_lots"][v] - mine["initial_lots"][v])
            yield Figure(f"lots of {symbol} dealt at {venue}", ("dealt", symbol, venue), dealt)
    for v, venue in enumerate(row.venues):
        yield Figure(f"realised PnL at {venue}", ("realised", "", venue), int(state["venues"]["realised_amount"][v]))
