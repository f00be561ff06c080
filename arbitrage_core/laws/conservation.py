"""Law I15: money is conserved between us, the venues and fees, and no sum depends on how it is added up.

The other side of a deal receives what we pay: per currency, Σ our cash changes + Σ fees + Σ what counterparties
received = funding, and per symbol, our lots + theirs = 0. What counterparties received and what was paid in fees is
read off the venues' reports, not off our bookings; where the venues tell of all orders, the same is held against their
own ledgers. Realised PnL and fees summed over symbols, over venues and over all trades are the session's.
"""

import numpy as np

from arbitrage_core.laws.case import Case
from arbitrage_core.laws.evidence import VenueTruth
from arbitrage_core.laws.exact_sum import summed_at
from arbitrage_core.laws.executions import FIGURES, last_reported
from arbitrage_core.laws.groups import ABSENT
from arbitrage_core.laws.ledger import cash_amounts, funding_amounts, position_lots, start_amounts
from arbitrage_core.laws.slots import Slots
from arbitrage_core.laws.terms import Terms
from arbitrage_core.laws.violation import Violation, violations_where

LAW = "I15"


def state_conservation(terms: Terms, state: np.record, slots: Slots, truth: VenueTruth) -> list[Violation]:
    """Realised PnL and fees: symbols, and venues, add up to the session."""
    symbols, venues = state["symbols"][: terms.symbols], state["venues"][: terms.venues]
    sums = (
        ("realised PnL of the symbols", symbols["realised_amount"], state["realised_amount"]),
        ("realised PnL of the venues", venues["realised_amount"], state["realised_amount"]),
        ("fees of the symbols", symbols["fees_amount"], state["fees_amount"]),
    )
    return [
        Violation(LAW, f"{name}, summed", int(whole), int(parts.sum()))
        for name, parts, whole in sums
        if parts.sum() != whole
    ]


def log_conservation(case: Case) -> list[Violation]:
    """Cash and lots of us, counterparties and fees; and the trades' PnL and fees against the session's."""
    evidence, terms = case.evidence, case.terms
    state, trades = evidence.state, case.slots.trades
    cash, lots = cash_amounts(terms, state), position_lots(terms, state)
    found = _conserved(case, "by the reports", *last_reported(case), cash, lots)
    if evidence.venue_orders_complete:
        cash = evidence.venue_cash_amounts[: terms.venues, : terms.currencies]
        lots = evidence.venue_position_lots[: terms.symbols, : terms.venues]
        known = case.venue_order != ABSENT
        figures = {name: evidence.venue_truth.table[name][known] for name in FIGURES}
        found += _conserved(case, "by the venues' orders", case.venue_order[known], figures, cash, lots)
    for name in ("realised_amount", "fees_amount"):
        parts = int(evidence.log.trades[name].sum() + trades[name].sum())
        if parts != state[name]:
            found.append(Violation(LAW, f"{name} of all trades, summed", int(state[name]), parts))
    return found


def _conserved(
    case: Case, by: str, order: np.ndarray, figures: dict[str, np.ndarray], cash: np.ndarray, lots: np.ndarray
) -> list[Violation]:
    """`figures`: FIGURES of each `order` that did something; `cash`, `lots`: the ledger held against them."""
    terms, state, ours = case.terms, case.evidence.state, case.submits.at(order)
    symbol, venue, side = ours["symbol"], ours["venue"], ours["side"].astype(np.int64)
    received = summed_at(
        (terms.currencies,),
        ((terms.quote[symbol, venue],), side * figures["cost_amount"]),
        ((terms.fee_currency[symbol, venue],), figures["fee_amount"]),
    )
    funding, provable = funding_amounts(case)
    created = (cash - start_amounts(terms, state) - funding).sum(0) + received
    currencies = terms.config.currencies
    found = violations_where(
        LAW, (created != 0) & provable.all(0), lambda c: f"{currencies[c]} made from nothing, {by}", 0, created
    )
    theirs = summed_at((terms.symbols,), ((symbol,), -side * figures["filled_lots"]))
    created = (lots - terms.initial_lots).sum(1) + theirs
    symbols = terms.config.symbols
    return found + violations_where(
        LAW, created != 0, lambda s: f"lots of {symbols[s]} made from nothing, {by}", 0, created
    )
