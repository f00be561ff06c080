"""Law I1: what we think we hold is what our fills make it, and what the venues say.

From the log: position [symbol, venue] = initial lots + Σ side × lots of the fills; cash [venue, currency] = start −
Σ side × cost − Σ fee + funding. From the state at any instant: position = initial lots + the lots of the trades in use;
and ours + what the venue has filled and we have not yet been told of (its figures of the orders in use less ours) = the
venue's. Where venues do not tell of orders, ours is compared where nothing works.

Not provable: funding is logged in the reporting currency only. Cash in another currency that had funding is compared
with the venue's, not with the log. What a venue whose home is another currency starts with depends on a rate.
"""

from dataclasses import dataclass

import numpy as np

from arbitrage_core.laws.case import Case
from arbitrage_core.laws.evidence import VenueTruth
from arbitrage_core.laws.exact_sum import summed_at
from arbitrage_core.laws.slots import Slots
from arbitrage_core.laws.terms import Terms
from arbitrage_core.laws.violation import Violation, unequal, violations_where

LAW = "I1"


def state_ledger(terms: Terms, state: np.record, slots: Slots, truth: VenueTruth) -> list[Violation]:
    """I1 of one instant: positions from the trades in use, and positions and cash against the venues'."""
    lots = position_lots(terms, state)
    symbol, venue = slots.leg_symbol, slots.legs["venue"]
    held = terms.initial_lots + summed_at(lots.shape, ((symbol, venue), slots.legs["side"] * slots.legs["lots"]))
    found = unequal(LAW, lambda s, v: f"position {terms.market_name(s, v)}, by its trades", held, lots)
    untold = _untold(terms, slots, truth)
    their_lots = truth.position_lots[: terms.symbols, : terms.venues]
    found += violations_where(
        LAW,
        (lots + untold.lots != their_lots) & untold.lots_known,
        lambda s, v: f"position {terms.market_name(s, v)}, by the venue",
        their_lots,
        lots + untold.lots,
    )
    found += _start(terms, state)
    cash = cash_amounts(terms, state)
    their_cash = truth.cash_amounts[: terms.venues, : terms.currencies]
    return found + violations_where(
        LAW,
        (cash + untold.cash != their_cash) & untold.cash_known,
        lambda v, c: f"{terms.cash_name(v, c)}, by the venue",
        their_cash,
        cash + untold.cash,
    )


def _start(terms: Terms, state: np.record) -> list[Violation]:
    """What each venue started with: its share of the capital, in the currency of its home and in no other."""
    started = start_amounts(terms, state)
    expected = np.zeros_like(started)
    venues = np.arange(terms.venues)
    abroad = ~terms.is_reporting(terms.home)
    expected[venues, terms.home] = np.where(abroad, started[venues, terms.home], terms.capital_amounts)
    return unequal(LAW, lambda v, c: f"{terms.cash_name(v, c)}, at the start", expected, started)


def log_ledger(case: Case) -> list[Violation]:
    """I1 of the whole log: positions and cash from the fills."""
    terms, state, fills = case.terms, case.evidence.state, case.evidence.log.fills
    symbol, venue = fills["symbol"], fills["venue"]
    lots = position_lots(terms, state)
    expected = terms.initial_lots + summed_at(
        lots.shape, ((symbol, venue), fills["side"].astype(np.int64) * fills["lots"])
    )
    found = unequal(LAW, lambda s, v: f"position {terms.market_name(s, v)}, by the fills", expected, lots)
    cash = cash_amounts(terms, state)
    paid = fills["side"] * fills["cost_quote_amount"]
    funding, provable = funding_amounts(case)
    expected = (
        start_amounts(terms, state)
        + funding
        - summed_at(
            cash.shape,
            ((venue, terms.quote[symbol, venue]), paid),
            ((venue, terms.fee_currency[symbol, venue]), fills["fee_amount"]),
        )
    )
    return found + violations_where(
        LAW,
        (expected != cash) & provable,
        lambda v, c: f"{terms.cash_name(v, c)}, by the fills",
        expected,
        cash,
    )


def position_lots(terms: Terms, state: np.record) -> np.ndarray:
    """Our positions, int64 [symbol, venue]."""
    return state["symbols"]["position_lots"][: terms.symbols, : terms.venues]


def cash_amounts(terms: Terms, state: np.record) -> np.ndarray:
    """Our cash, int64 [venue, currency]."""
    return state["venues"]["cash_amounts"][: terms.venues, : terms.currencies]


def start_amounts(terms: Terms, state: np.record) -> np.ndarray:
    """Our cash at the start, int64 [venue, currency]."""
    return state["venues"]["start_amounts"][: terms.venues, : terms.currencies]


def funding_amounts(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Funding as cash, int64 [venue, currency], and where it is known exactly: in the reporting currency, and wherever
    there was none."""
    terms, funding = case.terms, case.evidence.log.funding
    currency = terms.quote[funding["symbol"], funding["venue"]]
    shape = (terms.venues, terms.currencies)
    exact = terms.is_reporting(currency)
    provable = np.ones(shape, bool)
    provable[funding["venue"][~exact], currency[~exact]] = False
    return summed_at(shape, ((funding["venue"][exact], currency[exact]), funding["amount"][exact])), provable


@dataclass(frozen=True, eq=False)
class _Untold:
    """What the venues have done and not yet told; `_known`: where that is certain."""

    lots: np.ndarray
    cash: np.ndarray
    lots_known: np.ndarray
    cash_known: np.ndarray


def _untold(terms: Terms, slots: Slots, truth: VenueTruth) -> _Untold:
    lots_shape, cash_shape = (terms.symbols, terms.venues), (terms.venues, terms.currencies)
    symbol, venue, orders = slots.leg_symbol, slots.legs["venue"], slots.orders
    if truth.orders is None:
        busy = summed_at(lots_shape, ((symbol, venue), slots.working))
        quiet = np.broadcast_to((busy.sum(0) == 0)[:, None], cash_shape)
        return _Untold(np.zeros(lots_shape, np.int64), np.zeros(cash_shape, np.int64), busy == 0, quiet)
    theirs = truth.figures_of(orders["client_id"])
    more_lots, more_cost, more_fee = (
        np.where(theirs["client_id"] != 0, theirs[name] - orders[name], 0)
        for name in ("filled_lots", "cost_amount", "fee_amount")
    )
    side = orders["side"].astype(np.int64)
    lots = summed_at(lots_shape, ((symbol, venue), side * more_lots))
    cash = -summed_at(
        cash_shape,
        ((venue, terms.quote[symbol, venue]), side * more_cost),
        ((venue, terms.fee_currency[symbol, venue]), more_fee),
    )
    return _Untold(lots, cash, np.ones(lots_shape, bool), np.ones(cash_shape, bool))
