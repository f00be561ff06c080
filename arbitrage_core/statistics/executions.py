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
from arbitrage_core.statistics.columns import Columns, Records
from arbitrage_core.statistics.distribution import distribution
from arbitrage_core.statistics.trade_metrics import BPS


@dataclass(frozen=True)
class Executions:
    """The orders that were submitted, joined with their fills; all arrays have one element an order.

    `venue` int16[n], `lots` int64[n] asked for, `filled_lots` int64[n] dealt so far, `to_fill_ns` int64[n] from the
    submit to the first fill, −1 without one.
    """

    venue: np.ndarray
    lots: np.ndarray
    filled_lots: np.ndarray
    to_fill_ns: np.ndarray

    @classmethod
    def of(cls, orders: Records, fills: Records) -> "Executions":
        """Of ORDER_OUT[n] (submits count) and FILL_OUT[m] in time order; fills of other orders are left out."""
        submits = Columns.of(orders).where(orders["action"] == Action.SUBMIT)
        filled_lots = np.zeros(len(submits), np.int64)
        to_fill_ns = np.full(len(submits), -1, np.int64)
        if len(fills):
            by_id = np.argsort(fills["client_id"], kind="stable")  # stable: of each order the first fill comes first
            ids = fills["client_id"][by_id]
            firsts = np.concatenate(([0], np.flatnonzero(ids[1:] != ids[:-1]) + 1))
            dealt, first_ns = np.add.reduceat(fills["lots"][by_id], firsts), fills["now_ns"][by_id[firsts]]
            ids = ids[firsts]
            asked = np.argsort(submits["client_id"])  # looking up in order is ten times faster than at random
            found = np.minimum(np.searchsorted(ids, submits["client_id"][asked]), len(ids) - 1)
            known = ids[found] == submits["client_id"][asked]
            asked, found = asked[known], found[known]
            filled_lots[asked] = dealt[found]
            to_fill_ns[asked] = first_ns[found] - submits["now_ns"][asked]
        return cls(submits["venue"], submits["lots"], filled_lots, to_fill_ns)

    def at(self, venue: int) -> "Executions":
        """Those of one venue."""
        here = self.venue == venue
        return Executions(self.venue[here], self.lots[here], self.filled_lots[here], self.to_fill_ns[here])

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


def outcome_figures(changes: Records) -> dict[str, int]:
    """How the orders of CHANGE_OUT[n] ended: `{final state: count}`, all four, and how often one became UNKNOWN."""
    counts = np.bincount(changes["after"], minlength=max(OrderState) + 1)
    states = [OrderState.UNKNOWN, *(state for state in OrderState if state >= FIRST_FINAL_STATE)]
    return {state.name: int(counts[state]) for state in states}


def slippage_bps(fills: Records) -> float | None:
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
    changes, fills = Columns.of(log.changes), Columns.of(log.fills)
    executions = Executions.of(log.orders, fills)
    whole = _document(executions, changes, fills)
    return whole, [
        _document(executions.at(v), changes.where(changes["venue"] == v), fills.where(fills["venue"] == v))
        for v in range(venues)
    ]


def _document(executions: Executions, changes: Columns, fills: Columns) -> dict[str, object]:
    by_purpose = {purpose.name: slippage_bps(fills.where(fills["purpose"] == purpose)) for purpose in Purpose}
    return {
        **executions.figures(),
        "outcomes": outcome_figures(changes),
        "slippage_bps": {"all": slippage_bps(fills), **by_purpose},
    }
