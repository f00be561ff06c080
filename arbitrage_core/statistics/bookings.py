"""The bookings: PnL, fees, funding and slippage, made up anew from fills and funding alone.

Whatever the engine's own counters say, realised PnL is what its fills and funding realised; this is the recomputation
law I2 speaks of. All sums are exact, so symbols, and venues, add up to the session to the last unit.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from arbitrage_core.engine.output import SessionLog
from arbitrage_core.statistics.amounts import money, totals_by
from arbitrage_core.statistics.columns import Columns


@dataclass(frozen=True)
class Bookings:
    """Sums in booking units of the reporting currency.

    `realised`: net of fees, with funding. `fees` and `slippage`: costs are positive. `turnover`: cash of all fills,
    unsigned. `fills`: how many bookings of executed lots.
    """

    realised_amount: int = 0
    fees_amount: int = 0
    funding_amount: int = 0
    slippage_amount: int = 0
    turnover_amount: int = 0
    fills: int = 0

    def __add__(self, other: "Bookings") -> "Bookings":
        return Bookings(
            self.realised_amount + other.realised_amount,
            self.fees_amount + other.fees_amount,
            self.funding_amount + other.funding_amount,
            self.slippage_amount + other.slippage_amount,
            self.turnover_amount + other.turnover_amount,
            self.fills + other.fills,
        )

    @classmethod
    def added(cls, parts: Iterable["Bookings"]) -> "Bookings":
        """All parts together; nothing booked when there are none."""
        return sum(parts, cls())

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


def bookings_by_market(log: SessionLog, symbols: int, venues: int) -> list[list[Bookings]]:
    """The bookings of each market, `[symbol][venue]`; ValueError when the log names a symbol or venue beyond them."""
    fills, funding, markets = Columns.of(log.fills), Columns.of(log.funding), symbols * venues
    keys, funding_keys = _market_keys(fills, symbols, venues), _market_keys(funding, symbols, venues)
    paid = totals_by(funding_keys, funding["amount"], markets)
    realised = totals_by(keys, fills["realised_amount"], markets)
    fees = totals_by(keys, fills["fee_reporting_amount"], markets)
    slippage = totals_by(keys, fills["slippage_amount"], markets)
    turnover = totals_by(keys, np.abs(fills["cash_reporting_amount"]), markets)
    counts = np.bincount(keys, minlength=markets).tolist()
    booked = [
        Bookings(realised[i] + paid[i], fees[i], paid[i], slippage[i], turnover[i], counts[i]) for i in range(markets)
    ]
    return [booked[s * venues : (s + 1) * venues] for s in range(symbols)]


def _market_keys(records: Columns, symbols: int, venues: int) -> np.ndarray:
    """The number of each record's market, int64[n]."""
    for noun, slots in (("symbol", symbols), ("venue", venues)):
        named = records[noun]
        if len(named) and not (int(named.min()) >= 0 and int(named.max()) < slots):
            raise ValueError(f"the log names {noun} {int(named.min())} … {int(named.max())}, there are {slots}")
    return records["symbol"].astype(np.int64) * venues + records["venue"]
