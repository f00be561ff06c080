"""The portfolio: that all its parts add up, in whole booking units, and what it would take to even out its venues.

Arbitrage leaves money where it sold dear and takes it where it bought cheap: what the venues hold drifts apart although
the whole is hedged. `suggested_moves` says what would bring each back to its share; nothing is moved.
"""

from dataclasses import dataclass

import numpy as np

from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine.output import SessionLog
from arbitrage_core.statistics.amounts import quote_of

BPS = 1e-4


def sums_that_differ(config: SessionConfig, log: SessionLog, state: np.record) -> tuple[str, ...]:
    """What does not add up exactly, in words; empty when all does. Amounts are int64 in booking units.

    Realised PnL is the same as the session's, its symbols', its venues', its trades' (open ones too) and its bookings';
    equity is start + realised + unrealised + revaluation at every mark; cash at the venues moved by what was realised
    once nothing is held; won trades over closed and unwound ones; and every booking was followed by a mark.
    """
    symbols, venues = state["symbols"][: len(config.symbols)], state["venues"][: len(config.venues)]
    realised, held = int(state["realised_amount"]), bool(np.any(symbols["in_use"]))
    under_way = symbols["trades"]["realised_amount"][symbols["trades"]["phase"] != Phase.FREE]
    sums = {
        "realised by symbol": int(symbols["realised_amount"].sum()),
        "realised by venue": int(venues["realised_amount"].sum()),
        "realised by trade": int(log.trades["realised_amount"].sum()) + int(under_way.sum()),
        "realised by booking": int(log.fills["realised_amount"].sum()) + int(log.funding["amount"].sum()),
    }
    if not held and len(config.currencies) == 1 and not np.any(symbols["initial_lots"]):
        sums["cash of the venues"] = int((venues["cash_amounts"] - venues["start_amounts"]).sum())
    found = [
        f"{name} is {amount:,}, of the session {realised:,}" for name, amount in sums.items() if amount != realised
    ]
    grows = len(config.currencies) > 1 or bool(np.any(symbols["initial_lots"]))
    return (*found, *_marks(log, int(state["start_amount"]), grows), *_wins(log, symbols))


def _marks(log: SessionLog, start_amount: int, grows: bool) -> list[str]:
    """`grows`: what the session starts with is not known whole before the first prices and rates."""
    marks, found = log.equity, []
    parts = sum(marks[f"{part}_amount"] for part in ("realised", "unrealised", "revaluation"))
    starts = np.unique(marks["equity_amount"] - parts) if len(marks) else np.array([start_amount])
    if starts[-1] != start_amount or not (grows or len(starts) == 1):
        found.append(f"equity at a mark less its parts is {starts[0]:,} to {starts[-1]:,}, the start {start_amount:,}")
    bookings = np.unique(np.concatenate([log.fills["now_ns"], log.funding["now_ns"]]))
    unmarked = int(np.count_nonzero(~np.isin(bookings, marks["now_ns"])))
    return [*found, f"{unmarked} bookings without a mark of the equity"] if unmarked else found


def _wins(log: SessionLog, symbols: np.ndarray) -> list[str]:
    over = log.trades[log.trades["phase"] != Phase.VOID]
    won, ended = int(np.count_nonzero(over["realised_amount"] > 0)), len(over)
    counted = int(symbols["wins"].sum()), int(symbols["closed"].sum() + symbols["unwound"].sum())
    return [] if (won, ended) == counted else [f"{won} of {ended} trades won, counted are {counted[0]} of {counted[1]}"]


@dataclass(frozen=True)
class Move:
    """Money to bring from one venue to another: an amount in the currency's booking units, and what that costs."""

    source: str
    target: str
    currency: str
    amount: int
    cost_quote: float

    @property
    def own(self) -> float:
        """The amount in the currency itself."""
        return quote_of(self.amount, booking_unit(self.currency))


def suggested_moves(config: SessionConfig, state: np.record) -> tuple[Move, ...]:
    """The moves that bring each venue back to its share of the reporting currency: the largest surplus first to the
    largest deficit. Each costs `transfer_cost_bps` of the venue it leaves. What a position is worth stays where it is.
    """
    unit, names = booking_unit(config.reporting_currency), [venue.name for venue in config.venues]
    cash = state["venues"]["cash_amounts"][: len(names), 0] - state["venues"]["start_amounts"][: len(names), 0]
    drift = cash - int(cash.sum()) // len(names)
    drift[0] -= int(drift.sum())  # what does not divide
    moves = []
    while drift.max() > 0:
        source, target = int(drift.argmax()), int(drift.argmin())
        amount = int(min(drift[source], -drift[target]))
        drift[source], drift[target] = drift[source] - amount, drift[target] + amount
        cost = quote_of(amount, unit) * config.venues[source].transfer_cost_bps * BPS
        moves.append(Move(names[source], names[target], config.reporting_currency, amount, cost))
    return tuple(moves)


def rebalancing_figures(config: SessionConfig, log: SessionLog, state: np.record) -> dict[str, object]:
    """`{moves: {source: {target: money}}, cost_quote, priced_quote}`: what evening out would take and cost, and what
    the edges of the session's trades had set aside for it. In the reporting currency."""
    moves = suggested_moves(config, state)
    by_source: dict[str, dict[str, float]] = {}
    for move in moves:
        by_source.setdefault(move.source, {})[move.target] = move.own
    return {
        "moves": by_source,
        "cost_quote": sum((move.cost_quote for move in moves), 0.0),
        "priced_quote": rebalancing_priced_quote(config, log),
    }


def rebalancing_priced_quote(config: SessionConfig, log: SessionLog) -> float:
    """What the edges of all trades that ended set aside for moving money back: `rebalancing_bps` of their notional."""
    unit = booking_unit(config.reporting_currency)
    priced_bps = np.array([config.params_of(symbol).rebalancing_bps for symbol in config.symbols])
    return float((log.trades["entry_notional_amount"] * priced_bps[log.trades["symbol"]]).sum() * BPS * unit)
