"""The matched fills: orders that both runs decided at the same instant for the same thing, and what more one paid.

What a cost does to the profit as a whole is mixed with what it does to later decisions. On orders that are the same in
both runs it stands alone, and must equal what was injected.
"""

from dataclasses import dataclass

import numpy as np

from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.order import Action
from arbitrage_core.scenarios.run import Run
from arbitrage_core.statistics.amounts import quote_of

BPS = 1e-4
DECIDED = ("now_ns", "symbol", "venue", "leg", "side", "purpose", "lots", "decision_px")
"""What two orders have in common that are the same decision."""


@dataclass(frozen=True)
class MatchedCost:
    """`orders` that were filled alike in both runs; what the stressed one paid more for them, and what it should have
    by the terms of its venues. Reporting currency."""

    orders: int
    measured_quote: float
    intended_quote: float

    def holds(self, tolerance: float, orders_least: int) -> bool:
        """Whether there were enough, and what was paid is what was injected."""
        near = abs(self.measured_quote - self.intended_quote) <= tolerance * abs(self.intended_quote)
        return self.orders >= orders_least and self.intended_quote > 0 and near


def matched_cost(baseline: Run, stressed: Run, term: str) -> MatchedCost:
    """`term`: what of the venues' terms was raised, in bps of what is dealt: slippage_bps or taker_fee_bps."""
    before, after = _dealt(baseline), _dealt(stressed)
    same = [key for key in before if key in after and before[key][0] == after[key][0]]
    unit = booking_unit(baseline.config.reporting_currency)
    raised = _raised(baseline, stressed, term)
    paid = sum(int(before[key][1] - after[key][1]) for key in same)
    meant = sum(float(abs(before[key][2])) * raised[key[1], key[2]] * BPS for key in same)
    return MatchedCost(len(same), quote_of(paid, unit), quote_of(meant, unit))


def _dealt(run: Run) -> dict[tuple, np.ndarray]:
    """By decision: lots filled, cash less fees, and cash alone, i8[3], reporting currency units."""
    submits = run.log.orders[run.log.orders["action"] == Action.SUBMIT]
    decisions = zip(submits["client_id"].tolist(), *(submits[name].tolist() for name in DECIDED), strict=True)
    by_id = {decision[0]: decision[1:] for decision in decisions}
    found: dict[tuple, np.ndarray] = {}
    for fill in run.log.fills:
        own = (
            fill["lots"],
            fill["cash_reporting_amount"] - fill["fee_reporting_amount"],
            fill["cash_reporting_amount"],
        )
        key = by_id[int(fill["client_id"])]
        found[key] = found.get(key, np.zeros(3, np.int64)) + np.array(own, np.int64)
    return found


def _raised(baseline: Run, stressed: Run, term: str) -> dict[tuple[int, int], float]:
    """By (symbol, venue) how much more the stressed venues take, in bps."""
    config = stressed.venue_config
    venues = [venue.name for venue in config.venues]
    return {
        (config.symbols.index(after.symbol), venues.index(after.venue)): getattr(after, term) - getattr(before, term)
        for before, after in zip(baseline.venue_config.markets, config.markets, strict=True)
    }
