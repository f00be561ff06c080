"""The timeline: what happened to all orders, in the one order in which it happened.

Logs of different kinds carry times only, and several things happen at one instant. The changes log has a send
(NONE → PENDING), a state's change with the lots known by then, and an end of every order in one sequence, so positions
and exposure *at* a send are read off it. A fill that no change of its instant tells of (a partially filled order filled
further, or one that had ended) is put in at its own time, before the changes of that instant.
"""

from dataclasses import dataclass, fields

import numpy as np

from arbitrage_core.domain.order import FIRST_FINAL_STATE, OrderState
from arbitrage_core.laws.groups import ABSENT


@dataclass(frozen=True, eq=False)
class Timeline:
    """n events. int64 [n]: `now_ns`, `order` (its index in `Case.submits`), `growth_lots` (newly filled),
    `unfilled_lots` (given up, where the order ended). bool [n]: `sent`, `finished`, `late` (a fill past the end)."""

    now_ns: np.ndarray
    order: np.ndarray
    growth_lots: np.ndarray
    unfilled_lots: np.ndarray
    sent: np.ndarray
    finished: np.ndarray
    late: np.ndarray

    def __getitem__(self, which: np.ndarray) -> "Timeline":
        """The events picked by a mask or by indices."""
        return Timeline(*(getattr(self, field.name)[which] for field in fields(self)))


def timeline_of(
    changes: np.ndarray, change_order: np.ndarray, fills: np.ndarray, fill_order: np.ndarray, told: np.ndarray
) -> Timeline:
    """The timeline of a changes log and a fills log. `change_order`, `fill_order`: the order of each of their rows, or
    `ABSENT` (left out); `told`: the change that tells of each fill (`growth.told_by`)."""
    at_once = told != ABSENT
    at_once[at_once] = changes["now_ns"][told[at_once]] == fills["now_ns"][at_once]
    growth_lots = np.zeros(len(changes), np.int64)
    np.add.at(growth_lots, told[at_once], fills["lots"][at_once])
    finished = (changes["after"] >= FIRST_FINAL_STATE) & (changes["before"] < FIRST_FINAL_STATE)
    timeline = Timeline(
        now_ns=changes["now_ns"],
        order=change_order,
        growth_lots=growth_lots,
        unfilled_lots=np.where(finished, changes["lots"] - changes["filled_lots"], 0),
        sent=changes["before"] == OrderState.NONE,
        finished=finished,
        late=np.zeros(len(changes), bool),
    )
    known = change_order != ABSENT
    if not known.all():
        timeline = timeline[known]
    apart = np.flatnonzero(~at_once & (fill_order != ABSENT))
    if not len(apart):
        return timeline
    ended = np.zeros(max(change_order.max(initial=0), fill_order.max(initial=0)) + 1, bool)
    ended[timeline.order[timeline.finished]] = True
    none, no = np.zeros(len(apart), np.int64), np.zeros(len(apart), bool)
    alone = Timeline(
        now_ns=fills["now_ns"][apart],
        order=fill_order[apart],
        growth_lots=fills["lots"][apart],
        unfilled_lots=none,
        sent=no,
        finished=no,
        late=(told[apart] == ABSENT) & ended[fill_order[apart]],
    )
    both = Timeline(
        *(np.concatenate([getattr(alone, field.name), getattr(timeline, field.name)]) for field in fields(alone))
    )
    return both[np.argsort(both.now_ns, kind="stable")]
