"""Law I9: what adds risk cites books that were fresh and uncrossed when it was decided; a reduction on an older or
crossed book is flagged.

ENTRY cites the books of both legs, which came within `skew_max_ms` of each other, others that of their own leg. Age
is decision time − receipt, within `quote_age_max_ms`; 0 < bid < ask, finite. Of an entry quoted in the reporting
currency the decision price must be the touch of its cited book. Whether a feed was down or ended is in no log, so a
reduction may be flagged without need here. That cited quotes were really received is for the journal's rows to prove.
"""

import numpy as np

from arbitrage_core.domain.order import OrderStyle, Purpose
from arbitrage_core.laws.case import Case
from arbitrage_core.laws.columns import Columns
from arbitrage_core.laws.violation import Violation, violations_where

LAW = "I9"


def log_citations(case: Case) -> list[Violation]:
    """Every SUBMIT of the log against the books it cites."""
    orders = case.submits
    bought, sold = _book(case, orders, "buy"), _book(case, orders, "sell")
    own = np.where(orders["leg"] == 0, bought, sold)
    apart_ns = np.abs(orders["buy_received_ns"] - orders["sell_received_ns"])
    in_step = apart_ns <= case.terms.skew_max_ns[orders["symbol"]]
    fresh = np.where(orders["purpose"] == Purpose.ENTRY, bought & sold & in_step, own)

    def named(what: str):
        return lambda n: f"order {orders['client_id'][n]}: {what}"

    stale = orders["stale"] != 0
    return [
        *violations_where(LAW, case.opening & ~fresh, named("opens on books"), "fresh and uncrossed", "others"),
        *violations_where(LAW, case.opening & stale, named("opens, flagged stale"), 0, orders["stale"]),
        *violations_where(LAW, ~case.opening & ~fresh & ~stale, named("reduces on an old book, flagged"), 1, 0),
        *_decision_prices(case),
    ]


def _book(case: Case, orders: Columns, side: str) -> np.ndarray:
    """Whether the cited book of that side was fresh."""
    age_ns = orders["now_ns"] - orders[f"{side}_received_ns"]
    bid, ask = orders[f"{side}_bid_px"], orders[f"{side}_ask_px"]
    recent = (age_ns >= 0) & (age_ns <= case.terms.quote_age_max_ns[orders["symbol"]])
    return recent & (bid > 0) & (bid < ask) & np.isfinite(ask)


def _decision_prices(case: Case) -> list[Violation]:
    orders, terms = case.submits, case.terms
    takes = (orders["side"] > 0) != (orders["style"] == OrderStyle.POST_ONLY)
    bought = np.where(takes, orders["buy_ask_px"], orders["buy_bid_px"])
    sold = np.where(takes, orders["sell_ask_px"], orders["sell_bid_px"])
    touch = np.where(orders["leg"] == 0, bought, sold)
    judged = (orders["purpose"] == Purpose.ENTRY) & terms.is_reporting(terms.quote[orders["symbol"], orders["venue"]])
    wrong = judged & ~(orders["decision_px"] == touch)
    return violations_where(
        LAW,
        wrong,
        lambda n: f"order {orders['client_id'][n]}: decision price, by its book",
        touch,
        orders["decision_px"],
    )
