"""The tuner's defects, for the seed faults: a row that is seen too early, and a split that leaks."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from arbitrage_core.domain.row import RowKind
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.row_stream import opaque
from arbitrage_core.tuning.splits import Split, WalkForward, Window

SEEN = ("bid_px", "ask_px", "bid_qty", "ask_qty")


class RowAhead:
    """A feed in which each quote is the market's next one already: a look-ahead of one row."""

    def __init__(self, feed: Feed) -> None:
        self.venues, self.symbols, self.levels = feed.venues, feed.symbols, feed.levels
        self._feed = feed

    def identity(self) -> dict[str, Any]:
        """That of the feed, as a defect nobody knows of would have it."""
        return self._feed.identity()

    def __iter__(self) -> Iterator[np.ndarray]:
        parts = list(self._feed)
        rows = np.concatenate([opaque(part) for part in parts]).view(parts[0].dtype)
        market = rows["symbol"].astype(np.int64) * len(self.venues) + rows["venue"]
        for one in np.unique(market[rows["kind"] == RowKind.QUOTE]).tolist():
            places = np.flatnonzero((market == one) & (rows["kind"] == RowKind.QUOTE))
            for name in SEEN:
                rows[name][places[:-1]] = rows[name][places[1:]]
        yield rows


class LeakingSplits(WalkForward):
    """Splits whose sample reaches to the end of what is to be judged by: nothing is unseen."""

    def splits(self, first_ns: int, last_ns: int) -> tuple[Split, ...]:
        """As those of `WalkForward`, and leaking."""
        return tuple(
            Split(
                Window(
                    one.in_sample.first_ns,
                    one.out_of_sample.until_ns,
                    slice(one.in_sample.periods.start, one.out_of_sample.periods.stop),
                ),
                one.out_of_sample,
            )
            for one in super().splits(first_ns, last_ns)
        )
