"""The threshold market: rows for benchmarks, with the entry spread that a wanted share of them exceeds.

The rows are the `wide50` preset's: two venues, one level, a row a millisecond and symbol, a mean-reverting premium, so
that crossings come in clusters as in a market and not one row here and there. The share is not typed in anywhere: the
spread that so many rows exceed is solved for on the rows themselves, and what is reported is counted afterwards.

Where it is wrong: a venue's feed never stops and its depth never runs out; freshness does not enter the share.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from arbitrage_core.domain.compiled import OPTIONS
from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import RowKind, row_dtype
from arbitrage_core.feeds.row_stream import opaque
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset

THRESHOLD_PRESET = "wide50"
_QUOTE = int(RowKind.QUOTE)


@dataclass(frozen=True)
class ThresholdMarket:
    """ROW[n] of one level, the entry spread in bps they were solved for, and the share of them measured above it."""

    rows: np.ndarray
    venues: tuple[str, ...]
    symbols: tuple[str, ...]
    entry_spread_bps: float
    share_above: float


def threshold_market(rows: int, symbols: int, seed: int, share_above: float = 0.15) -> ThresholdMarket:
    """`rows` rows of `symbols` symbols (1 to 50), and the entry spread that the wanted share of rows exceeds.

    Raises BadInput for numbers out of range.
    """
    source = preset(THRESHOLD_PRESET)
    if not 1 <= symbols <= len(source.symbols):
        raise BadInput(f"{symbols} symbols for a threshold market", f"choose 1 to {len(source.symbols)}")
    if not 0 < share_above < 1:
        raise BadInput(f"a share of {share_above:g} above the entry spread", "choose one between 0 and 1")
    names = source.symbols[:symbols]
    feed = SyntheticQuotes(source.market, venues=source.venues, symbols=names, rows=rows, seed=seed)
    made, filled = np.empty(rows, row_dtype(1)), 0
    for chunk in feed:
        opaque(made)[filled : filled + len(chunk)] = opaque(chunk)
        filled += len(chunk)
    spreads_bps = np.empty(rows)
    _write_best_spreads(made, len(source.venues), symbols, spreads_bps)
    above = int(rows * share_above)
    entry_spread_bps = float(np.partition(spreads_bps, rows - above - 1)[rows - above - 1])
    return ThresholdMarket(
        rows=made,
        venues=source.venues,
        symbols=names,
        entry_spread_bps=entry_spread_bps,
        share_above=float(np.count_nonzero(spreads_bps > entry_spread_bps)) / rows,
    )


def share_above(rows: np.ndarray, entry_spread_bps: float) -> float:
    """The share of QUOTE rows (ROW[n], n ≥ 1) after which the best entry spread of their symbol exceeds this.

    Entry spread of buying at b and selling at s: (bid_s − ask_b) / ask_b × 10⁴ bps (docs/engine.md §3), between the
    last touches of the symbol's venues, all in one currency, however old. 0.0 when there is no quote.
    """
    quotes = rows if (rows["kind"] == _QUOTE).all() else rows[rows["kind"] == _QUOTE]
    if not len(quotes):
        return 0.0
    spreads_bps = np.empty(len(quotes))
    _write_best_spreads(quotes, int(quotes["venue"].max()) + 1, int(quotes["symbol"].max()) + 1, spreads_bps)
    return float(np.count_nonzero(spreads_bps > entry_spread_bps)) / len(quotes)


@njit(**OPTIONS, cache=True)
def _write_best_spreads(rows, venues, symbols, spreads_bps):
    """Writes the best entry spread of its symbol after each QUOTE row of ROW[n]; −inf until two venues quote."""
    bids, asks = np.zeros((symbols, venues)), np.full((symbols, venues), np.inf)
    for at in range(rows.shape[0]):
        row = rows[at]
        bids[row.symbol, row.venue], asks[row.symbol, row.venue] = row.bid_px[0], row.ask_px[0]
        best = -np.inf
        for buy in range(venues):
            for sell in range(venues):
                ask, bid = asks[row.symbol, buy], bids[row.symbol, sell]
                if buy != sell and bid > 0.0 and 0.0 < ask < np.inf:
                    best = max(best, (bid - ask) / ask * 1e4)
        spreads_bps[at] = best
