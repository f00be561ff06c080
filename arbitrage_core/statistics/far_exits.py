"""The far exit: a trade told to leave while its two venues' prices lay further apart than an entry would believe.

An entry refuses a spread above `spread_max_bps` as too good to be true, and so does a wish to leave by price. Leaving
by force (holding time, stop, end) must not wait for a market to become orderly, so it deals at what the venues show;
and where a feed shows wrong prices for longer than a quote, it earns or loses what never was to be had. That is
counted, so that nobody takes it for the strategy's.

Where it is wrong: a market that truly came apart so far is counted as well.
"""

import numpy as np

from arbitrage_core.domain.order import Action, Purpose
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.output import SessionLog
from arbitrage_core.statistics.amounts import money, total


def far_exits(config: SessionConfig, log: SessionLog, unit: float) -> dict[str, object]:
    """Of the ended trades that were sent to leave at such prices: how many (`trades`), and their `pnl_*`.

    config  the session's configuration
    log     all it wrote
    unit    the reporting currency's booking unit
    """
    orders = log.orders[(log.orders["action"] == Action.SUBMIT) & (log.orders["purpose"] == Purpose.EXIT)]
    bought, sold = orders[:-1], orders[1:]  # the orders of a trade's two legs follow one another
    pairs = (bought["leg"] == 0) & (sold["leg"] == 1) & (bought["decision_px"] > 0.0) & (sold["decision_px"] > 0.0)
    for name in ("symbol", "trade", "now_ns"):
        pairs &= bought[name] == sold[name]
    far = _keys(bought["symbol"][pairs], bought["trade"][pairs])[_are_far(config, bought[pairs], sold[pairs])]
    theirs = np.isin(_keys(log.trades["symbol"], log.trades["number"]), far)
    return {
        "trades": int(np.count_nonzero(theirs)),
        **money("pnl", total(log.trades["realised_amount"][theirs]), unit),
    }


def _are_far(config: SessionConfig, bought: np.ndarray, sold: np.ndarray) -> np.ndarray:
    """bool[n]: which pairs of exits were decided at prices too far apart; of different currencies none can be told."""
    most_bps = np.array([config.params_of(symbol).spread_max_bps for symbol in config.symbols])
    quotes = {(market.venue, market.symbol): market.quote_currency for market in config.markets}
    names = [[quotes.get((venue.name, symbol)) for venue in config.venues] for symbol in config.symbols]
    alike = np.array([[[one == other for other in row] for one in row] for row in names])
    cost_bps = (sold["decision_px"] - bought["decision_px"]) / bought["decision_px"] * 1e4
    comparable = alike[bought["symbol"], bought["venue"], sold["venue"]]
    return comparable & (np.abs(cost_bps) > most_bps[bought["symbol"]])


def _keys(symbols: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """i8[n]: a number for each trade of a session; of symbols there are at most 64."""
    return numbers.astype(np.int64) * 64 + symbols
