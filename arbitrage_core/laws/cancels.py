"""Law I19: a cancel is never blocked.

Every CANCEL of the log was handed on to its venue, and carries no approval, for it needs none. An order that may rest
and has not ended by `working_max` after its send has a CANCEL no later than that.
"""

import numpy as np

from arbitrage_core.domain.order import Action, OrderStyle
from arbitrage_core.engine.state import NEVER_NS, Approval
from arbitrage_core.laws.case import Case
from arbitrage_core.laws.evidence import VenueTruth
from arbitrage_core.laws.groups import ABSENT
from arbitrage_core.laws.slots import Slots
from arbitrage_core.laws.terms import Terms
from arbitrage_core.laws.violation import Violation, violations_where

LAW = "I19"


def state_cancels(terms: Terms, state: np.record, slots: Slots, truth: VenueTruth) -> list[Violation]:
    """An order at work past `working_max` that may rest is being canceled."""
    orders = slots.orders
    due_ns = orders["sent_ns"] + terms.working_max_ns[slots.leg_symbol]
    wrong = slots.working & _rests(orders["style"]) & (due_ns < state["now_ns"]) & (orders["canceling"] == 0)
    return violations_where(
        LAW, wrong, lambda n, leg: f"{slots.leg_name(n, leg)}: resting past its time, cancel sent at", due_ns, "never"
    )


def log_cancels(case: Case) -> list[Violation]:
    """Cancels that were held back, and cancels that were due."""
    evidence, submits = case.evidence, case.submits
    orders = evidence.log.orders
    found = violations_where(
        LAW,
        (orders["action"] != Action.SUBMIT) & (orders["approval"] != Approval.NONE),
        lambda n: f"orders[{n}]: approval of a cancel or query",
        int(Approval.NONE),
        orders["approval"],
    )
    rows = np.flatnonzero(orders["action"] == Action.CANCEL)
    cancels = orders[rows]
    if evidence.orders_handed_on is not None:
        handed_on = evidence.orders_handed_on
        found += violations_where(
            LAW,
            rows >= handed_on,
            lambda n: f"orders[{rows[n]}]: cancel handed on",
            f"one of the first {handed_on}",
            rows,
        )
    first_ns = np.full(len(submits), NEVER_NS)
    at = case.orders_of(cancels["client_id"])
    np.minimum.at(first_ns, at[at != ABSENT], cancels["now_ns"][at != ABSENT])
    ended_ns = np.full(len(submits), NEVER_NS)
    timeline = case.timeline
    ended_ns[timeline.order[timeline.finished]] = timeline.now_ns[timeline.finished]
    due_ns = submits["now_ns"] + case.terms.working_max_ns[submits["symbol"]]
    due = _rests(submits["style"]) & (ended_ns > due_ns) & (due_ns < evidence.state["now_ns"])
    return found + violations_where(
        LAW,
        due & (first_ns > due_ns),
        lambda n: f"order {submits['client_id'][n]}: first cancel, no later than",
        due_ns,
        first_ns,
    )


def _rests(style: np.ndarray) -> np.ndarray:
    return (style == OrderStyle.GTC) | (style == OrderStyle.POST_ONLY)
