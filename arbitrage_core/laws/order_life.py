"""Law I3: an order's life. It begins NONE → PENDING at its send, changes only as `LEGAL_CHANGES` allows, fills only
more and never past its lots, and ends as its venue reported, at most once; at rest, exactly once, unless its trade is
flagged.
"""

import numpy as np

from arbitrage_core.domain.order import FIRST_FINAL_STATE, LEGAL_CHANGES, OrderState
from arbitrage_core.laws.case import Case
from arbitrage_core.laws.columns import Columns
from arbitrage_core.laws.evidence import VenueTruth
from arbitrage_core.laws.groups import ABSENT
from arbitrage_core.laws.slots import Slots
from arbitrage_core.laws.terms import Terms
from arbitrage_core.laws.violation import Violation, unequal, violations_where

LAW = "I3"


def _legal_table() -> np.ndarray:
    table = np.zeros((len(OrderState), len(OrderState)), bool)
    for before, allowed in LEGAL_CHANGES.items():
        table[before, [int(after) for after in allowed]] = True
    return table


LEGAL = _legal_table()
"""Bool [before, after]: `LEGAL_CHANGES`."""


def state_order_life(terms: Terms, state: np.record, slots: Slots, truth: VenueTruth) -> list[Violation]:
    """The orders in use: filled within their lots, all of them when FILLED; legs hold no fewer than none."""
    orders = slots.orders
    filled, lots = orders["filled_lots"], orders["lots"]
    wrong = (filled < 0) | (filled > lots) | ((orders["state"] == OrderState.FILLED) & (filled != lots))
    return [
        *violations_where(LAW, wrong, lambda n, leg: f"{slots.leg_name(n, leg)}: filled lots of", lots, filled),
        *violations_where(
            LAW, slots.legs["lots"] < 0, lambda n, leg: f"{slots.leg_name(n, leg)}: lots", 0, slots.legs["lots"]
        ),
    ]


def log_order_life(case: Case) -> list[Violation]:
    """Every change of the log, in each order's sequence, against the one before and against the SUBMIT."""
    stray, ids = case.change_order == ABSENT, case.evidence.log.changes["client_id"]
    found = violations_where(LAW, stray, lambda n: f"order {ids[n]}: a change of", "an order submitted", "none")
    orders = np.arange(len(case.submits))
    unchanged = case.changes.find(orders) == ABSENT
    found += violations_where(LAW, unchanged, lambda n: f"{case.order_name(n)}: changes", "NONE to PENDING", "none")
    if not len(case.changes.rows):
        return found
    changes = Columns(case.evidence.log.changes, case.changes.rows)
    for check in (_beginnings, _sequences, _ends, _reported_ends, _in_use):
        found += check(case, changes)
    return found


def _beginnings(case: Case, changes: Columns) -> list[Violation]:
    groups = case.changes
    first, sent = changes.at(groups.starts), case.submits.at(groups.keys)
    wrong = (first["before"] != OrderState.NONE) | (first["after"] != OrderState.PENDING) | (first["filled_lots"] != 0)

    def named(what: str):
        return lambda n: f"{case.order_name(groups.keys[n])}: {what}"

    found = violations_where(LAW, wrong, named("first change"), "NONE to PENDING, unfilled", "another")
    for name in ("now_ns", "lots", "symbol", "venue"):
        found += unequal(LAW, named(f"{name}, by its SUBMIT"), sent[name], first[name])
    return found


def _sequences(case: Case, changes: Columns) -> list[Violation]:
    groups = case.changes
    before, after, filled, lots = changes["before"], changes["after"], changes["filled_lots"], changes["lots"]

    def named(what: str):
        return lambda n: f"{case.order_name(groups.keys[groups.group[n]])}, change {groups.rank[n]}: {what}"

    found = violations_where(LAW, ~LEGAL[before, after], named("from this state, to another than"), before, after)
    found += unequal(LAW, named("state before"), groups.previous(after, OrderState.NONE), before)
    for name in ("lots", "symbol", "venue"):
        found += unequal(LAW, named(name), np.repeat(changes[name][groups.starts], groups.counts), changes[name])
    past = (filled < 0) | (filled > lots) | ((after == OrderState.FILLED) & (filled != lots))
    found += violations_where(LAW, past, named("filled lots of"), lots, filled)
    known = groups.previous(filled, 0)
    return found + violations_where(LAW, filled < known, named("filled lots, at least"), known, filled)


def _ends(case: Case, changes: Columns) -> list[Violation]:
    """At rest every order has ended, but those of flagged trades."""
    if not case.evidence.ended:
        return []
    groups = case.changes
    after = changes["after"][groups.last]
    working = (after < FIRST_FINAL_STATE) & ~case.flagged(case.trade_keys[groups.keys])
    return violations_where(LAW, working, lambda n: f"{case.order_name(groups.keys[n])}: state at rest", "final", after)


def _reported_ends(case: Case, changes: Columns) -> list[Violation]:
    """An order ends as a venue reports, when it does."""
    groups, log = case.changes, case.evidence.log.reports
    last = changes.at(groups.last)
    group = groups.find(case.report_order)
    at = np.where(group == ABSENT, 0, group)
    same = (group != ABSENT) & (log["status"] == last["after"][at]) & (log["now_ns"] == last["now_ns"][at])
    told = np.zeros(len(groups.keys), bool)
    told[group[same]] = True
    untold = (last["after"] >= FIRST_FINAL_STATE) & ~told
    return violations_where(
        LAW,
        untold,
        lambda n: f"{case.order_name(groups.keys[n])}: its end, reported just then",
        last["after"],
        "otherwise",
    )


def _in_use(case: Case, changes: Columns) -> list[Violation]:
    """An order in use stands where its last change left it."""
    groups, slots = case.changes, case.slots
    used = slots.orders["client_id"] != 0
    at = groups.find(case.orders_of(slots.orders["client_id"]))
    found = violations_where(
        LAW, used & (at == ABSENT), lambda n, leg: f"{slots.leg_name(n, leg)}: order in use", "a change of it", "none"
    )
    stands = changes["after"][groups.last][np.where(at == ABSENT, 0, at)]
    wrong = used & (at != ABSENT) & (stands != slots.orders["state"])
    return found + violations_where(
        LAW, wrong, lambda n, leg: f"{slots.leg_name(n, leg)}: state, by its last change", stands, slots.orders["state"]
    )
