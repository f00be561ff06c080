"""Frames: a run's logs as pandas tables, with names for codes and money that is exact.

Every column of the engine's log is there as int64 or float64, nothing is lost to a float on the way; symbols, venues
and enums are categories; what the engine writes for "nothing" is missing. Beside each `…_amount` stands the money it
means, a decimal with the digits of its currency's booking unit: exact, so sums and differences are too.
"""

from collections.abc import Callable, Sequence
from enum import IntEnum

import numpy as np
import pandas as pd
import pyarrow as pa

from arbitrage_core.domain.order import Action, OrderState, OrderStyle, Purpose
from arbitrage_core.domain.refusal import GuardCause, GuardEvent
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.trade import ExitReason, Phase
from arbitrage_core.engine.state import Approval
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.entries import GUARD, GUARDS, NOTHING, SYMBOL, bindings, is_nothing
from arbitrage_core.storage.record.reader import Session, read_log, session_row
from arbitrage_core.storage.record.session_row import SessionRow, digits_of

ENUMS: dict[str, type[IntEnum]] = {
    "action": Action,
    "after": OrderState,
    "approval": Approval,
    "cause": GuardCause,
    "before": OrderState,
    "exit_reason": ExitReason,
    "kind": GuardEvent,
    "phase": Phase,
    "purpose": Purpose,
    "resolution": Purpose,
    "style": OrderStyle,
}
MOMENTS = {"now_ns": "now_at", "decided_ns": "decided_at", "began_ns": "began_at", "ended_ns": "ended_at"}
DECIMAL_DIGITS = 38

_OWN_CURRENCY: dict[str, Callable[[SessionConfig, str, str], str]] = {
    "cost_quote_amount": lambda config, venue, symbol: config.market(venue, symbol).quote_currency,
    "fee_amount": lambda config, venue, symbol: config.market(venue, symbol).fees_in,
}
"""Amounts of fills that are not in the reporting currency."""


def read_orders(record: Record, session: Session) -> pd.DataFrame:
    """What was asked of venues. Raises BadInput (no such run, not whole) and RecordAway, as all of these do."""
    return read_frame(record, session, "orders")


def read_fills(record: Record, session: Session) -> pd.DataFrame:
    """The fills, one row each."""
    return read_frame(record, session, "fills")


def read_trades(record: Record, session: Session) -> pd.DataFrame:
    """The trades that ended."""
    return read_frame(record, session, "trades")


def read_equity(record: Record, session: Session) -> pd.DataFrame:
    """The marks of the equity."""
    return read_frame(record, session, "equity")


def read_frame(record: Record, session: Session, log: str) -> pd.DataFrame:
    """Any log of a run, by its name in `SessionLog`, in the engine's order."""
    row = session_row(record, session)
    return frame_of(row, log, read_log(record, row.id, log))


def frame_of(row: SessionRow, log: str, entries: np.ndarray) -> pd.DataFrame:
    """The frame of a log's entries; index: the entry's number."""
    columns: dict[str, object] = {}
    for one in bindings(log):
        values, name = np.ascontiguousarray(entries[one.field]), one.column.removesuffix("_code")
        if one.names:
            columns[name] = pd.Categorical.from_codes(*_categories(one.names, values, row))
        elif name in ENUMS:
            columns[name] = _named(values, ENUMS[name])
        elif one.is_flag:
            columns[name] = values.astype(bool)
        else:
            columns[name] = _with_gaps(values, NOTHING.get(log, {}).get(one.field))
        if name in MOMENTS:
            columns[MOMENTS[name]] = pd.to_datetime(values.astype(np.int64), unit="ns", utc=True)
        if name.endswith("amount"):
            columns[_money_name(name)] = _money(row.config, log, name, entries, values)
    return pd.DataFrame(columns, index=pd.RangeIndex(len(entries), name="number"))


def _money_name(name: str) -> str:
    """`cost_quote_amount` → `cost_quote`; `amount` → `money`."""
    return name.removesuffix("_amount") if name != "amount" else "money"


def _categories(names: str, values: np.ndarray, row: SessionRow) -> tuple[np.ndarray, Sequence[str]]:
    """Codes and names; rules only those that occur, since others have no names."""
    if names != GUARD:
        return values, row.symbols if names == SYMBOL else row.venues
    there, codes = np.unique(values, return_inverse=True)
    return codes, [GUARDS[rule] for rule in there]


def _named(values: np.ndarray, enum: type[IntEnum]) -> pd.Categorical:
    places = np.full(max(enum) + 2, -1)
    for place, member in enumerate(enum):
        places[member.value] = place
    return pd.Categorical.from_codes(places[values], [member.name for member in enum])  # −1 is the last: missing


def _with_gaps(values: np.ndarray, nothing: float | None) -> object:
    if nothing is None:
        return values
    missing = is_nothing(values, nothing)
    if values.dtype.kind == "f":
        return np.where(missing, np.nan, values)
    return pd.arrays.IntegerArray(values.astype(np.int64), missing)


def _money(config: SessionConfig, log: str, name: str, entries: np.ndarray, amounts: np.ndarray) -> object:
    if log == "fills" and name in _OWN_CURRENCY:
        digits = _digits_by_market(config, _OWN_CURRENCY[name])[entries["symbol"], entries["venue"]]
    else:
        digits = np.full(len(amounts), digits_of(config.reporting_currency))
    return decimals(amounts, digits)


def _digits_by_market(config: SessionConfig, currency_of: Callable[[SessionConfig, str, str], str]) -> np.ndarray:
    found = np.zeros((len(config.symbols), len(config.venues)), np.int64)
    for s, symbol in enumerate(config.symbols):
        for v, venue in enumerate(config.venues):
            if config.market(venue.name, symbol) is not None:
                found[s, v] = digits_of(currency_of(config, venue.name, symbol))
    return found


def decimals(amounts: np.ndarray, digits: Sequence[int] | np.ndarray) -> pd.api.extensions.ExtensionArray:
    """amounts / 10^digits, int64[n] and the digits of each, as exact decimals with the most digits of any."""
    digits = np.asarray(digits)
    most = int(digits.max(initial=0))
    kind = pa.decimal128(DECIMAL_DIGITS, most)
    parts, order = [], []
    for few in np.unique(digits):
        rows = np.flatnonzero(digits == few)
        parts.append(_decimal128(amounts[rows], int(few)).cast(kind))
        order.append(rows)
    if not parts:
        return pd.array([], dtype=pd.ArrowDtype(kind))
    places = np.empty(len(amounts), np.int64)
    places[np.concatenate(order)] = np.arange(len(amounts))
    return pd.arrays.ArrowExtensionArray(pa.chunked_array(parts).take(pa.array(places)))


def _decimal128(amounts: np.ndarray, digits: int) -> pa.Array:
    """The amounts' own bits, sign-extended to the 128 of a decimal: nothing is computed, nothing rounded."""
    words = np.empty((len(amounts), 2), np.int64)
    words[:, 0], words[:, 1] = amounts, amounts.astype(np.int64) >> 63
    return pa.Array.from_buffers(pa.decimal128(DECIMAL_DIGITS, digits), len(amounts), [None, pa.py_buffer(words)])
