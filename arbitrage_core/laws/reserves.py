"""The law of two-phase money (STYLE 9): what is reserved is reserved for something, and at rest nothing is.

At any instant what a venue holds back in a currency is the sum over its orders and unwinds in use; a final order, and
one that closes, holds back nothing. At rest, but for flagged trades: no reserve, no exposure, no doubt, no position
beyond the inventory.
"""

import numpy as np

from arbitrage_core.domain.order import FIRST_FINAL_STATE
from arbitrage_core.laws.case import Case, opens
from arbitrage_core.laws.evidence import VenueTruth
from arbitrage_core.laws.exact_sum import summed_at
from arbitrage_core.laws.slots import Slots
from arbitrage_core.laws.terms import Terms
from arbitrage_core.laws.violation import Violation, unequal, violations_where

LAW = "REST"


def state_reserves(terms: Terms, state: np.record, slots: Slots, truth: VenueTruth) -> list[Violation]:
    """Reserves of each venue and currency, from the orders and legs in use."""
    legs, orders = slots.legs, slots.orders
    venue, currency = legs["venue"], terms.quote[slots.leg_symbol, legs["venue"]]
    held = orders["reserved_amount"] + legs["unwind_reserved_amount"]
    expected = summed_at((terms.venues, terms.currencies), ((venue, currency), held))
    stored = state["venues"]["reserved_amounts"][: terms.venues, : terms.currencies]
    found = unequal(LAW, lambda v, c: f"reserved {terms.cash_name(v, c)}", expected, stored)
    idle = (orders["state"] >= FIRST_FINAL_STATE) | ~opens(orders["purpose"])
    wrong = (idle & (orders["reserved_amount"] != 0)) | (orders["reserved_amount"] < 0)
    return found + violations_where(
        LAW,
        wrong,
        lambda n, leg: f"{slots.leg_name(n, leg)}: reserved for an order that needs none",
        0,
        orders["reserved_amount"],
    )


def log_rest(case: Case) -> list[Violation]:
    """At rest, nothing is left but what flagged trades hold (`state_reserves` adds those up)."""
    terms, evidence, slots = case.terms, case.evidence, case.slots
    if not evidence.ended or (slots.trades["flagged"] != 0).any():
        return []
    symbols = evidence.state["symbols"][: terms.symbols]
    left = {name: symbols[name][:, : terms.venues] for name in ("exposure_lots", "selling_lots", "doubts")}
    left["position beyond the inventory"] = symbols["position_lots"][:, : terms.venues] - terms.initial_lots
    found = []
    for name, values in left.items():
        found += violations_where(
            LAW, values != 0, lambda s, v, name=name: f"{name} at rest, {terms.market_name(s, v)}", 0, values
        )
    reserved = evidence.state["venues"]["reserved_amounts"][: terms.venues, : terms.currencies]
    return found + violations_where(
        LAW, reserved != 0, lambda v, c: f"reserved at rest, {terms.cash_name(v, c)}", 0, reserved
    )
