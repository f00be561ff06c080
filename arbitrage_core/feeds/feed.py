"""The feed: rows in the order of their time, in bounded memory, as often as asked."""

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class Feed(Protocol):
    """Where the rows of a backtest or a paced paper session come from.

    Laws, which `tests/feeds/test_feed_laws.py` holds every implementation to: `now_ns` never decreases; every row is
    of `row_dtype(levels)`; `venue` and `symbol` of a row index `venues` and `symbols`; iterating again gives the same
    bytes; how many rows one array holds changes nothing but that; a quote says by its status whether another one of its
    instant follows (`row_stream.marked`).
    """

    venues: tuple[str, ...]
    symbols: tuple[str, ...]
    levels: int

    def identity(self) -> dict[str, Any]:
        """What a journal cites instead of copying the rows: JSON-able, with `sha256` over all that decides them."""
        ...

    def __iter__(self) -> Iterator[np.ndarray]:
        """ROW[n] arrays from the first row on, n ≥ 1 and bounded. Each array is the caller's to keep."""
        ...
