"""The bookings: PnL, fees, funding and slippage, made up anew from fills and funding alone.

Whatever the engine's own counters say, realised PnL is what its fills and funding realised; this is the recomputation
law I2 speaks of. All sums are exact, so symbols, and venues, add up to the session to the last unit.
"""

from dataclasses import dataclass

import numpy as np

from arbitrage_core.engine.output import SessionLog
from arbitrage_core.statistics.amounts import money, total, totals_by


@dataclass(frozen=True)
class Bookings:
    """Sums in booking units of the reporting currency.

    `realised`: net of fees, with funding. `fees` and `slippage`: costs are positive. `turnover`: cash of all fills,
    unsigned. `fills`: how many bookings of executed lots.
    """

    realised_amount: int
    fees_amount: int
    funding_amount: int
    slippage_amount: int
    turnover_amount: int
    fills: int

    def document(self, unit: float) -> dict[str, int | float]:
        """Plain figures: pnl (net), gross (net + fees), fees, funding, slippage, turnover as `_amount` and `_quote`."""
        return {
            **money("pnl", self.realised_amount, unit),
            **money("gross", self.realised_amount + self.fees_amount, unit),
            **money("fees", self.fees_amount, unit),
            **money("funding", self.funding_amount, unit),
            **money("slippage", self.slippage_amount, unit),
            **money("turnover", self.turnover_amount, unit),
            "fills": self.fills,
        }


def bookings(log: SessionLog) -> Bookings:
    """The bookings of a whole session."""
    funding_amount = total(log.funding["amount"])
    return Bookings(
        realised_amount=total(log.fills["realised_amount"]) + funding_amount,
        fees_amount=total(log.fills["fee_reporting_amount"]),
        funding_amount=funding_amount,
        slippage_amount=total(log.fills["slippage_amount"]),
        turnover_amount=total(np.abs(log.fills["cash_reporting_amount"])),
        fills=len(log.fills),
    )


def bookings_by(log: SessionLog, noun: str, slots: int) -> list[Bookings]:
    """The bookings of each symbol or each venue; `noun` is `symbol` or `venue`, `slots` how many there are.

    Raises ValueError when the log names one beyond `slots`.
    """
    keys, funding_keys = log.fills[noun], log.funding[noun]
    funding = totals_by(funding_keys, log.funding["amount"], slots)
    realised = totals_by(keys, log.fills["realised_amount"], slots)
    fees = totals_by(keys, log.fills["fee_reporting_amount"], slots)
    slippage = totals_by(keys, log.fills["slippage_amount"], slots)
    turnover = totals_by(keys, np.abs(log.fills["cash_reporting_amount"]), slots)
    counts = np.bincount(keys, minlength=slots)
    return [
        Bookings(realised[i] + funding[i], fees[i], funding[i], slippage[i], turnover[i], int(counts[i]))
        for i in range(slots)
    ]
