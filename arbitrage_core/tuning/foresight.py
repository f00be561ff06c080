"""Foresight: does anything decided before a moment change when only the rows after it do? Nothing may.

A tuner that sees a row too much finds marvellous parameters. So the rows from a moment on are exchanged for others, so
different that whoever saw one of them would act on it, and every order sent before is compared, byte for byte.

Where it is wrong: what looks further ahead than the last order before a moment, and acts on it later, is found at
another moment only; so several are taken, in the midst of trading.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from arbitrage_core.domain.errors import AnomalyFound
from arbitrage_core.domain.row import RowKind
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.params import NS_PER_MS
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.row_stream import opaque
from arbitrage_core.tuning.evaluation import Evaluator
from arbitrage_core.tuning.splits import WalkForward

RAISED = 1.01
"""Quotes of the first venue stand so many times as high afterwards: an opportunity for any threshold below 100 bps."""


class Altered:
    """A feed, other from `from_ns` on. It says of itself what the feed does, so that chance is drawn alike."""

    def __init__(self, feed: Feed, from_ns: int) -> None:
        self.venues, self.symbols, self.levels = feed.venues, feed.symbols, feed.levels
        self._feed, self._from_ns = feed, from_ns

    def identity(self) -> dict[str, Any]:
        """That of the feed."""
        return self._feed.identity()

    def __iter__(self) -> Iterator[np.ndarray]:
        for rows in self._feed:
            changed = opaque(rows).copy().view(rows.dtype)
            later = (changed["now_ns"] >= self._from_ns) & (changed["kind"] == RowKind.QUOTE) & (changed["venue"] == 0)
            for side in ("bid_px", "ask_px"):
                changed[side][later] *= RAISED
            yield changed


@dataclass(frozen=True)
class Foresight:
    """`orders`: so many were compared, over all moments. `seen`: where one was decided by what had not happened."""

    moments: int
    orders: int
    seen: tuple[str, ...]


def foresight_of(
    rows_altered_from: Callable[[int], Feed],
    config: SessionConfig,
    orders: np.ndarray,
    moments_ns: Sequence[int],
    walk_forward: WalkForward,
) -> Foresight:
    """`orders`: ORDER_OUT[n], those of a session of this configuration over the rows as they are; `rows_altered_from`
    gives them as they would be read were they others from a moment on (`Altered`)."""
    compared, seen = 0, []
    for moment_ns in moments_ns:
        before = orders[orders["now_ns"] < moment_ns]
        compared += len(before)
        evaluator = Evaluator(rows_altered_from(moment_ns), walk_forward)
        evaluator.prepare(config)
        try:
            again = evaluator.run(config).log.orders
        except AnomalyFound as anomaly:
            seen.append(f"with other rows from {moment_ns} on the engine stopped itself: {anomaly}")
            continue
        again = again[again["now_ns"] < moment_ns]
        if before.tobytes() != again.tobytes():
            ahead_ns = moment_ns - _first_difference_ns(before, again)
            seen.append(f"an order {ahead_ns / NS_PER_MS:,.3f} ms before {moment_ns} changes with the rows after that")
    return Foresight(len(moments_ns), compared, tuple(seen))


def _first_difference_ns(one: np.ndarray, other: np.ndarray) -> int:
    """When the first order was sent that the two do not share."""
    both = min(len(one), len(other))
    at = next((k for k in range(both) if one[k].tobytes() != other[k].tobytes()), both)
    return min(int(some[at]["now_ns"]) for some in (one, other) if at < len(some))
