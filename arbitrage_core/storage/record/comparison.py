"""The comparison: whether the record and the engine's ledger say the same, exactly, and where not.

Three ways that share nothing but the tables: every entry of every log against the engine's own; sums of money made by
the database against the engine's state; and the state's counters of refusals against those recorded.
"""

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


class Figure(NamedTuple):
    """One figure of the engine, and the query that makes it up from the record."""

    name: str
    ours: int
    query: str
    names: dict[str, object]


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
    found = []
    for figure in _figures(row, state):
        theirs = connection.execute(text(figure.query), {"session": row.id, **figure.names}).scalar_one()
        if theirs is None or int(theirs) != figure.ours:
            found.append(f"{figure.name}: {theirs} by the record, {figure.ours} by the engine")
    return found


_REALISED = """
    SELECT coalesce((SELECT sum(realised_amount) FROM fills WHERE session_id = :session {and_where}), 0)
         + coalesce((SELECT sum(amount) FROM funding WHERE session_id = :session {and_where}), 0)
"""
_FEES = "SELECT coalesce(sum(fee_reporting_amount), 0) FROM fills WHERE session_id = :session {and_where}"
_POSITION = """
    SELECT coalesce(sum(side * lots), 0) FROM fills WHERE session_id = :session AND symbol = :symbol AND venue = :venue
"""
_ENDED = "SELECT count(*) FROM trades WHERE session_id = :session AND symbol = :symbol AND phase = :phase"
_EQUITY = """
    SELECT equity_amount FROM equity WHERE session_id = :session ORDER BY number DESC LIMIT 1
"""


def _figures(row: SessionRow, state: np.record) -> list[Figure]:
    """The engine's figures, and how the database makes them up from fills, funding, trades and marks."""
    whole = {"and_where": ""}
    of_symbol, of_venue = {"and_where": "AND symbol = :symbol"}, {"and_where": "AND venue = :venue"}
    found = [
        Figure("realised PnL of the session", int(state["realised_amount"]), _REALISED.format(**whole), {}),
        Figure("fees of the session", int(state["fees_amount"]), _FEES.format(**whole), {}),
    ]
    if row.counts["equity"]:
        found.append(Figure("equity at the last mark", int(state["equity_amount"]), _EQUITY, {}))
    for s, symbol in enumerate(row.symbols):
        mine, named = state["symbols"][s], {"symbol": symbol}
        found += [
            Figure(f"realised PnL of {symbol}", int(mine["realised_amount"]), _REALISED.format(**of_symbol), named),
            Figure(f"fees of {symbol}", int(mine["fees_amount"]), _FEES.format(**of_symbol), named),
        ]
        for phase, counter in (("CLOSED", "closed"), ("UNWOUND", "unwound"), ("VOID", "voids")):
            name = f"trades {counter} of {symbol}"
            found.append(Figure(name, int(mine[counter]), _ENDED, {**named, "phase": phase}))
        for v, venue in enumerate(row.venues):
            dealt = int(mine["position_lots"][v] - mine["initial_lots"][v])
            name = f"lots of {symbol} dealt at {venue}"
            found.append(Figure(name, dealt, _POSITION, {**named, "venue": venue}))
    for v, venue in enumerate(row.venues):
        realised = int(state["venues"]["realised_amount"][v])
        found.append(Figure(f"realised PnL at {venue}", realised, _REALISED.format(**of_venue), {"venue": venue}))
    return found
