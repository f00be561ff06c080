"""Law I5, the ids: every order is what its id says, once, and known to us before any venue.

A SUBMIT's id is `client_order_id(session key, symbol key, trade, leg, attempt)`, recomputed here by its definition
(SplitMix64, as in `domain.identity`); no id and no (trade, leg, attempt) is sent twice; attempts count 1, 2, … and one
follows only when the last has ended; actions count 1, 2, … in a symbol; cancels and queries name orders sent before;
venues know no other.

That an intent is durable before it is sent is the journal's to prove, not this log's.
"""

import numpy as np

from arbitrage_core.domain.order import FIRST_FINAL_STATE, Action, OrderState
from arbitrage_core.laws.case import Case
from arbitrage_core.laws.evidence import VenueTruth
from arbitrage_core.laws.groups import ABSENT, grouped, leg_key, leg_name, trade_name
from arbitrage_core.laws.slots import Slots
from arbitrage_core.laws.terms import Terms
from arbitrage_core.laws.violation import Violation, unequal, violations_where

LAW = "I5"


def state_order_ids(terms: Terms, state: np.record, slots: Slots, truth: VenueTruth) -> list[Violation]:
    """No two orders in use share an id."""
    ids = slots.orders["client_id"][slots.orders["state"] != OrderState.NONE]
    ids = np.sort(ids)
    wrong = ids <= 0
    wrong[1:] |= ids[1:] == ids[:-1]
    return violations_where(LAW, wrong, lambda n: f"order {ids[n]}: in use", "once, with a positive id", "another way")


def log_order_ids(case: Case) -> list[Violation]:
    """Ids of SUBMITs, the sequence of attempts, and ids that others name."""
    submits, terms = case.submits, case.terms
    expected = derived_ids(
        case.evidence.session_key,
        terms.symbol_keys[submits["symbol"]],
        submits["trade"],
        submits["leg"],
        submits["attempt"],
    )
    found = unequal(LAW, lambda n: f"order {n}: client id", expected, submits["client_id"])
    ids, earlier = submits["client_id"], case.orders_of(submits["client_id"])
    found += unequal(LAW, lambda n: f"order {ids[n]}: submitted first as", np.arange(len(ids)), earlier)
    return [*found, *_attempts(case), *_trade_numbers(case), *_sequences(case), *_named(case)]


def derived_ids(
    session_key: int, symbol_keys: np.ndarray, trades: np.ndarray, legs: np.ndarray, attempts: np.ndarray
) -> np.ndarray:
    """`client_order_id` of many orders at once, int64 [n]."""
    chain = np.zeros(len(trades), np.uint64)
    for part in (np.full(len(trades), session_key, np.int64), symbol_keys, trades, legs, attempts):
        chain = (chain ^ part.astype(np.int64).view(np.uint64)) + np.uint64(0x9E3779B97F4A7C15)
        chain = (chain ^ (chain >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        chain = (chain ^ (chain >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        chain = chain ^ (chain >> np.uint64(31))
    return (chain >> np.uint64(1)).view(np.int64)


def _attempts(case: Case) -> list[Violation]:
    submits, changes = case.submits, case.evidence.log.changes
    legs = grouped(leg_key(submits["symbol"], submits["trade"], submits["leg"]))
    attempts = submits["attempt"][legs.rows]
    found = unequal(LAW, lambda n: f"{leg_name(int(legs.keys[legs.group[n]]))}: attempt", legs.rank + 1, attempts)
    # where in the changes log each order was sent and, if it did, ended; of several, the first: it is written last
    size = len(changes)
    sent, ended = np.full(len(submits), size), np.full(len(submits), size)
    known = case.change_order != ABSENT
    for place, picked in ((sent, changes["before"] == OrderState.NONE), (ended, changes["after"] >= FIRST_FINAL_STATE)):
        rows = np.flatnonzero(picked & known)[::-1]
        place[case.change_order[rows]] = rows
    before = legs.previous(ended[legs.rows], -1)
    early = sent[legs.rows] < before
    return found + violations_where(
        LAW,
        early,
        lambda n: f"{leg_name(int(legs.keys[legs.group[n]]))}: attempt {attempts[n]} sent",
        "after the last one ended",
        "before",
    )


def _trade_numbers(case: Case) -> list[Violation]:
    """A symbol's trades are numbered in the order of their entries."""
    submits = case.submits
    fresh = (submits["attempt"] == 1) & (submits["leg"] == 0)
    symbols = grouped(submits["symbol"][fresh].astype(np.int64))
    numbers = submits["trade"][fresh][symbols.rows]
    return unequal(
        LAW,
        lambda n: f"{trade_name(int(case.trade_keys[fresh][symbols.rows[n]]))}: number, in the order of entries",
        symbols.rank + 1,
        numbers,
    )


def _sequences(case: Case) -> list[Violation]:
    """What is asked of the venues is numbered symbol by symbol."""
    orders = case.evidence.log.orders
    symbols = grouped(orders["symbol"].astype(np.int64))
    numbers = orders["sequence"][symbols.rows]
    return unequal(LAW, lambda n: f"orders[{symbols.rows[n]}]: sequence in its symbol", symbols.rank + 1, numbers)


def _named(case: Case) -> list[Violation]:
    """Cancels, queries and the venues name orders that were sent; cancels and queries, before."""
    log, evidence = case.evidence.log, case.evidence
    submit_rows = np.flatnonzero(log.orders["action"] == Action.SUBMIT)
    other_rows = np.flatnonzero(log.orders["action"] != Action.SUBMIT)
    others = log.orders[other_rows]
    at = case.orders_of(others["client_id"])
    unsent = at == ABSENT
    unsent[~unsent] = submit_rows[at[~unsent]] > other_rows[~unsent]
    found = violations_where(
        LAW, unsent, lambda n: f"orders[{other_rows[n]}]: names", "an order sent before", others["client_id"]
    )
    others, ours = others[~unsent], case.submits.at(at[~unsent])
    for name in ("symbol", "venue", "trade", "leg", "attempt"):
        found += unequal(
            LAW, lambda n, name=name: f"order {others['client_id'][n]}: {name} it is asked by", ours[name], others[name]
        )
    if evidence.venue_orders is not None:
        ids = evidence.venue_truth.table["client_id"]
        found += violations_where(
            LAW, case.venue_order == ABSENT, lambda n: f"order {ids[n]} at the venue: submitted by us", 1, 0
        )
    return found
