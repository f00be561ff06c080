"""The terms: what the sessions' configurations say, as arrays indexed by (session, symbol, venue)."""

from dataclasses import dataclass

import numpy as np

from checks.evidence import UNKNOWN, Columns, Evidence

NS_PER_MS = 1e6


@dataclass(frozen=True, eq=False)
class Terms:
    """Float64 [P, S, V]: `taker_fee_bps`, `maker_fee_bps`, `tick`; bool [P, S, V]: `exists`, `reporting` (the quote
    currency is the reporting one), `same_fee_unit` (fees are paid in the quote currency). Float64 [P, S]: the
    strategy's bounds and durations. Int64 [P]: `levels`; bool [P]: `start_grows`: an inventory or a foreign currency
    enters the start as its first price comes.
    """

    exists: np.ndarray
    reporting: np.ndarray
    taker_fee_bps: np.ndarray
    maker_fee_bps: np.ndarray
    tick: np.ndarray
    same_fee_unit: np.ndarray
    quote_age_max_ns: np.ndarray
    slippage_bound_bps: np.ndarray
    complete_bound_bps: np.ndarray
    hold_max_ns: np.ndarray
    exit_wait_max_ns: np.ndarray
    levels: np.ndarray
    start_grows: np.ndarray

    def knows(self, rows: Columns) -> np.ndarray:
        """Whether each row names a market its session has, bool[n]."""
        named = (rows["symbol"] != UNKNOWN) & (rows["venue"] != UNKNOWN)
        return named & self.exists[rows["place"], rows["symbol"], rows["venue"]]

    def of_market(self, values: np.ndarray, rows: Columns) -> np.ndarray:
        """A figure of each row's market; of an unknown one any."""
        return values[rows["place"], rows["symbol"], rows["venue"]]

    def of_symbol(self, values: np.ndarray, rows: Columns) -> np.ndarray:
        """A figure of each row's symbol; of an unknown one any."""
        return values[rows["place"], rows["symbol"]]


def terms_of(evidence: Evidence) -> Terms:
    """The terms of the evidence's sessions. Raises BadInput for a configuration that is not understood."""
    shape = len(evidence.sessions), len(evidence.symbols), len(evidence.venues)
    exists, reporting, same_unit = (np.zeros(shape, bool) for _ in range(3))
    markets = {name: np.zeros(shape) for name in ("taker_fee_bps", "maker_fee_bps", "tick")}
    strategy = {
        name: np.zeros(shape[:2])
        for name in ("quote_age_max_ms", "slippage_bound_bps", "complete_bound_bps", "hold_max_ms", "exit_wait_max_ms")
    }
    grows = np.zeros(len(evidence.sessions), bool)
    for p, row in enumerate(evidence.sessions):
        config = row.config
        for market in config.markets:
            at = p, evidence.symbols.index(market.symbol), evidence.venues.index(market.venue)
            exists[at], reporting[at] = True, market.quote_currency == config.reporting_currency
            same_unit[at] = market.fees_in == market.quote_currency
            for name, values in markets.items():
                values[at] = getattr(market, name)
        for symbol in config.symbols:
            for name, values in strategy.items():
                values[p, evidence.symbols.index(symbol)] = getattr(config.params_of(symbol), name)
        abroad = any(config.home_currency(venue.name) for venue in config.venues)
        grows[p] = abroad or any(market.initial_base > 0 for market in config.markets)
    durations = {
        name.removesuffix("_ms") + "_ns": np.rint(strategy.pop(name) * NS_PER_MS)
        for name in ("quote_age_max_ms", "hold_max_ms", "exit_wait_max_ms")
    }
    levels = np.array([row.config.levels for row in evidence.sessions], np.int64)
    return Terms(
        exists, reporting, **markets, **strategy, **durations, same_fee_unit=same_unit, levels=levels, start_grows=grows
    )
