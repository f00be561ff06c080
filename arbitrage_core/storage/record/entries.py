"""The entries of the engine's logs as rows of their tables, and back: nothing is lost either way.

A column is named like its field, an enum's `…_code`. The engine writes a number where there is nothing ("0: never");
the table has NULL there, or averages would count it. Symbols and venues are indices to the engine and names in the
table. Flags are 0 or 1 to the engine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from psycopg import sql
from sqlalchemy import Boolean, Column, Double, SmallInteger, Text

from arbitrage_core.domain.errors import BadInput, InvariantBroken
from arbitrage_core.domain.order import NO_LIMIT_PX
from arbitrage_core.domain.refusal import REFUSAL_SLOTS, Refusal
from arbitrage_core.engine.output import (
    CHANGE_OUT,
    EQUITY_OUT,
    FILL_OUT,
    FUNDING_OUT,
    GUARD_OUT,
    INCIDENT_OUT,
    ORDER_OUT,
    TRADE_OUT,
)
from arbitrage_core.storage.record.binary_copy import CopyColumn, Numbers, Texts
from arbitrage_core.storage.record.tables import LOG_TABLES

DTYPES: dict[str, np.dtype] = {
    "orders": ORDER_OUT,
    "changes": CHANGE_OUT,
    "fills": FILL_OUT,
    "trades": TRADE_OUT,
    "incidents": INCIDENT_OUT,
    "equity": EQUITY_OUT,
    "funding": FUNDING_OUT,
    "guards": GUARD_OUT,
}
"""The records of each log, by its name in `SessionLog`. Reports are not recorded: the journal has them."""

NOTHING: dict[str, dict[str, float]] = {
    "orders": {
        "limit_px": NO_LIMIT_PX,
        "buy_received_ns": 0,
        "buy_bid_px": 0,
        "buy_ask_px": 0,
        "sell_received_ns": 0,
        "sell_bid_px": 0,
        "sell_ask_px": 0,
    },
    "trades": {"opened_ns": 0, "hedged_ns": 0, "leaving_ns": 0, "leg_gap_ns": -1},
    "incidents": {"resolution": -1},
    "guards": {"release_ns": 0},
}
"""What the engine writes where there is nothing, by log and field."""

RENAMED = {"trades": {"trade": "number"}, "guards": {"limit_value": "limit"}}
"""Fields that their column names otherwise."""

PADDING = {"funding": {"pad"}}
SYMBOL, VENUE, GUARD = "symbol", "venue", "guard"
GUARDS = tuple(Refusal(code).name if code in set(Refusal) else "" for code in range(REFUSAL_SLOTS))
"""The rules by their numbers, which may grow: the table has their names."""


@dataclass(frozen=True)
class Binding:
    """A column and the field it holds. `names`: SYMBOL, VENUE or GUARD when it holds the name at that index, and
    `may_lack` when −1 means none."""

    column: str
    field: str
    dtype: str
    names: str = ""
    is_flag: bool = False
    nothing: float | None = None
    may_lack: bool = False


@cache
def bindings(log: str) -> tuple[Binding, ...]:
    """The columns of a log's table, `session_id` and `number` left out, each with the field it holds."""
    found = tuple(
        _binding(log, column)
        for column in LOG_TABLES[log].columns
        if column.computed is None and column.name not in ("session_id", "number")
    )
    held, wanted = {one.field for one in found}, set(DTYPES[log].names) - PADDING.get(log, set())
    if held != wanted:
        raise InvariantBroken(f"the table of {log} does not hold its fields: {sorted(held ^ wanted)}")
    return found


def _binding(log: str, column: Column) -> Binding:
    name = RENAMED.get(log, {}).get(column.name, column.name.removesuffix("_code"))
    nothing = NOTHING.get(log, {}).get(name)
    if isinstance(column.type, Text):
        names = column.name if column.name in (SYMBOL, GUARD) else VENUE
        return Binding(column.name, name, "i2", names=names, may_lack=bool(column.nullable))
    if isinstance(column.type, Boolean):
        return Binding(column.name, name, "i1", is_flag=True)
    kind = "f8" if isinstance(column.type, Double) else "i2" if isinstance(column.type, SmallInteger) else "i8"
    return Binding(column.name, name, kind, nothing=nothing)


def copy_columns(
    log: str, entries: np.ndarray, session_id: int, first: int, symbols: Sequence[str], venues: Sequence[str]
) -> dict[str, CopyColumn]:
    """The columns of a log's table for `entries`, the first of which is number `first` of its session.

    Raises BadInput for records of another layout, InvariantBroken for an index or flag that cannot be.
    """
    if entries.dtype != DTYPES[log]:
        raise BadInput(f"entries of the log of {log} are laid out otherwise than this program's")
    columns: dict[str, CopyColumn] = {
        "session_id": Numbers(np.array(session_id, np.int64)),
        "number": Numbers(np.arange(first, first + len(entries), dtype=np.int64)),
    }
    for one in bindings(log):
        values = np.ascontiguousarray(entries[one.field])
        if one.names:
            texts = {SYMBOL: symbols, VENUE: venues, GUARD: GUARDS}[one.names]
            _must_lie(values, -1 if one.may_lack else 0, len(texts) - 1, f"{log}: {one.field}")
            columns[one.column] = Texts(values, texts, one.may_lack)
        else:
            if one.is_flag:
                _must_lie(values, 0, 1, f"{log}: {one.field}")
            missing = None if one.nothing is None else is_nothing(values, one.nothing)
            columns[one.column] = Numbers(values.astype(one.dtype, copy=False), missing)
    return columns


def _must_lie(values: np.ndarray, least: int, most: int, what: str) -> None:
    if len(values) and (int(values.min()) < least or int(values.max()) > most):
        raise InvariantBroken(f"{what} lies outside {least} to {most}")


def is_nothing(values: np.ndarray, nothing: float) -> np.ndarray:
    """bool[n]: which of a log's values stand for nothing; doubles by their bits, so that −0.0 is not taken for 0."""
    if values.dtype.kind != "f":
        return values == nothing
    return values.view(np.int64) == np.float64(nothing).view(np.int64)


def select_query(
    log: str, session_id: int, symbols: Sequence[str], venues: Sequence[str], first: int, end: int | None
) -> sql.Composed:
    """The query that gives a log's entries from number `first` up to `end` (None: all there are), in their order and as
    numbers only: `number`, then `bindings`. A name that is not the session's comes as −1.
    """
    listed = {name: sql.Literal(list(texts)) for name, texts in ((SYMBOL, symbols), (VENUE, venues), (GUARD, GUARDS))}
    parts: list[sql.Composable] = [sql.Identifier("number")]
    for one in bindings(log):
        column: sql.Composable = sql.Identifier(one.column)
        if one.names:
            column = sql.SQL("coalesce(array_position({}::text[], {}) - 1, -1)::smallint").format(
                listed[one.names], column
            )
        elif one.is_flag:
            column = sql.SQL("{}::integer::smallint").format(column)
        elif one.nothing is not None:
            column = sql.SQL("coalesce({}, {})").format(column, sql.SQL(_literal(one)))
        parts.append(column)
    before_end = sql.SQL("" if end is None else "AND number < {}").format(sql.Literal(end))
    return sql.SQL("SELECT {} FROM {} WHERE session_id = {} AND number >= {} {} ORDER BY number").format(
        sql.SQL(", ").join(parts),
        sql.Identifier(LOG_TABLES[log].name),
        *map(sql.Literal, (session_id, first)),
        before_end,
    )


def _literal(one: Binding) -> str:
    kinds = {"i8": "bigint", "i2": "smallint", "f8": "double precision"}
    return f"'{one.nothing}'::{kinds[one.dtype]}"


def wire_dtypes(log: str) -> list[str]:
    """The dtypes of the columns of `select_query`."""
    return ["i8", *("i2" if one.names or one.is_flag else one.dtype for one in bindings(log))]


def entries_of(log: str, columns: Sequence[np.ndarray], first: int, what: str) -> np.ndarray:
    """The log's entries from the columns of `select_query`. Raises BadInput when there is a gap, or a name unknown."""
    number, *values = columns
    entries = np.zeros(len(number), DTYPES[log])
    if not np.array_equal(number, np.arange(first, first + len(number))):
        raise BadInput(f"{what}: its {log} have a gap", "its journal has them: run it again from there")
    for one, column in zip(bindings(log), values, strict=True):
        entries[one.field] = column
        if one.names and not one.may_lack and len(column) and int(column.min()) < 0:
            raise BadInput(f"{what}: its {log} name a {one.names} that is not in its configuration")
    return entries
