"""A market small enough to follow by hand: two venues, round prices, and a spread that opens and closes like a pulse.

`small_config` and `Tape` are for a handful of rows written out; `pulses` a stream of trades of every fate:
full and partial fills, legs alone, ladders, holding times, stops, resting orders, refusals.
"""

from typing import Any

import numpy as np

from arbitrage_core.domain.market import Market, Venue
from arbitrage_core.domain.row import ALL_SYMBOLS, Command, RowKind, row_dtype
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.strategy import StrategyParams
from arbitrage_core.feeds.row_stream import opaque
from arbitrage_core.session.session import Session

START_NS = 1_700_000_000_000_000_000
MS = 1_000_000
KEY = 4242
EAST, WEST = 0, 1
QUIET: dict[str, Any] = {"over": "ignore", "divide": "ignore", "invalid": "ignore"}
"""For `np.errstate`: hashes wrap and unknown prices divide by zero, which compiled code does silently."""

STRATEGY: dict[str, Any] = {
    "entry_spread_bps": 20.0,
    "entry_net_edge_bps": "off",
    "exit_spread_bps": 5.0,
    "notional_quote": None,
    "qty_base": 1.0,
    "cooldown_ms": 30.0,
    "hold_max_ms": 60_000.0,
    "max_open_trades": 2,
    "slippage_bound_bps": 5.0,
    "answer_timeout_ms": 200.0,
}
MARKET: dict[str, Any] = {"lot": 0.01, "taker_fee_bps": 1.0, "latency_ms": 5.0, "min_notional_quote": 0.0}


def small_config(
    *,
    symbols: tuple[str, ...] = ("AAA",),
    market: dict[str, Any] | None = None,
    venue: dict[str, Any] | None = None,
    session: dict[str, Any] | None = None,
    **params: Any,
) -> SessionConfig:
    """Perpetuals in lots of 0.01 at `east` and `west`; what is given changes every market, venue or the strategy."""
    names = ("east", "west")
    return SessionConfig(
        venues=tuple(Venue(name=name, **(venue or {})) for name in names),
        symbols=symbols,
        markets=tuple(
            Market(venue=name, symbol=symbol, **{**MARKET, **(market or {})}) for symbol in symbols for name in names
        ),
        params=StrategyParams(**{**STRATEGY, **params}),
        **(session or {}),
    )


class Tape:
    """Rows written one by one; times in milliseconds from the start, `age_ms` how old a row was when handed over."""

    def __init__(self, levels: int = 1) -> None:
        self.levels, self._rows = levels, []

    def row(self, at_ms: float, kind: RowKind, age_ms: float = 0.0, **fields: Any) -> "Tape":
        """Any row."""
        row = np.zeros(1, row_dtype(self.levels))
        row["now_ns"] = START_NS + round(at_ms * MS)
        row["received_ns"], row["kind"] = row["now_ns"] - round(age_ms * MS), kind
        for name, value in fields.items():
            row[name] = value
        self._rows.append(row)
        return self

    def quote(
        self, at_ms: float, venue: int, bid: float, ask: float, qty: float = 10.0, symbol: int = 0, age_ms: float = 0.0
    ) -> "Tape":
        """A quote of one level, the same quantity on both sides."""
        sides = {"bid_px": bid, "ask_px": ask, "bid_qty": qty, "ask_qty": qty}
        levels = {name: [value] + [0.0] * (self.levels - 1) for name, value in sides.items()}
        return self.row(at_ms, RowKind.QUOTE, age_ms, venue=venue, symbol=symbol, **levels)

    def both(self, at_ms: float, east: float, west: float, qty: float = 10.0, symbol: int = 0) -> "Tape":
        """A quote of each venue around these mid prices, 0.02 wide, east first."""
        self.quote(at_ms, EAST, east - 0.01, east + 0.01, qty, symbol)
        return self.quote(at_ms, WEST, west - 0.01, west + 0.01, qty, symbol)

    def command(self, at_ms: float, command: Command, symbol: int = ALL_SYMBOLS) -> "Tape":
        """An operator's command."""
        return self.row(at_ms, RowKind.COMMAND, status=command, symbol=symbol)

    @property
    def rows(self) -> np.ndarray:
        """All rows, in the order written."""
        return np.concatenate([opaque(row) for row in self._rows]).view(self._rows[0].dtype)


def pulses(count: int = 6, symbol: int = 0) -> np.ndarray:
    """`count` pulses of 400 ms: west rises by 60 bps over east, stays, falls back; thin books now and then."""
    tape = Tape()
    for pulse in range(count):
        at_ms = pulse * 400.0
        drift = 0.05 * pulse
        thin = 0.35 if pulse % 3 == 1 else 10.0
        tape.both(at_ms, 100 + drift, 100 + drift, symbol=symbol)
        tape.both(at_ms + 10, 100 + drift, 100.6 + drift, symbol=symbol)
        tape.quote(at_ms + 13, WEST, 100.59 + drift, 100.61 + drift, thin, symbol)
        tape.both(at_ms + 40, 100 + drift, 100.6 + drift, symbol=symbol)
        tape.both(at_ms + 120, 100 + drift, 100.9 + drift, symbol=symbol)
        tape.both(at_ms + 200, 100.1 + drift, 100.35 + drift, symbol=symbol)
        tape.both(at_ms + 260, 100.1 + drift, 100.1 + drift, 0.45 if pulse % 3 == 2 else 10.0, symbol=symbol)
        tape.both(at_ms + 330, 100.1 + drift, 100.1 + drift, symbol=symbol)
    return tape.rows


def interpreted(config: SessionConfig, rows: np.ndarray, **parts: Any) -> Session:
    """A session of plain Python functions, fed with all rows and not ended."""
    session = Session(config, KEY, interpreted=True, **parts)
    session.feed(rows)
    return session
