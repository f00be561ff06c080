"""The envelope of rows: what they say about every block of them, worked out once for all parameter sets.

Books do not depend on parameters: every set sees the same rows. So for each block of `BLOCK_ROWS` rows it is known
beforehand how far a bid ever stood above another venue's ask, and how every book stands at the block's end. A set whose
entry threshold lies above a whole block can pass it by in one leap (`leaping_fold.py` says when that is exact).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from arbitrage_core.domain.compiled import Compiled, compiled
from arbitrage_core.domain.row import RowKind
from arbitrage_core.engine.state import LONG_AGO_NS
from arbitrage_core.tuning.kept import kept
from arbitrage_core.venues.simulated.plausible import Withheld, withheld_at

BLOCK_ROWS = 64
"""Rows a block: fewer pass more of them by, more cost less to look at."""

RATIO_SLACK = 1e-12
"""Relative. More than a division and two multiplications can err together, so that the comparison errs one way."""


@dataclass(frozen=True, eq=False)
class Envelope:
    """Of B blocks, S symbols and V venues.

    ratios   f8[B, S]: the highest bid over another venue's ask that any row of the block showed, slack included; inf
             where a block holds a row that may not be passed by (no quote, of no market, at which no venue deals or
             with an empty side, earlier than the row before it)
    last     i8[B, S, V]: index of the market's last quote up to the end of the block; −1 before its first
    moved_ns i8[B, S, V]: when its best prices last changed, as `observe` keeps it
    """

    ratios: np.ndarray
    last: np.ndarray
    moved_ns: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray, rates: np.ndarray) -> "Envelope":
        """Of `row_dtype(levels)[n]`; `rates` f8[S, V] are the state's before the first row: 1 where a market exists in
        the reporting currency, which alone can be passed by."""
        blocks = -(-len(rows) // BLOCK_ROWS)
        shape = (blocks, *rates.shape)
        result = cls(np.zeros(shape[:2]), np.empty(shape, np.int64), np.empty(shape, np.int64))
        _kept_measure()(rows, rates, result.ratios, result.last, result.moved_ns)
        return result

    @classmethod
    def impassable(cls, count: int, symbols: int, venues: int) -> "Envelope":
        """Of `count` rows none of which is to be passed by."""
        shape = (-(-count // BLOCK_ROWS), symbols, venues)
        return cls(np.full(shape[:2], np.inf), np.zeros(shape, np.int64), np.zeros(shape, np.int64))


@lru_cache(maxsize=1)
def _kept_measure() -> Compiled:
    """`_measure`, which takes seconds to compile, in every process anew if it were not kept."""
    return kept(_measure, "envelope")


@compiled
def _measure(rows, rates, ratios, last, moved_ns):
    """Fills the three arrays of an `Envelope`."""
    symbols, venues = rates.shape
    bids, asks = np.zeros((symbols, venues)), np.full((symbols, venues), np.inf)
    first_bids, first_asks = np.zeros((symbols, venues)), np.zeros((symbols, venues))
    good_bids, good_asks = np.zeros((symbols, venues)), np.zeros((symbols, venues))
    seen, moved = np.full((symbols, venues), -1), np.full((symbols, venues), LONG_AGO_NS)
    before_ns = LONG_AGO_NS
    for block in range(ratios.shape[0]):
        start = block * BLOCK_ROWS
        for index in range(start, min(start + BLOCK_ROWS, rows.shape[0])):
            row = rows[index]
            s, v = np.int64(row.symbol), np.int64(row.venue)
            if row.now_ns < before_ns:
                ratios[block, :] = np.inf
            before_ns = row.now_ns
            if row.kind != RowKind.QUOTE or not (0 <= s < symbols and 0 <= v < venues):
                ratios[block, :] = np.inf
                continue
            bid, ask = row.bid_px[0], row.ask_px[0]
            withheld = withheld_at(
                bid, ask, good_bids[s, v], good_asks[s, v], first_bids[s, v], first_asks[s, v]
            )  # fmt: skip
            if not (withheld == Withheld.NOT and bid > 0.0 and ask > 0.0 and rates[s, v] == 1.0):
                ratios[block, :] = np.inf
            if withheld == Withheld.NOT:
                good_bids[s, v] = bid if bid != 0.0 else good_bids[s, v]
                good_asks[s, v] = ask if ask != 0.0 else good_asks[s, v]
            # as `observe` compares, whose book starts with prices of 0
            if bid != first_bids[s, v] or ask != first_asks[s, v]:
                moved[s, v] = row.now_ns
            first_bids[s, v], first_asks[s, v] = bid, ask
            bids[s, v], asks[s, v], seen[s, v] = bid, ask, index
            ratios[block, s] = max(ratios[block, s], _ratio(bids[s], asks[s], v))
        last[block], moved_ns[block] = seen, moved
    for block in range(ratios.shape[0]):
        for s in range(symbols):
            ratios[block, s] *= 1.0 + RATIO_SLACK


@compiled
def _ratio(bids, asks, v):
    """The highest bid over ask of the pairs with this venue; inf where there is none to be told."""
    highest = 0.0
    for w in range(len(bids)):
        if w != v:
            for ratio in (bids[w] / asks[v], bids[v] / asks[w]):
                if not ratio <= highest:
                    highest = ratio if ratio < np.inf else np.inf
    return highest
