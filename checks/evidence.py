"""The evidence: what sessions recorded, read from Postgres at one instant, as plain columns.

Nothing is taken on trust: rows are read as they stand, gaps and strange names included, since it is for the rules to
say what is wrong with them. What the table holds as NULL is NaN in prices and `NOTHING` in whole numbers.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from psycopg import sql
from sqlalchemy import Connection, func, select

from arbitrage_core.storage.record.binary_arrays import array_of, arrays_out
from arbitrage_core.storage.record.database import Record, raw
from arbitrage_core.storage.record.reader import at_one_instant
from arbitrage_core.storage.record.session_row import SessionRow, find_rows
from arbitrage_core.storage.record.tables import LOG_TABLES, REFUSALS

Columns = dict[str, np.ndarray]

NOTHING = -(2**62)
UNKNOWN = -1
"""Place of a name that no session has."""

_BOOK = ("received_ns", "bid_px", "ask_px")
READ: dict[str, tuple[str, ...]] = {
    "orders": (
        *("now_ns", "client_id", "trade", "attempt", "lots", "limit_px", "decision_px"),
        *(f"{side}_{name}" for side in ("buy", "sell") for name in _BOOK),
        *("action_code", "purpose_code", "style_code", "side", "leg", "stale", "symbol", "venue"),
    ),
    "fills": (
        *("now_ns", "client_id", "trade", "lots", "cost_quote_amount", "fee_amount"),
        *("cash_reporting_amount", "fee_reporting_amount", "realised_amount"),
        *("purpose_code", "style_code", "side", "leg", "symbol", "venue"),
    ),
    "trades": (
        *("trade", "opened_ns", "hedged_ns", "leaving_ns", "ended_ns", "realised_amount", "fees_amount"),
        *("incident_amount", "incidents", "phase_code", "exit_reason_code", "symbol"),
    ),
    "equity": ("now_ns", "equity_amount", "realised_amount", "unrealised_amount", "revaluation_amount"),
    "incidents": ("trade", "cost_amount", "began_ns", "ended_ns", "symbol"),
    "funding": ("trade", "amount", "symbol"),
    "guards": ("now_ns", "kind_code", "cause_code"),
}
"""The columns read of each log's table, besides session_id and number."""

_SMALL = (
    "action_code",
    "purpose_code",
    "style_code",
    "side",
    "leg",
    "stale",
    "phase_code",
    "exit_reason_code",
    "kind_code",
    "cause_code",
)
_NULLABLE = ("opened_ns", "hedged_ns", "leaving_ns", "buy_received_ns", "sell_received_ns")


@dataclass(frozen=True, eq=False)
class Evidence:
    """Rows of the asked sessions, in the order (session, number).

    `asked` the ids asked for, `sessions` those there are, in the order of their ids. `tables`: columns by table, int64
    but for prices; `place` is the session's place in `sessions`, `symbol` and `venue` places in `symbols` and `venues`
    (of all sessions together), `UNKNOWN` for another name. `transitions`: order_changes counted by session and
    (before, after), with the first one's number. `refusals`: (session_id, name) → refused.
    """

    asked: tuple[int, ...]
    sessions: list[SessionRow]
    symbols: tuple[str, ...]
    venues: tuple[str, ...]
    tables: dict[str, Columns]
    transitions: Columns
    refusals: dict[tuple[int, str], int]

    @cached_property
    def ids(self) -> np.ndarray:
        """int64[n]: the sessions' ids."""
        return np.array([row.id for row in self.sessions], np.int64)


def read_evidence(record: Record, sessions: Sequence[int]) -> Evidence:
    """Reads it, all as of one instant. Raises RecordAway, and BadInput for a configuration that is not understood."""
    asked = tuple(dict.fromkeys(sessions))
    with at_one_instant(record) as connection:
        rows = find_rows(connection, asked)
        symbols = tuple(dict.fromkeys(symbol for row in rows for symbol in row.symbols))
        venues = tuple(dict.fromkeys(venue for row in rows for venue in row.venues))
        ids = [row.id for row in rows]
        snapshot = connection.execute(select(func.pg_export_snapshot())).scalar_one()

        def beside(table: str) -> Columns:
            with at_one_instant(record, snapshot) as another:
                return _read(another, table, ids, symbols, venues)

        with ThreadPoolExecutor(1) as second:  # the largest table by itself, while the others are read here
            largest = second.submit(beside, "orders")
            tables = {name: _read(connection, name, ids, symbols, venues) for name in READ if name != "orders"}
            return Evidence(
                asked=asked,
                sessions=rows,
                symbols=symbols,
                venues=venues,
                transitions=_transitions(connection, ids),
                refusals=_refusals(connection, ids),
                tables={**tables, "orders": largest.result()},
            )


def _read(connection: Connection, table: str, ids: list[int], symbols: Sequence[str], venues: Sequence[str]) -> Columns:
    """A table's columns. The database hands each session's over as arrays, one a column: a third less time for it
    than row by row, and next to none for this process."""
    names = ("session_id", "number", *READ[table])
    listed = {"symbol": symbols, "venue": venues}
    parts, kinds = [], []
    for name in names:
        part, kind = _as_number(name, listed.get(name))
        parts.append(sql.SQL("array_send(array_agg({}))").format(part))
        kinds.append(kind)
    query = sql.SQL("SELECT {} FROM {} WHERE session_id = ANY({}::bigint[]) GROUP BY session_id").format(
        sql.SQL(", ").join(parts), sql.Identifier(LOG_TABLES[table].name), sql.Literal(ids)
    )
    with raw(connection).cursor(binary=True) as cursor:
        sent = cursor.execute(query).fetchall()
    columns = {
        name: np.concatenate([array_of(row[place], kind) for row in sent] or [np.zeros(0, np.dtype(kind))])
        for place, (name, kind) in enumerate(zip(names, kinds, strict=True))
    }
    return _ordered(columns, ids)


def _as_number(name: str, texts: Sequence[str] | None) -> tuple[sql.Composable, str]:
    """A column as a number that is never NULL, and its dtype."""
    column = sql.Identifier(name)
    if texts is not None:
        cases = [sql.SQL("WHEN {} THEN {}").format(sql.Literal(text), sql.Literal(n)) for n, text in enumerate(texts)]
        chosen = sql.SQL("(CASE {} {} ELSE -1 END)::int4").format(column, sql.SQL(" ").join(cases))
        return (chosen, "i4") if cases else (sql.SQL("-1"), "i4")
    if name in _SMALL:
        return sql.SQL("{}::int4").format(column), "i4"
    if name.endswith("_px"):
        return sql.SQL("coalesce({}, 'NaN')").format(column), "f8"
    if name in _NULLABLE:
        return sql.SQL("coalesce({}, {})").format(column, sql.Literal(NOTHING)), "i8"
    return column, "i8"


def _ordered(columns: Columns, ids: list[int]) -> Columns:
    """By (session, number), each row with its session's place."""
    session, number = columns["session_id"], columns["number"]
    rising = (session[1:] > session[:-1]) | ((session[1:] == session[:-1]) & (number[1:] >= number[:-1]))
    if not rising.all():
        order = np.lexsort((number, session))
        columns = {name: values[order] for name, values in columns.items()}
    columns["place"] = np.searchsorted(np.array(ids, np.int64), columns["session_id"])
    return columns


def _transitions(connection: Connection, ids: list[int]) -> Columns:
    query = sql.SQL(
        "SELECT session_id, before_code::int, after_code::int, count(*), min(number), max(number)"
        " FROM order_changes WHERE session_id = ANY({}::bigint[]) GROUP BY session_id, before_code, after_code"
    ).format(sql.Literal(ids))
    sent = arrays_out(raw(connection), query, ["i8", "i4", "i4", "i8", "i8", "i8"])
    names = ("session_id", "before_code", "after_code", "rows", "number", "last_number")
    columns = {name: values.astype(np.int64) for name, values in zip(names, sent, strict=True)}
    return _ordered(columns, ids)


def _refusals(connection: Connection, ids: list[int]) -> dict[tuple[int, str], int]:
    found: dict[tuple[int, str], int] = {}
    query = select(REFUSALS.c.session_id, REFUSALS.c.refusal, REFUSALS.c.refused).where(REFUSALS.c.session_id.in_(ids))
    for session_id, name, refused in connection.execute(query):
        found[session_id, name] = found.get((session_id, name), 0) + refused
    return found
