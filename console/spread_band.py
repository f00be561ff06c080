"""The spread band: lowest and highest best entry spread of each symbol in each of so many stretches of time.

What a chart of a million quotes can show: a stretch is about a pixel wide. Bounded memory, one pass over the rows.

Where it is wrong: a quote counts however old it is, so in a gap of one venue the band goes on with its last touch; and
a row on the border belongs to the later stretch.
"""

import numpy as np
from numba import njit

from arbitrage_core.domain.compiled import OPTIONS
from arbitrage_core.domain.row import ALL_SYMBOLS, FeedStatus, RowKind
from arbitrage_core.domain.session import REPORTING_CURRENCY, SessionConfig
from arbitrage_core.feeds.feed import Feed

_QUOTE, _RATE, _FEED, _UP = int(RowKind.QUOTE), int(RowKind.RATE), int(RowKind.FEED), int(FeedStatus.UP)
_ALL_SYMBOLS = int(ALL_SYMBOLS)
BPS = 1e4


def spread_band(
    feed: Feed, config: SessionConfig, first_ns: int, last_ns: int, stretches: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(i8[stretches] beginning of each in ns, f8[symbols, stretches] lowest, the same highest spread in bps).

    Best entry spread over all venue pairs: (bid_s − ask_b) / ask_b × 10⁴ between touches in the reporting currency
    (docs/engine.md §3). NaN where no quote of the symbol came, or fewer than two of its markets ever quoted. Rows
    outside first … last are counted to the nearest stretch.
    """
    width_ns = max(1, (last_ns - first_ns) // stretches + 1)
    symbols, venues = len(feed.symbols), len(feed.venues)
    lowest, highest = np.full((symbols, stretches), np.inf), np.full((symbols, stretches), -np.inf)
    touches = np.zeros((symbols, venues, 2))
    touches[:, :, 1] = np.inf
    rates = np.full(len(config.currencies), np.nan)
    rates[REPORTING_CURRENCY] = 1.0
    currencies = _currencies(config)
    for rows in feed:
        _fold_band(rows, first_ns, width_ns, touches, rates, currencies, lowest, highest)
    empty = lowest > highest
    lowest[empty] = highest[empty] = np.nan
    return first_ns + width_ns * np.arange(stretches), lowest, highest


def _currencies(config: SessionConfig) -> np.ndarray:
    """i8[symbols, venues]: index of each market's quote currency; of no market, the reporting currency."""
    indices = np.full((len(config.symbols), len(config.venues)), REPORTING_CURRENCY, np.int64)
    venues = [venue.name for venue in config.venues]
    for market in config.markets:
        place = config.symbols.index(market.symbol), venues.index(market.venue)
        indices[place] = config.currencies.index(market.quote_currency)
    return indices


@njit(**OPTIONS, cache=True)
def _fold_band(rows, first_ns, width_ns, touches, rates, currencies, lowest, highest):
    """Reads ROW[n]; writes touches (own currency: bid, ask), rates, and the band of the row's symbol."""
    for at in range(rows.shape[0]):
        row = rows[at]
        if row.kind == _QUOTE:
            touches[row.symbol, row.venue, 0] = row.bid_px[0]
            touches[row.symbol, row.venue, 1] = row.ask_px[0]
            spread_bps = _best_spread_bps(touches[row.symbol], rates, currencies[row.symbol])
            stretch = min(max((row.now_ns - first_ns) // width_ns, 0), lowest.shape[1] - 1)
            if np.isfinite(spread_bps):
                lowest[row.symbol, stretch] = min(lowest[row.symbol, stretch], spread_bps)
                highest[row.symbol, stretch] = max(highest[row.symbol, stretch], spread_bps)
        elif row.kind == _RATE:
            rates[row.currency] = row.rate
        elif row.kind == _FEED and row.status != _UP:
            for symbol in range(touches.shape[0]):
                if row.symbol == _ALL_SYMBOLS or row.symbol == symbol:
                    touches[symbol, row.venue, 0], touches[symbol, row.venue, 1] = 0.0, np.inf


@njit(**OPTIONS, cache=True)
def _best_spread_bps(touches, rates, currencies):
    """Of one symbol's touches (f8[venues, 2]): over all pairs of different venues; −inf when there is no pair."""
    best = -np.inf
    for buy in range(touches.shape[0]):
        ask = touches[buy, 1] * rates[currencies[buy]]
        for sell in range(touches.shape[0]):
            bid = touches[sell, 0] * rates[currencies[sell]]
            if buy != sell and bid > 0.0 and 0.0 < ask < np.inf:
                best = max(best, (bid - ask) / ask * BPS)
    return best
