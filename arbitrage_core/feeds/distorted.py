"""The distorted feed: another feed's rows, some of them changed as venues in trouble would send them.

A distortion is a pure change of rows: the same rows in, the same rows out, nothing added, left out or moved in time.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.identity import digest_of
from arbitrage_core.feeds.distortion import Distortion
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.row_shocks import SHOCKS, Memory, Place
from arbitrage_core.feeds.row_stream import marked, opaque

NS_PER_S = 1_000_000_000
ALL = -1


class Distorted:
    """A feed with distortions, which apply one after the other; a `Feed` itself. Raises BadInput for a market the feed
    does not have."""

    def __init__(self, feed: Feed, distortions: Sequence[Distortion]) -> None:
        self.feed, self.distortions = feed, tuple(distortions)
        self.venues, self.symbols, self.levels = feed.venues, feed.symbols, feed.levels
        for one in self.distortions:
            strangers = {one.venue, one.toward} - {"", *self.venues} | {one.symbol} - {"", *self.symbols}
            if strangers:
                raise BadInput(f"a distortion of {', '.join(sorted(strangers))}", "name a market of the feed")

    def identity(self) -> dict[str, Any]:
        """The feed's own, and the distortions."""
        told = [one.definition() for one in self.distortions]
        definition = {"kind": "distorted", "distortions": told, "feed": self.feed.identity()}
        return {**definition, "sha256": digest_of(definition)}

    def __iter__(self) -> Iterator[np.ndarray]:
        """ROW[n] arrays, as many and as long as the feed's."""
        return marked(self._changed())

    def _changed(self) -> Iterator[np.ndarray]:
        begin_ns, memories = None, [Memory() for _ in self.distortions]
        for rows in self.feed:
            begin_ns = int(rows["now_ns"][0]) if begin_ns is None else begin_ns
            since_s = (rows["now_ns"] - begin_ns) / NS_PER_S
            changed = opaque(rows).copy().view(rows.dtype)
            for one, memory in zip(self.distortions, memories, strict=True):
                SHOCKS[one.kind](one, changed, self._place(one, since_s), memory)
            yield changed

    def _place(self, one: Distortion, since_s: np.ndarray) -> Place:
        return Place(
            venue=self.venues.index(one.venue) if one.venue else ALL,
            symbol=self.symbols.index(one.symbol) if one.symbol else ALL,
            toward=self.venues.index(one.toward) if one.toward else ALL,
            since_s=since_s,
        )
