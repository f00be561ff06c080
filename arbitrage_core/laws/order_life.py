"""Law I3: an order's life. It begins NONE → PENDING at its send, changes only as `LEGAL_CHANGES` allows, fills only
more and never past its lots, and ends as its venue reported, at most once; at rest, exactly once, unless its trade is
flagged.
"""

import numpy as np

from arbitrage_core.domain.order import FIRST_FINAL_STATE, LEGAL_CHANGES, OrderState
from arbitrage_core.laws.case import Case
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
    groups = case.changes
    if not len(groups.rows):
        return _unchanged(case)
    changes = case.evidence.log.changes[groups.rows]
    checks = (_beginnings, _sequences, _ends, _reported_ends)
    return [*(violation for check in checks for violation in check(case, changes)), *_unchanged(case)]


def _beginnings(case: Case, changes: np.ndarray) -> list[Violation]:
    groups, at = case.changes, case.change_orders
    first = changes[groups.starts]
    found = violations_where(
        LAW, at == ABSENT, lambda n: f"order {first['client_id'][n]}: changes", "a SUBMIT before them", "none"
    )
    known = at != ABSENT
    first, sent = first[known], case.submits[at[known]]
    wrong = (first["before"] != OrderState.NONE) | (first["after"] != OrderState.PENDING) | (first["filled_lots"] != 0)
    found += violations_where(
        LAW, wrong, lambda n: f"order {first['client_id'][n]}: first change", "NONE to PENDING, unfilled", "another"
    )
    for name in ("now_ns", "lots"):
        found += unequal(
            LAW, lambda n, name=name: f"order {first['client_id'][n]}: {name}, by its SUBMIT", sent[name], first[name]
        )
    return found


def _sequences(case: Case, changes: np.ndarray) -> list[Violation]:
    groups = case.changes
    before, after, filled, lots = changes["before"], changes["after"], changes["filled_lots"], changes["lots"]

    def named(what: str):
        return lambda n: f"order {changes['client_id'][n]}, change {groups.rank[n]}: {what}"

    found = violations_where(LAW, ~LEGAL[before, after], named("from this state, to another than"), before, after)
    stood = groups.previous(after, OrderState.NONE)
    found += unequal(LAW, named("state before"), stood, before)
    for name in ("lots", "symbol", "venue"):
        found += unequal(LAW, named(name), np.repeat(changes[name][groups.starts], groups.counts), changes[name])
    past = (filled < 0) | (filled > lots) | ((after == OrderState.FILLED) & (filled != lots))
    found += violations_where(LAW, past, named("filled lots of"), lots, filled)
    known = groups.previous(filled, 0)
    return found + violations_where(LAW, filled < known, named("filled lots, at least"), known, filled)


def _ends(case: Case, changes: np.ndarray) -> list[Violation]:
    """At rest every order has ended; an order in use stands where its last change left it."""
    groups, slots = case.changes, case.slots
    last = changes[groups.last]
    found = []
    if case.evidence.ended:
        at = case.change_orders
        flagged = np.isin(case.trade_keys, case.flagged_keys)
        open_still = (last["after"] < FIRST_FINAL_STATE) & (at != ABSENT)
        open_still[open_still] &= ~flagged[at[open_still]]
        found += violations_where(
            LAW, open_still, lambda n: f"order {last['client_id'][n]}: state at rest", "final", last["after"]
        )
    used = slots.orders["client_id"] != 0
    at = groups.find(slots.orders["client_id"])
    found += violations_where(
        LAW, used & (at == ABSENT), lambda n, leg: f"{slots.leg_name(n, leg)}: order in use", "a change of it", "none"
    )
    at = np.where(used & (at != ABSENT), at, 0)
    stands = last["after"][at]
    wrong = used & (stands != slots.orders["state"])
    return found + violations_where(
        LAW, wrong, lambda n, leg: f"{slots.leg_name(n, leg)}: state, by its last change", stands, slots.orders["state"]
    )


def _reported_ends(case: Case, changes: np.ndarray) -> list[Violation]:
    """An order ends as a venue reports, when it does."""
    groups, reports = case.changes, case.reports
    last = changes[groups.last]
    at = groups.find(reports.keys)
    at = np.repeat(np.where(at == ABSENT, 0, at), reports.counts)
    said = case.evidence.log.reports[reports.rows]
    same = (said["client_id"] == last["client_id"][at]) & (said["status"] == last["after"][at])
    told = np.zeros(len(last), bool)
    told[at[same & (said["now_ns"] == last["now_ns"][at])]] = True
    untold = (last["after"] >= FIRST_FINAL_STATE) & ~told
    return violations_where(
        LAW, untold, lambda n: f"order {last['client_id'][n]}: its end, reported just then", last["after"], "otherwise"
    )


def _unchanged(case: Case) -> list[Violation]:
    ids = case.submits["client_id"]
    return violations_where(
        LAW, case.changes.find(ids) == ABSENT, lambda n: f"order {ids[n]}: changes", "NONE to PENDING and more", "none"
    )
