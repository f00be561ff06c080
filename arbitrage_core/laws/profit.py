"""Law I2, the PnL: what is stored is what the fills make it.

Every fill's realised PnL is booked anew, leg by leg (docs/engine.md §10): with x its converted signed cash and y its
converted fee, an opening fill adds x to the leg's basis; a closing fill of Δ of L lots releases the whole basis if
Δ = L, else rint(basis × (Δ / L)), and realises released + x; every fill realises −y. These, with funding, are summed
and compared with what trades, symbols, venues and session store. Independently of any release: cash as converted when
booked = start + realised + the basis still held.

Not provable: conversions. Cash and fees in the reporting currency are recomputed; what a fill in another currency was
converted to is taken as logged, the rate is in no log.
"""

from dataclasses import dataclass

import numpy as np

from arbitrage_core.laws.case import Case, opens
from arbitrage_core.laws.evidence import VenueTruth
from arbitrage_core.laws.exact_sum import summed_at
from arbitrage_core.laws.groups import ABSENT, grouped, leg_key, leg_name, places_of, trade_key, trade_name
from arbitrage_core.laws.slots import Slots
from arbitrage_core.laws.terms import Terms
from arbitrage_core.laws.violation import Violation, unequal, violations_where

LAW = "I2"


@dataclass(frozen=True, eq=False)
class Rebooked:
    """The fills booked anew. `realised` int64 [fills], in the log's order; `keys`, `basis`, `lots` [legs]: what each
    leg is left with; `overdrawn` bool [fills]: it closed more than was held."""

    realised: np.ndarray
    keys: np.ndarray
    basis: np.ndarray
    lots: np.ndarray
    overdrawn: np.ndarray


def state_profit(terms: Terms, state: np.record, slots: Slots, truth: VenueTruth) -> list[Violation]:
    """Cash as it was converted when booked, and inventory at its first price = start + realised + basis held."""
    venues = state["venues"][: terms.venues]
    worth = int(venues["cash_amounts"][:, 0].sum() + venues["basis_amounts"][:, 1 : terms.currencies].sum())
    worth += int(state["symbols"]["inventory_basis_amounts"][: terms.symbols, : terms.venues].sum())
    expected = int(state["start_amount"]) + int(state["realised_amount"]) + int(slots.legs["basis_amount"].sum())
    if worth == expected:
        return []
    return [Violation(LAW, "start + realised + basis held, against cash and inventory as booked", worth, expected)]


def log_profit(case: Case) -> list[Violation]:
    """Conversions that are identities, PnL by fill, by trade, by symbol, by venue and of the session."""
    fills = case.evidence.log.fills
    rebooked = _rebooked(case)
    return [
        *_identities(case),
        *violations_where(
            LAW, rebooked.overdrawn, lambda n: f"fills[{n}]: lots", "at most what is held", fills["lots"]
        ),
        *unequal(LAW, lambda n: f"fills[{n}]: realised_amount", rebooked.realised, fills["realised_amount"]),
        *_legs_held(case, rebooked),
        *_trades(case, rebooked.realised),
        *_totals(case, rebooked.realised),
    ]


def _identities(case: Case) -> list[Violation]:
    """Cash and fees in the reporting currency are converted to themselves; slippage there is what the decision price
    makes it: side × (cost − rint(lots × lot × decision price / unit))."""
    fills, terms = case.evidence.log.fills, case.terms
    decision_px = np.full(len(fills), np.nan)
    known = case.fill_order != ABSENT
    decision_px[known] = case.submits["decision_px"][case.fill_order[known]]
    meant = np.rint(fills["lots"] * terms.lot_base[fills["symbol"]] * decision_px / terms.units[0])
    quote = terms.quote[fills["symbol"], fills["venue"]]
    fee_currency = terms.fee_currency[fills["symbol"], fills["venue"]]
    cash = -fills["side"] * fills["cost_quote_amount"]
    columns = (
        ("cash_reporting_amount", terms.is_reporting(quote), cash),
        ("fee_reporting_amount", terms.is_reporting(fee_currency), fills["fee_amount"]),
        ("slippage_amount", known & terms.is_reporting(quote), fills["side"] * (fills["cost_quote_amount"] - meant)),
    )
    found = violations_where(
        LAW, fills["cost_quote_amount"] < 0, lambda n: f"fills[{n}]: cost", "not negative", fills["cost_quote_amount"]
    )
    for name, exact, expected in columns:
        wrong = exact & (fills[name] != expected)
        found += violations_where(LAW, wrong, lambda n, name=name: f"fills[{n}]: {name}", expected, fills[name])
    return found


def _rebooked(case: Case) -> Rebooked:
    """All legs at once, their first fills, then their second, …: as many passes as the busiest leg has fills."""
    fills, groups = case.evidence.log.fills, case.fill_legs
    busiest = np.argsort(-groups.counts, kind="stable")
    starts, counts = groups.starts[busiest], groups.counts[busiest]
    basis, lots = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.int64)
    realised, overdrawn = np.zeros(len(fills), np.int64), np.zeros(len(fills), bool)
    opening, cash, dealt = opens(fills["purpose"]), fills["cash_reporting_amount"], fills["lots"]
    for rank in range(int(counts.max(initial=0))):
        active = int(np.searchsorted(-counts, -rank))  # the legs with more than `rank` fills come first
        row = groups.rows[starts[:active] + rank]
        held, of_basis, delta, opened = lots[:active], basis[:active], dealt[row], opening[row]
        overdrawn[row] = ~opened & (delta > held)
        share = np.rint(of_basis * (delta / np.maximum(held, 1))).astype(np.int64)
        released = np.where(opened, 0, np.where(delta == held, of_basis, share))
        realised[row] = np.where(opened, 0, released + cash[row]) - fills["fee_reporting_amount"][row]
        basis[:active] = of_basis + np.where(opened, cash[row], -released)
        lots[:active] = held + np.where(opened, delta, -delta)
    return Rebooked(realised, groups.keys[busiest], basis, lots, overdrawn)


def _legs_held(case: Case, rebooked: Rebooked) -> list[Violation]:
    """What the fills leave each leg with is what its slot holds; legs of trades that are not in use hold nothing."""
    slots = case.slots
    stored_keys = leg_key(slots.leg_symbol, slots.trades["number"][:, None], np.array([0, 1])).ravel()
    keys = grouped(np.concatenate([stored_keys, rebooked.keys])).keys
    found = []
    columns = (
        ("lots", rebooked.lots, slots.legs["lots"]),
        ("basis_amount", rebooked.basis, slots.legs["basis_amount"]),
    )
    for name, ours, stored in columns:
        expected = summed_at(keys.shape, ((np.searchsorted(keys, rebooked.keys),), ours))
        observed = summed_at(keys.shape, ((np.searchsorted(keys, stored_keys),), stored.ravel()))
        found += unequal(LAW, lambda n, name=name: f"{leg_name(int(keys[n]))}: {name} held", expected, observed)
    return found


def _trades(case: Case, realised: np.ndarray) -> list[Violation]:
    """Each trade stores what its fills and funding make; each with a fill is stored, once."""
    log, slots = case.evidence.log, case.slots
    fills, funding = log.fills, log.funding
    stored_keys = np.concatenate([case.ended_keys, slots.keys])
    by_key = np.argsort(stored_keys, kind="stable")
    keys = stored_keys[by_key]
    names = _names(keys)
    found = violations_where(LAW, keys[1:] == keys[:-1], lambda n: f"{names(n)}: is stored", "once", "twice")
    of_fill = trade_key(fills["symbol"], fills["trade"])
    of_funding = trade_key(funding["symbol"], funding["trade"])
    used = grouped(np.concatenate([of_fill, of_funding])).keys
    missing = places_of(keys, used) == ABSENT
    found += violations_where(LAW, missing, lambda n: f"{trade_name(int(used[n]))}: is stored", "once", "never")
    if found:
        return found
    fill_at, funding_at = np.searchsorted(keys, of_fill), np.searchsorted(keys, of_funding)
    columns = {
        "realised_amount": ((fill_at, realised), (funding_at, funding["amount"])),
        "fees_amount": ((fill_at, fills["fee_reporting_amount"]),),
        "funding_amount": ((funding_at, funding["amount"]),),
        "slippage_amount": ((fill_at, fills["slippage_amount"]),),
    }
    found += _entry_notionals(case)
    for name, entries in columns.items():
        expected = summed_at(keys.shape, *(((at,), values) for at, values in entries))
        stored = np.concatenate([log.trades[name], slots.trades[name]])[by_key]
        found += unequal(LAW, lambda n, name=name: f"{names(n)}: {name}", expected, stored)
    return found


def _entry_notionals(case: Case) -> list[Violation]:
    """A trade that ended stores the mean of what both legs' opening fills cost, to the half unit."""
    trades, fills = case.evidence.log.trades, case.evidence.log.fills
    by_key = np.argsort(case.ended_keys, kind="stable")
    keys, opening = case.ended_keys[by_key], opens(fills["purpose"])
    at = places_of(keys, trade_key(fills["symbol"], fills["trade"]))
    counted = opening & (at != ABSENT)
    cost = summed_at(keys.shape, ((at[counted],), abs(fills["cash_reporting_amount"][counted])))
    stored = 2 * trades["entry_notional_amount"][by_key]
    names = _names(keys)
    return violations_where(
        LAW, abs(stored - cost) > 1, lambda n: f"{names(n)}: twice its entry notional", cost, stored
    )


def _totals(case: Case, realised: np.ndarray) -> list[Violation]:
    """Symbols, venues and session store what the fills and funding make."""
    terms, state, log = case.terms, case.evidence.state, case.evidence.log
    fills, funding, config = log.fills, log.funding, case.terms.config
    symbols, venues = state["symbols"][: terms.symbols], state["venues"][: terms.venues]
    by_symbol = summed_at((terms.symbols,), ((fills["symbol"],), realised), ((funding["symbol"],), funding["amount"]))
    by_venue = summed_at((terms.venues,), ((fills["venue"],), realised), ((funding["venue"],), funding["amount"]))
    fees = summed_at((terms.symbols,), ((fills["symbol"],), fills["fee_reporting_amount"]))
    session = np.array([by_symbol.sum(), fees.sum()])
    stored = np.array([state["realised_amount"], state["fees_amount"]])
    return [
        *unequal(LAW, lambda s: f"realised PnL of {config.symbols[s]}", by_symbol, symbols["realised_amount"]),
        *unequal(LAW, lambda v: f"realised PnL at {config.venues[v].name}", by_venue, venues["realised_amount"]),
        *unequal(LAW, lambda s: f"fees of {config.symbols[s]}", fees, symbols["fees_amount"]),
        *unequal(LAW, lambda n: f"{('realised PnL', 'fees')[n]} of the session", session, stored),
    ]


def _names(keys: np.ndarray):
    return lambda n: trade_name(int(keys[n]))
