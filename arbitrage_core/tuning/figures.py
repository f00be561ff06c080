"""The figures a parameter set is judged by, from the trades it ended in a window of time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from arbitrage_core.domain.trade import Phase
from arbitrage_core.tuning.splits import Window

MAXIMISED = {"pnl_quote": True, "expectancy_quote": True, "sharpe": True, "win_rate": True, "max_drawdown_quote": False}
"""The figures that may be objectives: True when more is better."""

Figures = dict[str, float | int]


def upward(figures: Mapping[str, Any], objective: str) -> float:
    """An objective turned so that more is better."""
    return float(figures[objective]) * (1.0 if MAXIMISED[objective] else -1.0)


@dataclass(frozen=True, eq=False)
class TradeColumns:
    """The trades of a run that ever filled, in the order in which they ended; columns of equal length."""

    decided_ns: np.ndarray
    ended_ns: np.ndarray
    pnl_quote: np.ndarray

    @classmethod
    def of(cls, trades: np.ndarray, unit: float) -> "TradeColumns":
        """Of `TRADE_OUT[n]`, with the booking unit of the reporting currency."""
        filled = trades["phase"] != Phase.VOID
        return cls(
            trades["decided_ns"][filled], trades["ended_ns"][filled], trades["realised_amount"][filled] * unit
        )  # fmt: skip

    def within(self, window: Window) -> "TradeColumns":
        """Those decided and ended in the window."""
        inside = (self.decided_ns >= window.first_ns) & (self.ended_ns < window.until_ns)
        return TradeColumns(self.decided_ns[inside], self.ended_ns[inside], self.pnl_quote[inside])

    def by_period(self, edges_ns: np.ndarray) -> np.ndarray:
        """float64[len(edges) − 1]: what the trades that ended in each period brought."""
        periods = np.searchsorted(edges_ns, self.ended_ns, side="right") - 1
        inside = (periods >= 0) & (periods < len(edges_ns) - 1)
        return np.bincount(periods[inside], self.pnl_quote[inside], minlength=len(edges_ns) - 1)


def figures_of(trades: TradeColumns, window: Window, edges_ns: np.ndarray) -> Figures:
    """What a window's trades come to.

    trades, pnl_quote, expectancy_quote (a trade), win_rate, sharpe (mean over deviation of the profits of the window's
    periods, not annualised), max_drawdown_quote (of the realised profit). A figure of no trades, or without deviation,
    is 0.
    """
    mine = trades.within(window)
    count, pnl_quote = len(mine.pnl_quote), float(mine.pnl_quote.sum())
    profits = mine.by_period(edges_ns)[window.periods]
    deviation = float(profits.std(ddof=1)) if len(profits) > 1 else 0.0
    equity = np.cumsum(mine.pnl_quote)
    return {
        "trades": count,
        "pnl_quote": pnl_quote,
        "expectancy_quote": pnl_quote / count if count else 0.0,
        "win_rate": float((mine.pnl_quote > 0.0).mean()) if count else 0.0,
        "sharpe": float(profits.mean()) / deviation if deviation > 1e-9 else 0.0,
        "max_drawdown_quote": float((np.maximum.accumulate(np.maximum(equity, 0.0)) - equity).max(initial=0.0)),
    }
