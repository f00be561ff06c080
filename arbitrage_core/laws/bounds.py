"""Law I16: everything is bounded, no retry goes on for ever.

What a session counted (queue lengths, tasks, file handles, memory, …) lies within the bounds given with it; a bound
that is NaN or infinite bounds nothing. In the log: at most 8 queries an order (three times as many if it may rest);
cancels no more often than `answer_timeout` allows; `VAIN_TRIES_MAX` orders of a leg in a row that fill nothing take
`retry` at least (by docs/engine.md §7 and §9 each third waits that long); entries only while fewer than
`orders_per_s_max` submits went to the venue within a second; at most `max_open_trades` trades of a symbol at once.
"""

import numpy as np

from arbitrage_core.domain.order import FIRST_FINAL_STATE, Action, OrderStyle, Purpose
from arbitrage_core.laws.case import Case
from arbitrage_core.laws.columns import Columns
from arbitrage_core.laws.evidence import Bound, VenueTruth
from arbitrage_core.laws.groups import Groups, grouped, leg_key, leg_name
from arbitrage_core.laws.slots import Slots
from arbitrage_core.laws.terms import Terms
from arbitrage_core.laws.violation import Violation, violations_where

LAW = "I16"
QUERIES_MAX = 8
RESTING_COUNTS_MAX = 3
"""An order that may rest is asked about anew when it was acknowledged, and when it was canceled."""
VAIN_TRIES_MAX = 8
"""Orders of a leg in a row that fill nothing, before it is asked how long they took."""
NS_PER_S = 1_000_000_000


def bounded(bounds: tuple[Bound, ...]) -> list[Violation]:
    """Each bound is a finite number ≥ 0, and what was observed lies between 0 and it."""
    return [
        Violation(LAW, f"{bound.name}, at most", bound.limit, bound.observed)
        for bound in bounds
        if not (0 <= bound.observed <= bound.limit < float("inf"))
    ]


def state_bounds(terms: Terms, state: np.record, slots: Slots, truth: VenueTruth) -> list[Violation]:
    """Queries of the orders in use, and slots in use."""
    queries = slots.orders["queries"]
    used = np.bincount(slots.symbol, minlength=terms.symbols)
    return [
        *violations_where(
            LAW,
            queries > QUERIES_MAX,
            lambda n, leg: f"{slots.leg_name(n, leg)}: queries, at most",
            QUERIES_MAX,
            queries,
        ),
        *violations_where(
            LAW,
            used > terms.open_trades_max,
            lambda s: f"open trades of {terms.config.symbols[s]}, at most",
            terms.open_trades_max,
            used,
        ),
    ]


def log_bounds(case: Case) -> list[Violation]:
    """The bounds given, and those every log keeps."""
    return [
        *bounded(case.evidence.bounds),
        *_questions(case),
        *_vain_tries(case),
        *_order_rates(case),
        *_open_trades(case),
    ]


def _questions(case: Case) -> list[Violation]:
    orders, terms = case.evidence.log.orders, case.terms
    asked = Columns(orders, orders["action"] == Action.QUERY)
    queries = grouped(asked["client_id"])
    style = asked["style"][queries.rows[queries.starts]]
    allowed = QUERIES_MAX * np.where((style == OrderStyle.GTC) | (style == OrderStyle.POST_ONLY), RESTING_COUNTS_MAX, 1)
    found = violations_where(
        LAW, queries.counts > allowed, lambda n: f"order {queries.keys[n]}: queries, at most", allowed, queries.counts
    )
    cancels = orders[orders["action"] == Action.CANCEL]
    by_order = grouped(cancels["client_id"])
    if not len(by_order.keys):
        return found
    cancels = cancels[by_order.rows]
    span_ns = cancels["now_ns"][by_order.last] - cancels["now_ns"][by_order.starts]
    timeout_ns = terms.answer_timeout_ns[cancels["symbol"][by_order.starts]]
    allowed = 2 + span_ns // timeout_ns  # one of them by order of the operator
    return found + violations_where(
        LAW,
        by_order.counts > allowed,
        lambda n: f"order {by_order.keys[n]}: cancels, at most",
        allowed,
        by_order.counts,
    )


def _vain_tries(case: Case) -> list[Violation]:
    """Orders of a leg in a row that fill nothing, too fast to have paused."""
    submits, changes = case.submits, case.changes
    last = Columns(case.evidence.log.changes, changes.rows[changes.last])
    vain_orders = np.zeros(len(submits), bool)
    vain_orders[changes.keys] = (last["after"] >= FIRST_FINAL_STATE) & (last["filled_lots"] == 0)
    legs = grouped(leg_key(submits["symbol"], submits["trade"], submits["leg"]))
    sent = submits.at(legs.rows)
    vain = vain_orders[legs.rows]
    place = np.flatnonzero(vain & (_streaks(vain, legs) >= VAIN_TRIES_MAX))
    span_ns = sent["now_ns"][place] - sent["now_ns"][place - VAIN_TRIES_MAX + 1]
    retry_ns = case.terms.retry_ns[sent["symbol"][place]]
    return violations_where(
        LAW,
        span_ns < retry_ns,
        lambda n: f"{leg_name(int(legs.keys[legs.group[place[n]]]))}: ns for {VAIN_TRIES_MAX} orders in vain, at least",
        retry_ns,
        span_ns,
    )


def _streaks(vain: np.ndarray, legs: Groups) -> np.ndarray:
    """How many vain orders of its leg stand in a row up to and with each place."""
    place = np.arange(len(vain))
    broken = np.maximum.accumulate(np.where(vain, -1, place))
    return place - np.maximum(broken, legs.starts[legs.group] - 1)


def _order_rates(case: Case) -> list[Violation]:
    """docs/engine.md §5, rule 11: an entry needs the `orders_per_s_max`-th last submit to be a second old."""
    submits, terms = case.submits, case.terms
    venues = grouped(submits["venue"].astype(np.int64))
    sent = submits.at(venues.rows)
    limit = terms.orders_per_s_max[sent["venue"]]
    earlier = np.arange(len(sent)) - limit
    crowded = (venues.rank >= limit) & (sent["purpose"] == Purpose.ENTRY)
    crowded[crowded] = sent["now_ns"][crowded] - sent["now_ns"][earlier[crowded]] < NS_PER_S
    return violations_where(
        LAW,
        crowded,
        lambda n: f"order {sent['client_id'][n]}: submits to its venue in a second, at most",
        limit,
        "more",
    )


def _open_trades(case: Case) -> list[Violation]:
    """Entries of a symbol less its trades that had ended by then; what ended at the very instant counts as ended."""
    submits, trades, terms = case.submits, case.evidence.log.trades, case.terms
    entries = submits.at((submits["purpose"] == Purpose.ENTRY) & (submits["leg"] == 0))
    found = []
    for s in np.unique(entries["symbol"]).tolist():
        sent_ns = entries["now_ns"][entries["symbol"] == s]
        ended_ns = trades["ended_ns"][trades["symbol"] == s]
        open_now = np.arange(1, len(sent_ns) + 1) - np.searchsorted(ended_ns, sent_ns, side="right")
        limit = int(terms.open_trades_max[s])
        found += violations_where(
            LAW,
            open_now > limit,
            lambda n, s=s, at=sent_ns: f"open trades of {terms.config.symbols[s]} at {at[n]}, at most",
            limit,
            open_now,
        )
    return found
