"""Law I8, without REDUCE: no order is sent that could take worst-case exposure over a limit.

Exposure lots of a market = lots held by its legs + unfilled lots of its working opening orders, UNKNOWN in full. They
are followed through the timeline, so what stood at each send is exact. Worst price (docs/engine.md §11): the limit; of
a market order touch × (1 ± bound); of a sale no less than the touch it cites. At each opening send:

- symbol, exact: (lots on all venues + lots sent, an entry's both legs) × lot × worst ≤ `symbol_exposure_max_quote`,
  and the order notes that figure (or, of an entry's two prices, the one at its own);
- venue and portfolio, from the log only what the symbol itself contributes: a necessary condition, exact with one
  symbol (what other symbols are worth at that instant is in no log). `entry_exposure` holds both exactly, given those
  prices.

Markets quoted in another than the reporting currency are left to `entry_exposure`: their rate is in no log.
From the state at any instant: the counters guards read (exposure, spot sales, doubts, slots in use) are what the orders
and legs make them.
"""

import numpy as np

from arbitrage_core.domain.order import OrderState, OrderStyle, Purpose
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.laws.case import Case, opens
from arbitrage_core.laws.evidence import VenueTruth
from arbitrage_core.laws.exact_sum import summed_at
from arbitrage_core.laws.groups import ABSENT, grouped, places_of
from arbitrage_core.laws.slots import Slots, slots_of
from arbitrage_core.laws.terms import Terms, terms_of
from arbitrage_core.laws.timeline import Timeline
from arbitrage_core.laws.violation import Violation, unequal, violations_where

LAW = "I8"
SLACK = 1e-12
"""Relative: the engine may multiply in another order."""


def state_exposure(terms: Terms, state: np.record, slots: Slots, truth: VenueTruth) -> list[Violation]:
    """The counters that guards read, from the trades in use."""
    shape = (terms.symbols, terms.venues)
    at, orders = (slots.leg_symbol, slots.legs["venue"]), slots.orders
    unfilled = np.where(slots.working & opens(orders["purpose"]), orders["lots"] - orders["filled_lots"], 0)
    spot_sales = np.where(terms.spot[at] & (orders["side"] < 0), unfilled, 0)
    counters = {
        "exposure_lots": summed_at(shape, (at, slots.legs["lots"] + unfilled)),
        "selling_lots": summed_at(shape, (at, spot_sales)),
        "doubts": summed_at(shape, (at, orders["state"] == OrderState.UNKNOWN)),
    }
    found = []
    symbols = state["symbols"][: terms.symbols]
    for name, expected in counters.items():
        stored = symbols[name][:, : terms.venues]
        found += unequal(LAW, lambda s, v, name=name: f"{name} of {terms.market_name(s, v)}", expected, stored)
    used = np.bincount(slots.symbol, minlength=terms.symbols)
    return found + unequal(LAW, lambda s: f"slots in use of {terms.config.symbols[s]}", used, symbols["in_use"])


def log_exposure(case: Case) -> list[Violation]:
    """Every opening send of the log against the limits."""
    if not case.opening.any() or not len(case.evidence.log.changes):
        return []
    timeline = case.timeline
    lots = _exposure_changes(case, timeline)
    submits = case.submits.at(timeline.order)
    by_symbol = grouped(submits["symbol"].astype(np.int64))
    by_market = grouped(submits["symbol"].astype(np.int64) * case.terms.venues + submits["venue"])
    sends = timeline.sent & case.opening[timeline.order]
    order = timeline.order[sends]
    before = [_before(groups, lots)[sends] for groups in (by_symbol, by_market)]
    worst = _worst_px(case)
    return [*_symbol_limits(case, order, before[0], worst), *_venue_limits(case, order, before[1], worst)]


def _exposure_changes(case: Case, timeline: Timeline) -> np.ndarray:
    """By how many lots each event changes exposure: a send adds all, an end gives up the rest, a closing fill takes."""
    sent_lots = case.submits["lots"][timeline.order]
    opened = np.where(timeline.sent, sent_lots, 0) - timeline.unfilled_lots
    opened += np.where(timeline.late, timeline.growth_lots, 0)
    return np.where(case.opening[timeline.order], opened, -timeline.growth_lots)


def _before(groups, lots: np.ndarray) -> np.ndarray:
    """Exposure lots of each event's group just before it."""
    before = np.empty_like(lots)
    before[groups.rows] = groups.running(lots[groups.rows]) - lots[groups.rows]
    return before


def _worst_px(case: Case) -> np.ndarray:
    """The price each order's exposure is reckoned at; NaN where its rate is not known."""
    submits, terms = case.submits, case.terms
    ask = np.where(submits["leg"] == 0, submits["buy_ask_px"], submits["sell_ask_px"])
    bid = np.where(submits["leg"] == 0, submits["buy_bid_px"], submits["sell_bid_px"])
    at_market = submits["style"] == OrderStyle.MARKET
    bound = terms.slippage_bound_bps[submits["symbol"]] * 1e-4
    buy_px = np.where(at_market, ask * (1.0 + bound), submits["limit_px"])
    sell_px = np.where(at_market, bid, np.maximum(submits["limit_px"], bid))
    known = terms.is_reporting(terms.quote[submits["symbol"], submits["venue"]])
    return np.where(known, np.where(submits["side"] > 0, buy_px, sell_px), np.nan)


def _symbol_limits(case: Case, order: np.ndarray, before: np.ndarray, worst: np.ndarray) -> list[Violation]:
    """Symbol by symbol; an entry is judged at its first leg's send, with the second's lots and price."""
    submits, terms = case.submits, case.terms
    entry = submits["purpose"] == Purpose.ENTRY
    second = np.flatnonzero(entry & (submits["leg"] == 1))
    by_key = second[np.argsort(case.trade_keys[second], kind="stable")]
    judged = ~(entry[order] & (submits["leg"][order] == 1))
    order, before = order[judged], before[judged]
    pair = np.where(entry[order], places_of(case.trade_keys[by_key], case.trade_keys[order]), ABSENT)
    alone = entry[order] & (pair == ABSENT)
    sibling = by_key[pair] if len(by_key) else pair
    added = submits["lots"][order] + np.where(pair == ABSENT, 0, submits["lots"][sibling])
    px = np.where(pair == ABSENT, worst[order], np.maximum(worst[order], worst[sibling]))
    symbol = submits["symbol"][order]
    exposure_quote = (before + added) * terms.lot_base[symbol] * px
    noted = submits["worst_exposure_quote"][order]
    own_quote = (before + added) * terms.lot_base[symbol] * worst[order]
    misnoted = ~(np.isclose(noted, own_quote, 1e-9) | np.isclose(noted, exposure_quote, 1e-9) | np.isnan(px))
    uneven = (pair != ABSENT) & (submits["lots"][sibling] != submits["lots"][order])

    def named(what: str):
        return lambda n: f"order {submits['client_id'][order[n]]}: {what}"

    found = violations_where(LAW, alone | uneven, named("an entry's second leg"), "the same lots", "others or none")
    found += violations_where(LAW, misnoted, named("symbol exposure it notes"), exposure_quote, noted)
    limits = (
        ("symbol exposure", terms.symbol_exposure_max_quote[symbol]),
        ("portfolio exposure, of its symbol alone", np.full(len(order), terms.portfolio_exposure_max_quote)),
    )
    for name, limit in limits:
        found += violations_where(
            LAW, exposure_quote > limit * (1 + SLACK), named(f"{name}, at most"), limit, exposure_quote
        )
    return found


def _venue_limits(case: Case, order: np.ndarray, before: np.ndarray, worst: np.ndarray) -> list[Violation]:
    submits, terms = case.submits, case.terms
    symbol, limit = submits["symbol"][order], terms.venue_exposure_max_quote[submits["venue"][order]]
    exposure_quote = (before + submits["lots"][order]) * terms.lot_base[symbol] * worst[order]
    return violations_where(
        LAW,
        exposure_quote > limit * (1 + SLACK),
        lambda n: f"order {submits['client_id'][order[n]]}: venue exposure, of its symbol alone, at most",
        limit,
        exposure_quote,
    )


def entry_exposure(config: SessionConfig | Terms, state: np.record, ask_touches: np.ndarray) -> list[Violation]:
    """Symbol, venue and portfolio exposure just after entries were sent, exactly.

    For the step in which an entry went out, asked before anything else is applied: the entries sent at the state's
    `now_ns` are held against all limits. `ask_touches`: f8 [symbol, venue], the asks that stood then in the reporting
    currency (the caller's, for the state's may have moved on; NaN for an unknown one, which breaks the law if anything
    is held there).
    """
    terms = terms_of(config)
    slots = slots_of(terms, state)
    orders = slots.orders
    sent = (orders["purpose"] == Purpose.ENTRY) & (orders["sent_ns"] == state["now_ns"])
    sent &= orders["state"] != OrderState.NONE
    unfilled = np.where(slots.working & opens(orders["purpose"]), orders["lots"] - orders["filled_lots"], 0)
    at = (slots.leg_symbol, slots.legs["venue"])
    lots = summed_at((terms.symbols, terms.venues), (at, slots.legs["lots"] + unfilled))
    found = []
    for s in np.unique(slots.leg_symbol[sent]).tolist():
        mine = sent & (slots.leg_symbol == s)
        rates = state["symbols"]["rates"][s][slots.legs["venue"][mine]]
        own_px = np.zeros(terms.venues)
        np.maximum.at(own_px, slots.legs["venue"][mine], orders["worst_px"][mine] * rates)
        others = np.delete(np.arange(terms.symbols), s)
        worth = np.where(lots[others] != 0, lots[others] * terms.lot_base[others, None] * ask_touches[others], 0.0)
        own_quote = lots[s].sum() * terms.lot_base[s] * own_px.max()
        involved = own_px > 0
        venue_quote = worth.sum(0) + lots[s] * terms.lot_base[s] * own_px
        name = terms.config.symbols[s]
        checks = [
            (f"symbol exposure of {name}", own_quote, terms.symbol_exposure_max_quote[s]),
            (f"portfolio exposure with {name}", own_quote + worth.sum(), terms.portfolio_exposure_max_quote),
        ]
        for v in np.flatnonzero(involved).tolist():
            label = f"venue exposure at {terms.config.venues[v].name} with {name}"
            checks.append((label, venue_quote[v], terms.venue_exposure_max_quote[v]))
        found += [
            Violation(LAW, f"{what}, at most", float(limit), float(quote))
            for what, quote, limit in checks
            if not quote <= limit * (1 + SLACK)
        ]
    return found
