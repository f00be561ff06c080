"""The row: one event of the only stream that can influence a decision.

A row is a header and a payload whose meaning depends on the kind; the payloads share the same bytes (a union), so that
a quote of one level fits a cache line. `now_ns` is when the row was handed to the engine, `received_ns` when it reached
our socket, `venue_ns` the venue's own clock (0 when it gives none); all UTC nanoseconds.
"""

from enum import IntEnum
from functools import lru_cache

import numpy as np

HEADER_BYTES = 32
PAYLOAD_BYTES_MIN = 32
ALL_SYMBOLS = -1
"""The `symbol` of a FEED row that speaks of a whole venue."""


class RowKind(IntEnum):
    """What a row tells; QUOTE is 0 because nearly all rows are quotes."""

    QUOTE = 0
    PRINT = 1
    REPORT = 2
    TIMER = 3
    RATE = 4
    FUNDING = 5
    FEED = 6
    BALANCE = 7
    COMMAND = 8


class FeedStatus(IntEnum):
    """`status` of a FEED row. A feed counts as up until told otherwise."""

    UP = 0
    DOWN = 1
    ENDED = 2


class QuoteStatus(IntEnum):
    """`status` of a QUOTE row. Quotes of one instant belong together: decided is once, after the last of them."""

    LAST = 0
    MORE_FOLLOW = 1


class Command(IntEnum):
    """`status` of a COMMAND row."""

    RESUME = 0
    PAUSE = 1
    FLATTEN = 2
    STORES_SILENT = 3
    """The record or the live state does not answer: no entries until it does."""
    STORES_ANSWER = 4
    KILL = 5
    """No new risk until it is released: entries over, resting ones canceled, legs alone reversed and not completed."""
    KILL_RELEASE = 6
    SYMBOL_OFF = 7
    """As PAUSE, for the row's symbol; its resting entries are canceled."""
    SYMBOL_ON = 8
    GUARD_RELEASE = 9
    """What the guards of the row's symbol remember is forgotten; without a symbol, those of the whole session."""
    REDUCE = 10
    """As PAUSE, or as SYMBOL_OFF of the row's symbol; and the open trades leave."""


@lru_cache(maxsize=32)
def row_dtype(levels: int) -> np.dtype:
    """The row for books of `levels` price levels (≥ 1). Itemsize 32 + 32 × levels bytes.

    Header: now_ns, received_ns, venue_ns (i8); kind, venue, symbol, status (i2; `status` is a `QuoteStatus` for QUOTE,
    an `OrderState` for REPORT, a `FeedStatus` for FEED, a `Command` for COMMAND).

    Payload by kind:
        QUOTE    bid_px, bid_qty, ask_px, ask_qty: f8[levels], best first, quantities in base currency, prices in the
                 market's quote currency; a level that is not there, the first one too, has price 0 and quantity 0
                 (an empty side at every level)
        PRINT    px, qty (f8), side (i8: +1 the taker bought)
        REPORT   client_id (i8), filled_lots (i8), cost_quote (f8), fee (f8): cumulative figures of the order
        RATE     currency (i8: index), rate (f8: reporting currency per unit of it)
        FUNDING  rate (f8: fraction of the notional; positive: longs pay), mark_px (f8)
        BALANCE  currency (i8), amount (f8: total)
        COMMAND  argument (i8)
    """
    if levels < 1:
        raise ValueError(f"a book has at least one level, not {levels}")
    levels_f8 = ("f8", (levels,))
    fields = {
        "now_ns": ("i8", 0),
        "received_ns": ("i8", 8),
        "venue_ns": ("i8", 16),
        "kind": ("i2", 24),
        "venue": ("i2", 26),
        "symbol": ("i2", 28),
        "status": ("i2", 30),
        "bid_px": (levels_f8, HEADER_BYTES),
        "bid_qty": (levels_f8, HEADER_BYTES + 8 * levels),
        "ask_px": (levels_f8, HEADER_BYTES + 16 * levels),
        "ask_qty": (levels_f8, HEADER_BYTES + 24 * levels),
        "px": ("f8", HEADER_BYTES),
        "qty": ("f8", HEADER_BYTES + 8),
        "side": ("i8", HEADER_BYTES + 16),
        "client_id": ("i8", HEADER_BYTES),
        "filled_lots": ("i8", HEADER_BYTES + 8),
        "cost_quote": ("f8", HEADER_BYTES + 16),
        "fee": ("f8", HEADER_BYTES + 24),
        "rate": ("f8", HEADER_BYTES),
        "mark_px": ("f8", HEADER_BYTES + 8),
        "currency": ("i8", HEADER_BYTES + 16),
        "amount": ("f8", HEADER_BYTES + 24),
        "argument": ("i8", HEADER_BYTES),
    }
    return np.dtype(
        (
            np.record,
            {
                "names": list(fields),
                "formats": [kind for kind, _ in fields.values()],
                "offsets": [offset for _, offset in fields.values()],
                "itemsize": HEADER_BYTES + PAYLOAD_BYTES_MIN * levels,
            },
        )
    )


def with_levels(rows: np.ndarray, levels: int) -> np.ndarray:
    """The same rows as `row_dtype(levels)[n]`: quotes get empty levels, or lose their deepest; the rest is unchanged.

    Returns `rows` itself when they have that many levels already.
    """
    wanted = row_dtype(levels)
    if rows.dtype.itemsize == wanted.itemsize:
        return rows
    result = np.zeros(len(rows), wanted)
    kept = min(levels, rows.dtype["bid_px"].shape[0])
    head = HEADER_BYTES + PAYLOAD_BYTES_MIN
    bytes_of_rows = rows.view(np.uint8).reshape(len(rows), rows.dtype.itemsize)
    result.view(np.uint8).reshape(len(rows), wanted.itemsize)[:, :head] = bytes_of_rows[:, :head]
    quotes = np.flatnonzero(rows["kind"] == RowKind.QUOTE)
    for name in ("bid_px", "bid_qty", "ask_px", "ask_qty"):
        column = np.zeros((len(quotes), levels))
        column[:, :kept] = rows[name][quotes][:, :kept]
        result[name][quotes] = column
    return result


def command_row(command: Command, now_ns: int, levels: int, symbol: int = ALL_SYMBOLS) -> np.ndarray:
    """A COMMAND row: ROW[1]; `symbol` the index of the one it is for."""
    row = _bare_row(RowKind.COMMAND, now_ns, levels, command)
    row["symbol"] = symbol
    return row


def timer_row(now_ns: int, levels: int) -> np.ndarray:
    """A TIMER row: ROW[1]."""
    return _bare_row(RowKind.TIMER, now_ns, levels, 0)


def _bare_row(kind: RowKind, now_ns: int, levels: int, status: int) -> np.ndarray:
    row = np.zeros(1, row_dtype(levels))
    row["now_ns"] = row["received_ns"] = now_ns
    row["kind"], row["status"] = kind, status
    return row
