"""The execution: what became of the orders, how long fills took and how far from the decision price they were.

An order belongs to its fills by its client order id. Realised slippage is measured against the decision price, the
touch an order meant to take when it was decided, so it holds everything that came after: latency, depth, impact.
"""

from dataclasses import dataclass

import numpy as np

from arbitrage_core.domain.order import FIRST_FINAL_STATE, Action, OrderState, Purpose
from arbitrage_core.engine.output import SessionLog
from arbitrage_core.statistics.amounts import quotient, total
from arbitrage_core.statistics.arbitrage import NS_PER_MS
from arbitrage_core.statistics.distribution import distribution
from arbitrage_core.statistics.trade_metrics import BPS


@dataclass(frozen=True)
class Executions:
    """The orders that were submitted, joined with their fills; all arrays have one element an order.

    `venue` int16[n], `purpose` int16[n], `lots` int64[n] asked for, `filled_lots` int64[n] dealt so far,
    `to_fill_ns` int64[n] from the submit to the first fill, −1 without one.
    """

    venue: np.ndarray
    purpose: np.ndarray
    lots: np.ndarray
    filled_lots: np.ndarray
    to_fill_ns: np.ndarray

    @classmethod
    def of(cls, orders: np.ndarray, fills: np.ndarray) -> "Executions":
        """Of ORDER_OUT[n] (submits count) and FILL_OUT[m] in time order; fills of other orders are left out."""
        submits = orders[orders["action"] == Action.SUBMIT]
        ids, firsts, inverse = np.unique(fills["client_id"], return_index=True, return_inverse=True)
        dealt = np.zeros(len(ids), np.int64)
        np.add.at(dealt, inverse, fills["lots"])
        filled_lots = np.zeros(len(submits), np.int64)
        to_fill_ns = np.full(len(submits), -1, np.int64)
        if len(ids):
            found = np.minimum(np.searchsorted(ids, submits["client_id"]), len(ids) - 1)
            known = ids[found] == submits["client_id"]
            filled_lots[known] = dealt[found[known]]
            to_fill_ns[known] = (fills["now_ns"][firsts[found]] - submits["now_ns"])[known]
        return cls(submits["venue"], submits["purpose"], submits["lots"], filled_lots, to_fill_ns)

    def at(self, venue: int) -> "Executions":
        """Those of one venue."""
        here = self.venue == venue
        return Executions(
            self.venue[here], self.purpose[here], self.lots[here], self.filled_lots[here], self.to_fill_ns[here]
        )

    def figures(self) -> dict[str, object]:
        """submitted, with_fill, partial (filled less than asked), partial_share = partial / with_fill, to_fill_ms."""
        with_fill = self.filled_lots > 0
        partial = int(np.count_nonzero(with_fill & (self.filled_lots < self.lots)))
        return {
            "submitted": len(self.lots),
            "with_fill": int(np.count_nonzero(with_fill)),
            "partial": partial,
            "partial_share": quotient(partial, int(np.count_nonzero(with_fill))),
            "to_fill_ms": distribution(self.to_fill_ns[self.to_fill_ns >= 0], NS_PER_MS),
        }


def outcome_figures(changes: np.ndarray) -> dict[str, int]:
    """How the orders of CHANGE_OUT[n] ended: `{final state: count}`, all four, and how often one became UNKNOWN."""
    counts = np.bincount(changes["after"], minlength=max(OrderState) + 1)
    states = [OrderState.UNKNOWN, *(state for state in OrderState if state >= FIRST_FINAL_STATE)]
    return {state.name: int(counts[state]) for state in states}


def slippage_bps(fills: np.ndarray) -> float | None:
    """Slippage of FILL_OUT[n] over their value at the decision price, in bps; positive is worse. None without fills.

    The value at the decision price is what was paid less the slippage, or what was received plus it.
    """
    slippage = fills["slippage_amount"]
    decided = np.abs(fills["cash_reporting_amount"]) - fills["side"] * slippage
    return quotient(total(slippage) * BPS, total(decided))


def execution_figures(log: SessionLog, venues: int) -> tuple[dict[str, object], list[dict[str, object]]]:
    """The execution figures of a session, and of each of its `venues`.

    Both have the keys of `Executions.figures`, `outcomes` (see `outcome_figures`) and
    `slippage_bps: {all, <purpose>: …}`, None for a purpose without fills.
    """
    executions = Executions.of(log.orders, log.fills)
    whole = _document(executions, log.changes, log.fills)
    return whole, [
        _document(executions.at(v), log.changes[log.changes["venue"] == v], log.fills[log.fills["venue"] == v])
        for v in range(venues)
    ]


def _document(executions: Executions, changes: np.ndarray, fills: np.ndarray) -> dict[str, object]:
    by_purpose = {purpose.name: slippage_bps(fills[fills["purpose"] == purpose]) for purpose in Purpose}
    return {
        **executions.figures(),
        "outcomes": outcome_figures(changes),
        "slippage_bps": {"all": slippage_bps(fills), **by_purpose},
    }
