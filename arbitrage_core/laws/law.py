"""The law: its id and words as in the list of invariants, how it is judged, and what it is judged by."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from arbitrage_core.engine.state import Fault
from arbitrage_core.laws import (
    approvals,
    bounds,
    cancels,
    citations,
    conservation,
    executions,
    exposure,
    journal,
    ledger,
    marks,
    order_ids,
    order_life,
    profit,
    reserves,
    single_leg,
    standing_guards,
)
from arbitrage_core.laws.case import Case
from arbitrage_core.laws.evidence import VenueTruth
from arbitrage_core.laws.slots import Slots
from arbitrage_core.laws.terms import Terms
from arbitrage_core.laws.violation import Violation

StateCheck = Callable[[Terms, np.record, Slots, VenueTruth], list[Violation]]
LogCheck = Callable[[Case], list[Violation]]


@dataclass(frozen=True)
class Law:
    """One law. `on_state` judges an instant, `on_log` the whole evidence; `needs` names fields of the evidence without
    which it, or a part of it, cannot be judged."""

    id: str
    words: str
    on_state: tuple[StateCheck, ...] = ()
    on_log: tuple[LogCheck, ...] = ()
    needs: tuple[str, ...] = ()


def no_fault(terms: Terms, state: np.record, slots: Slots, truth: VenueTruth) -> list[Violation]:
    """The engine itself found no invariant broken."""
    fault = int(state["fault"])
    if fault == Fault.NONE:
        return []
    names = {int(member): member.name for member in Fault}
    return [Violation("FAULT", "invariants broken inside the engine", "NONE", names.get(fault, fault))]


LAWS = (
    Law("FORM", "every record names things that exist, in order of time"),
    Law("FAULT", "the engine itself found no invariant broken", (no_fault,)),
    Law(
        "I1",
        "per venue and symbol: signed fills = position = the venue's; cash = start + fill cash − fees = the venue's",
        (ledger.state_ledger,),
        (ledger.log_ledger,),
    ),
    Law(
        "I2",
        "start + realised + unrealised + revaluation = equity, exactly; PnL recomputed from fills = PnL stored",
        (profit.state_profit,),
        (profit.log_profit, marks.log_marks),
    ),
    Law(
        "I3",
        "filled + remaining = quantity; filled only grows; only legal state changes",
        (order_life.state_order_life,),
        (order_life.log_order_life,),
    ),
    Law(
        "I4",
        "an execution is applied once",
        (executions.state_executions,),
        (executions.log_executions,),
        ("venue_orders",),
    ),
    Law(
        "I5",
        "ids are derived and never sent twice; one order per (trade, leg, attempt); a venue knows no other",
        (order_ids.state_order_ids,),
        (order_ids.log_order_ids,),
        ("venue_orders",),
    ),
    Law(
        "I7",
        "every trade with a fill becomes hedged, unwound or flagged in time; unhedged notional is visible",
        (single_leg.state_single_leg,),
        (single_leg.log_single_leg,),
    ),
    Law(
        "I8",
        "no order is sent that could take worst-case exposure over a limit",
        (exposure.state_exposure,),
        (exposure.log_exposure,),
    ),
    Law(
        "I9",
        "what adds risk cites fresh, uncrossed books; other reductions are flagged",
        (),
        (citations.log_citations,),
    ),
    Law("I11", "the same rows leave the same state, bit for bit", (), (journal.log_reruns,), ("reruns",)),
    Law("I14", "the journal has no gap and its checksums verify", (), (journal.log_journal,), ("segments",)),
    Law(
        "I15",
        "money is conserved between us, the venue and fees; sums agree however they are added up",
        (conservation.state_conservation,),
        (conservation.log_conservation,),
        ("venue_orders_complete",),
    ),
    Law("I16", "everything is bounded; no unbounded retry", (bounds.state_bounds,), (bounds.log_bounds,), ("bounds",)),
    Law(
        "I18",
        "a guard that errors, or sees NaN, nothing, or no limit, refuses; and so does one that tripped",
        (approvals.state_approvals,),
        (approvals.log_approvals, standing_guards.log_standing_guards),
    ),
    Law("I19", "a cancel is never blocked", (cancels.state_cancels,), (cancels.log_cancels,), ("orders_handed_on",)),
    Law(
        "REST",
        "money is reserved for something, and at rest for nothing",
        (reserves.state_reserves,),
        (reserves.log_rest,),
    ),
)
"""All laws, in the order in which they are judged. FORM comes first: where it is broken no other can be read."""
