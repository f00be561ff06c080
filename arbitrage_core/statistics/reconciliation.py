"""Reconciliation: the engine's own counters against the same figures made up from its log.

Both tell the same story twice. A difference means that the log is not whole (a session resumed elsewhere) or that the
books are wrong; the laws decide which and stop the session, a report only must not hide it.
"""

import numpy as np

from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine.output import SessionLog
from arbitrage_core.statistics.bookings import Bookings
from arbitrage_core.statistics.drawdown import Drawdowns, marked_amounts
from arbitrage_core.statistics.trade_metrics import ended


def differences(
    log: SessionLog, state: np.record, by_symbol: list[Bookings], by_venue: list[Bookings]
) -> dict[str, int]:
    """`{figure: state − log}` for every figure that differs; empty when all agree.

    Compared: realised and fees of the session, realised of each symbol and venue (named `symbol_0_…`), closed, unwound,
    void and won trades, entries (ended and still open), maximum drawdown and last equity. `by_symbol`, `by_venue`: the
    log's bookings.
    """
    tallies, over = state["symbols"][: len(by_symbol)], ended(log.trades)
    closed = int(np.count_nonzero(over["phase"] == Phase.CLOSED))
    start_amount, equity_amount = int(state["start_amount"]), int(state["equity_amount"])
    marks = marked_amounts(log.equity, start_amount)
    pairs = {
        "realised_amount": (int(state["realised_amount"]), sum(part.realised_amount for part in by_symbol)),
        "fees_amount": (int(state["fees_amount"]), sum(part.fees_amount for part in by_symbol)),
        "closed": (int(tallies["closed"].sum()), closed),
        "unwound": (int(tallies["unwound"].sum()), len(over) - closed),
        "voids": (int(tallies["voids"].sum()), int(np.count_nonzero(log.trades["phase"] == Phase.VOID))),
        "wins": (int(tallies["wins"].sum()), int(np.count_nonzero(over["realised_amount"] > 0))),
        "entries": (int(tallies["entries"].sum()), len(over) + open_trades(tallies)),
        "drawdown_amount": (int(state["drawdown_amount"]), Drawdowns.of(log.equity, start_amount).deepest_amount),
        "equity_amount": (equity_amount, int(marks[-1]) if len(marks) else equity_amount),
    }
    for s, booked in enumerate(by_symbol):
        pairs[f"symbol_{s}_realised_amount"] = (int(tallies["realised_amount"][s]), booked.realised_amount)
    for v, booked in enumerate(by_venue):
        pairs[f"venue_{v}_realised_amount"] = (int(state["venues"]["realised_amount"][v]), booked.realised_amount)
    return {name: ours - logged for name, (ours, logged) in pairs.items() if ours != logged}


def open_trades(symbols: np.ndarray) -> int:
    """Trades of `symbol_dtype[n]` that have filled and are not over."""
    trades = symbols["trades"]
    under_way = (trades["phase"] >= Phase.OPENING) & (trades["phase"] <= Phase.UNWINDING)
    return int(np.count_nonzero(under_way & (trades["opened_ns"] > 0)))
