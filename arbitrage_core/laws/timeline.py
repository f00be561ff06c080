"""The timeline: what happened to all orders, in the one order in which it happened.

Logs of different kinds carry times only, and several things happen at one instant. The changes log has both a send
(NONE → PENDING) and every growth and end of every order in sequence, so positions and exposure *at* a send are read off
it. A growth that came after an order's last change is in the fills alone; it is put in at its own time, after the
changes of that instant.
"""

from dataclasses import dataclass

import numpy as np

from arbitrage_core.domain.order import FIRST_FINAL_STATE, OrderState
from arbitrage_core.laws.case import Case
from arbitrage_core.laws.groups import ABSENT


@dataclass(frozen=True, eq=False)
class Timeline:
    """n events. int64 [n]: `now_ns`, `order` (its index in `Case.submits`), `growth_lots` (newly filled),
    `unfilled_lots` (given up, where the order ended). bool [n]: `sent`, `finished`."""

    now_ns: np.ndarray
    order: np.ndarray
    growth_lots: np.ndarray
    unfilled_lots: np.ndarray
    sent: np.ndarray
    finished: np.ndarray


def timeline_of(case: Case) -> Timeline:
    """The timeline of all changes of orders that were submitted, and of the growth that changed no state."""
    groups, changes = case.changes, case.evidence.log.changes
    order = np.empty(len(changes), np.int64)
    growth_lots = np.empty(len(changes), np.int64)
    filled = changes["filled_lots"][groups.rows]
    order[groups.rows] = np.repeat(case.change_orders, groups.counts)
    growth_lots[groups.rows] = filled - groups.previous(filled, 0)
    finished = (changes["after"] >= FIRST_FINAL_STATE) & (changes["before"] < FIRST_FINAL_STATE)
    timeline = Timeline(
        now_ns=changes["now_ns"],
        order=order,
        growth_lots=growth_lots,
        unfilled_lots=np.where(finished, changes["lots"] - changes["filled_lots"], 0),
        sent=changes["before"] == OrderState.NONE,
        finished=finished,
    )
    timeline = _picked(timeline, order != ABSENT)
    late = _late_growth(case, order[growth_lots > 0])
    if not len(late.order):
        return timeline
    both = Timeline(*(np.concatenate(pair) for pair in zip(_columns(timeline), _columns(late), strict=True)))
    return _picked(both, np.argsort(both.now_ns, kind="stable"))


def _late_growth(case: Case, grown: np.ndarray) -> Timeline:
    """The fills past the growths that changes tell of: the k-th growth of an order is its k-th fill."""
    fills, groups = case.evidence.log.fills, case.fills
    order = np.repeat(case.orders_of(groups.keys), groups.counts)
    told = np.bincount(grown[grown != ABSENT], minlength=len(case.submits))
    late = (order != ABSENT) & (groups.rank >= told[order]) if len(told) else np.zeros(len(order), bool)
    rows = np.sort(groups.rows[late])
    place = np.empty(len(fills), np.int64)
    place[groups.rows] = order
    none, no = np.zeros(len(rows), np.int64), np.zeros(len(rows), bool)
    return Timeline(fills["now_ns"][rows], place[rows], fills["lots"][rows], none, no, no)


def _picked(timeline: Timeline, which: np.ndarray) -> Timeline:
    return Timeline(*(column[which] for column in _columns(timeline)))


def _columns(timeline: Timeline) -> tuple[np.ndarray, ...]:
    return (
        timeline.now_ns,
        timeline.order,
        timeline.growth_lots,
        timeline.unfilled_lots,
        timeline.sent,
        timeline.finished,
    )
