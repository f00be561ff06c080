"""The drawdown: how far marked equity fell below its highest mark, and for how long.

The marks are those the engine makes: after every booking and at each full UTC second. Between two marks equity is
taken to stand where the earlier one left it, so a dip and recovery between marks is not seen. The initial capital is
the first peak: losing from the very start is a drawdown too. Definition: Magdon-Ismail & Atiya, "Maximum Drawdown",
Risk 17 (2004); the spell under water as in Young, "Calmar Ratio", Futures (1991).
"""

from dataclasses import dataclass

import numpy as np

from arbitrage_core.statistics.amounts import figure, quote_of, quotient

NS_PER_S = 1_000_000_000


def marked_amounts(equity: np.ndarray, start_amount: int) -> np.ndarray:
    """Equity int64[n] at the marks EQUITY_OUT[n]: start + realised + unrealised + revaluation, in booking units.

    By law I2 that is the `equity_amount` of the mark, save while an inventory has not been priced yet: then the capital
    the engine starts from still grows, which is no profit. Here `start_amount` is the final one throughout.
    """
    return start_amount + equity["realised_amount"] + equity["unrealised_amount"] + equity["revaluation_amount"]


@dataclass(frozen=True)
class Drawdowns:
    """Drawdown at every mark: `depth_amounts` int64[n] ≥ 0, `peak_amounts` int64[n], `now_ns` int64[n]."""

    now_ns: np.ndarray
    peak_amounts: np.ndarray
    depth_amounts: np.ndarray

    @classmethod
    def of(cls, equity: np.ndarray, start_amount: int) -> "Drawdowns":
        """Of the marks `equity`, EQUITY_OUT[n] in time order, beginning at `start_amount`."""
        marks = marked_amounts(equity, start_amount)
        peaks = np.maximum(np.maximum.accumulate(marks), start_amount) if len(marks) else marks
        return cls(np.ascontiguousarray(equity["now_ns"]), peaks, peaks - marks)

    @property
    def deepest_amount(self) -> int:
        """The maximum drawdown, ≥ 0, in booking units."""
        return int(np.max(self.depth_amounts, initial=0))

    @property
    def largest_pct(self) -> float | None:
        """The largest drawdown in per cent of its peak, ≥ 0; None when a peak was not positive."""
        if len(self.peak_amounts) == 0:
            return 0.0
        if not self.peak_amounts.min() > 0:
            return None
        return figure(np.max(self.depth_amounts / self.peak_amounts) * 100.0)

    def spells(self) -> tuple[np.ndarray, np.ndarray]:
        """Index of the first mark of each spell under water, and of the mark that ended it (n: none did), int64[k]."""
        wet = np.concatenate(([False], self.depth_amounts > 0, [False]))
        edges = np.flatnonzero(wet[1:] != wet[:-1])
        return edges[0::2], edges[1::2]


def drawdown_figures(equity: np.ndarray, start_amount: int, unit: float) -> dict[str, int | float | bool | None]:
    """The drawdown figures of a session.

    `equity`: EQUITY_OUT[n]; `start_amount`: capital at the start; `unit`: booking unit of the reporting currency.

    max_drawdown_amount, _quote  deepest fall below the highest mark before it, ≥ 0
    max_drawdown_pct             largest fall in per cent of that peak (of all marks: not always the deepest one's)
    duration_s                   length of the spell under water that held the deepest fall: from the first mark below
                                 the peak to the first back at it, or to the last mark when it never came back
    to_trough_s                  of it, until the deepest mark
    recovered                    whether it came back; None without a drawdown
    longest_s                    the longest spell, which may be another one
    under_water_s, _share        all spells together, and their share of the time between first and last mark
    spells                       how many
    """
    falls = Drawdowns.of(equity, start_amount)
    deepest = falls.deepest_amount
    document: dict[str, int | float | bool | None] = {
        "max_drawdown_amount": deepest,
        "max_drawdown_quote": quote_of(deepest, unit),
        "max_drawdown_pct": falls.largest_pct,
        "duration_s": 0.0,
        "to_trough_s": 0.0,
        "recovered": None,
        "longest_s": 0.0,
        "under_water_s": 0.0,
        "under_water_share": None,
        "spells": 0,
    }
    if len(falls.now_ns) == 0:
        return document
    begins, ends = falls.spells()
    last = len(falls.now_ns) - 1
    lengths_ns = falls.now_ns[np.minimum(ends, last)] - falls.now_ns[begins]
    whole_ns = int(falls.now_ns[last] - falls.now_ns[0])
    document["under_water_s"] = int(lengths_ns.sum()) / NS_PER_S
    document["under_water_share"] = quotient(int(lengths_ns.sum()), whole_ns)
    document["spells"] = len(begins)
    if deepest > 0:
        trough = int(np.argmax(falls.depth_amounts))
        spell = int(np.searchsorted(begins, trough, side="right")) - 1
        document["duration_s"] = int(lengths_ns[spell]) / NS_PER_S
        document["to_trough_s"] = int(falls.now_ns[trough] - falls.now_ns[begins[spell]]) / NS_PER_S
        document["recovered"] = bool(ends[spell] <= last)
        document["longest_s"] = int(lengths_ns.max()) / NS_PER_S
    return document
