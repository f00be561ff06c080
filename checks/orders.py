"""The orders' suite: identity, size, the books they cite, their limits; and the changes of their state.

Written a second time, not taken from the engine's laws: a mistake in one of the two is seen by the other. Cancels and
queries cite nothing and are left out, but for their number.
"""

import numpy as np
import pandas as pd

from arbitrage_core.storage.record.frames import ENUMS
from checks.evidence import NOTHING, Columns, Evidence
from checks.rule import among, between, none_of, unique
from checks.terms import Terms

ACTION, PURPOSE, STYLE, STATE = ENUMS["action"], ENUMS["purpose"], ENUMS["style"], ENUMS["after"]
LIMIT_SLACK = 1e-9
"""Relative: what floats and the slack of a tick's rounding make of a limit."""

_ANY_AFTER = ("OPEN", "PARTIALLY_FILLED", "UNKNOWN", "FILLED", "CANCELED", "REJECTED", "EXPIRED")
LEGAL_CHANGES = (
    "NONE→PENDING",
    *(f"PENDING→{after}" for after in _ANY_AFTER),
    *(f"OPEN→{after}" for after in _ANY_AFTER if after != "OPEN"),
    *(f"PARTIALLY_FILLED→{after}" for after in _ANY_AFTER if after not in ("OPEN", "PARTIALLY_FILLED")),
    *(f"UNKNOWN→{after}" for after in _ANY_AFTER if after != "UNKNOWN"),
)
"""law I3: what may follow what. What is final stays."""

KEYS = {"orders": ("session_id", "number"), "changes": ("session_id", "number")}

RULES = (
    none_of("orders: each names a market of its session", "orders", "unknown_market"),
    unique("orders: a client order id is sent once in a session", "orders", "session_id", "client_id"),
    unique("orders: one order per trade, leg and attempt", "orders", "session_id", "symbol", "trade", "leg", "attempt"),
    between("orders: lots are positive", "orders", "lots", 1, None),
    none_of("orders: entries cite both books, others their own", "orders", "books_missing"),
    between("orders: what opens was decided on fresh books", "orders", "opening_age_of_max", 0.0, 1.0),
    none_of("orders: what opens was decided on uncrossed books", "orders", "opening_books_crossed"),
    none_of("orders: a reduction on an old or crossed book is flagged", "orders", "reduction_unflagged"),
    none_of("orders: what opens is never flagged stale", "orders", "opening_stale"),
    none_of("orders: limit orders have a limit, market orders none", "orders", "limit_misplaced"),
    between(
        "orders: the limit is within its bound of the touch it meant to take",
        "orders",
        "limit_beyond",
        0.0,
        LIMIT_SLACK,
    ),
    among("orders: only legal changes of state", "changes", "change", LEGAL_CHANGES),
)


def frames(evidence: Evidence, terms: Terms) -> dict[str, pd.DataFrame]:
    """The frames `orders` (submits) and `changes` (kinds of changes, with the first of each)."""
    return {"orders": _orders(evidence.tables["orders"], terms), "changes": _changes(evidence.transitions)}


def submitted(orders: Columns) -> Columns:
    """Those that were submits."""
    mask = orders["action_code"] == ACTION.SUBMIT
    return orders if mask.all() else {name: values[mask] for name, values in orders.items()}


def _orders(all_orders: Columns, terms: Terms) -> pd.DataFrame:
    orders = submitted(all_orders)
    purpose, known = orders["purpose_code"], terms.knows(orders)
    opening, entry = (purpose == PURPOSE.ENTRY) | (purpose == PURPOSE.COMPLETE), purpose == PURPOSE.ENTRY
    bought, sold = _Book(orders, terms, "buy"), _Book(orders, terms, "sell")
    on_bought, on_sold = entry | (orders["leg"] == 0), entry | (orders["leg"] == 1)
    fresh = (bought.fresh | ~on_bought) & (sold.fresh | ~on_sold)
    ages = np.stack([np.where(on_bought, bought.age_of_max, 0.0), np.where(on_sold, sold.age_of_max, 0.0)])
    worst_age = np.where(ages.min(axis=0) < 0, ages.min(axis=0), ages.max(axis=0))
    stale = orders["stale"] != 0
    columns = {name: orders[name] for name in ("session_id", "number", "client_id", "trade", "attempt", "lots")}
    return pd.DataFrame(
        columns
        | {
            "symbol": orders["symbol"].astype(np.int64),
            "leg": orders["leg"].astype(np.int64),
            "unknown_market": (~known).astype(np.int64),
            "books_missing": (on_bought & ~bought.cited).astype(np.int64) + (on_sold & ~sold.cited),
            "opening_age_of_max": np.where(opening, worst_age, 0.0),
            "opening_books_crossed": (opening & ((on_bought & bought.crossed) | (on_sold & sold.crossed))).astype(int),
            "reduction_unflagged": (~opening & ~fresh & ~stale).astype(np.int64),
            "opening_stale": (opening & stale).astype(np.int64),
            "limit_misplaced": ((orders["style_code"] == STYLE.MARKET) != np.isnan(orders["limit_px"])).astype(
                np.int64
            ),
            "limit_beyond": _limit_beyond(orders, terms),
        },
        copy=False,
    )


class _Book:
    """The book cited of one side: bool[n] `cited`, `crossed` (of those cited), `fresh`; `age_of_max` its age as a share
    of what is allowed, 0 where it is not cited."""

    def __init__(self, orders: Columns, terms: Terms, side: str) -> None:
        received_ns, bid, ask = (orders[f"{side}_{name}"] for name in ("received_ns", "bid_px", "ask_px"))
        self.cited = received_ns != NOTHING
        age_ns = np.where(self.cited, orders["now_ns"] - received_ns, 0)
        age_max_ns = np.maximum(terms.of_symbol(terms.quote_age_max_ns, orders), 1.0)
        self.age_of_max = age_ns / age_max_ns
        sound = (bid > 0) & (bid < ask) & (ask < np.inf)  # NaN is none of these
        self.crossed = self.cited & ~sound
        self.fresh = self.cited & sound & (self.age_of_max >= 0) & (self.age_of_max <= 1)


def _limit_beyond(orders: Columns, terms: Terms) -> np.ndarray:
    """How far a limit lies outside of what its side, bound and tick allow, relative to the price; 0 inside.

    Where the books have several levels an entry's limit starts from the last level its size needs, which no order
    tells: it may then lie further out, never further in.
    """
    side, decision_px = orders["side"], orders["decision_px"]
    limit_px = np.where(np.isnan(orders["limit_px"]), decision_px, orders["limit_px"])
    bound = terms.of_symbol(terms.slippage_bound_bps, orders) * 1e-4
    resting = orders["style_code"] == STYLE.POST_ONLY
    purpose, market = orders["purpose_code"], orders["style_code"] == STYLE.MARKET
    furthest = np.where(resting, decision_px, decision_px * (1.0 + side * bound))
    out = side * (limit_px - furthest) / decision_px
    deep = (terms.levels[orders["place"]] > 1) & (purpose == PURPOSE.ENTRY) & ~resting
    within = side * (furthest - limit_px) - terms.of_market(terms.tick, orders)
    within = np.where(purpose == PURPOSE.COMPLETE, 0.0, within / decision_px)  # a completion's bound may be tighter
    beyond = np.maximum(np.where(deep, 0.0, out), within)
    return np.where(market | np.isnan(orders["limit_px"]), 0.0, np.maximum(beyond, 0.0))


def _changes(transitions: Columns) -> pd.DataFrame:
    names = {state.value: state.name for state in STATE}
    pairs = zip(transitions["before_code"].tolist(), transitions["after_code"].tolist(), strict=True)
    change = [f"{names.get(before, before)}→{names.get(after, after)}" for before, after in pairs]
    columns = {name: transitions[name] for name in ("session_id", "number", "rows")}
    return pd.DataFrame(columns | {"change": pd.Series(change, dtype="str")})
