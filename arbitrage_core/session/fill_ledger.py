"""The fill ledger: what the fills alone make of cash and PnL, summed as they come, beside what the engine says it has.

With x the converted signed cash of a fill and y its converted fee (docs/engine.md §10), whatever was released when:

    realised = Σ x − Σ y + funding − basis still held        by symbol, by venue, and all together
    cash     = start − Σ side × cost − Σ fee + funding       by venue and currency
    realised of the trades, ended and not = realised of their symbol

All are equalities of integers. A fill costs three additions here, a comparison reads only the state, so it may be asked
after every row. What it cannot see: conversions, whose rate is in no log; of funding in another currency than the
reporting one the cash is not compared, since only the converted amount is logged.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from arbitrage_core.laws.exact_sum import summed_at
from arbitrage_core.laws.slots import Slots
from arbitrage_core.laws.terms import NO_MARKET, Terms
from arbitrage_core.session.anomaly import Anomaly, Pattern

Columns = Mapping[str, np.ndarray]
READS = {
    "fills": (
        *("symbol", "venue", "side", "cost_quote_amount", "fee_amount"),
        *("cash_reporting_amount", "fee_reporting_amount"),
    ),
    "funding": ("symbol", "venue", "amount"),
    "trades": ("symbol", "realised_amount"),
}
"""The columns it reads, by log."""


class FillLedger:
    """Sums what is `taken`; `look` compares."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._gained, self._paid, self._fees, self._funding = (
            np.zeros(terms.symbols * terms.venues, np.int64) for _ in range(4)
        )
        self._comparable = np.ones((terms.venues, terms.currencies), bool)
        self._ended = np.zeros(terms.symbols, np.int64)

    def take(self, fills: Columns, funding: Columns, trades: Columns) -> None:
        """Takes in columns (int arrays [n], by field) of `FILL_OUT`, `FUNDING_OUT` and `TRADE_OUT`: those of `READS`,
        each entry once."""
        terms = self._terms
        self._add(self._gained, fills, fills["cash_reporting_amount"] - fills["fee_reporting_amount"])
        self._add(self._paid, fills, fills["side"] * fills["cost_quote_amount"])
        self._add(self._fees, fills, fills["fee_amount"])
        self._add(self._gained, funding, funding["amount"])
        self._add(self._funding, funding, funding["amount"])
        currency = terms.quote[funding["symbol"], funding["venue"]]
        foreign = ~terms.is_reporting(currency)
        self._comparable[funding["venue"][foreign], currency[foreign]] = False
        np.add.at(self._ended, trades["symbol"], trades["realised_amount"])

    def look(self, state: np.record, slots: Slots) -> Anomaly | None:
        """Whether a figure of the state (`state_dtype`, drained: all it wrote was taken) is another than its fills
        make it; the first one found."""
        for name, expected, observed in self._compared(state, slots):
            if expected != observed:
                figures = {"of": name, "by_the_fills": expected, "stored": observed}
                return Anomaly(Pattern.PNL, f"{name} is {observed}, by the fills {expected}", figures)
        return None

    def _compared(self, state: np.record, slots: Slots) -> Iterator[tuple[str, int, int]]:
        """(what, by the fills, in the state), amounts in booking units."""
        terms, config = self._terms, self._terms.config
        symbols, venues = state["symbols"][: terms.symbols], state["venues"][: terms.venues]
        held = (slots.leg_symbol, slots.legs["venue"])
        markets = terms.quote.shape
        realised = self._gained.reshape(markets) - summed_at(markets, (held, slots.legs["basis_amount"]))
        of_trades = self._ended + summed_at(self._ended.shape, ((slots.symbol,), slots.trades["realised_amount"]))
        stored = symbols["realised_amount"].tolist()
        by_symbol = realised.sum(1).tolist()
        yield from zip([f"realised of {name}" for name in config.symbols], by_symbol, stored, strict=True)
        names = [f"realised of the trades of {name}" for name in config.symbols]
        yield from zip(names, by_symbol, of_trades.tolist(), strict=True)
        names = [f"realised at {venue.name}" for venue in config.venues]
        yield from zip(names, realised.sum(0).tolist(), venues["realised_amount"].tolist(), strict=True)
        yield "realised of the session", int(realised.sum()), int(state["realised_amount"])
        cash = venues["cash_amounts"][:, : terms.currencies]
        expected = venues["start_amounts"][:, : terms.currencies] + self._cash()
        for venue, currency in np.argwhere((cash != expected) & self._comparable).tolist():
            yield (
                f"cash in {terms.cash_name(venue, currency)}",
                int(expected[venue, currency]),
                int(cash[venue, currency]),
            )

    def _add(self, sums: np.ndarray, entries: Columns, amounts: np.ndarray) -> None:
        """Adds the amounts of entries to the sums by market."""
        market = entries["symbol"].astype(np.int64) * self._terms.venues + entries["venue"]
        np.add.at(sums, market, amounts)

    def _cash(self) -> np.ndarray:
        """What fills and funding made of the cash, int64 [venue, currency]."""
        terms = self._terms
        symbol, venue = np.nonzero(terms.quote != NO_MARKET)
        quote, fee_currency = terms.quote[symbol, venue], terms.fee_currency[symbol, venue]
        got = (self._funding - self._paid).reshape(terms.quote.shape)[symbol, venue]
        charged = self._fees.reshape(terms.quote.shape)[symbol, venue]
        return summed_at(self._comparable.shape, ((venue, quote), got), ((venue, fee_currency), -charged))
