"""The distorted feed: another feed's rows, some of its quotes changed as a venue in trouble would send them.

A distortion is a pure change of rows: the same rows in, the same rows out, nothing added and nothing left out.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.identity import digest_of
from arbitrage_core.domain.row import RowKind
from arbitrage_core.feeds.feed import Feed

NS_PER_S = 1_000_000_000


class Distortion(BaseModel):
    """What happens to the quotes of a market, or of all of a venue, for a time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["CROSSED"] = Field(description="CROSSED: bid and ask change places")
    venue: str
    symbol: str = Field("", description="empty: all of the venue")
    from_s: float = Field(ge=0, allow_inf_nan=False, description="seconds after the feed's first row")
    until_s: float = Field(gt=0, allow_inf_nan=False, description="likewise, no longer included")


class Distorted:
    """A feed with distortions; a `Feed` itself. Raises BadInput for a market the feed does not have."""

    def __init__(self, feed: Feed, distortions: Sequence[Distortion]) -> None:
        self.feed, self.distortions = feed, tuple(distortions)
        self.venues, self.symbols, self.levels = feed.venues, feed.symbols, feed.levels
        for one in self.distortions:
            if one.venue not in self.venues or (one.symbol and one.symbol not in self.symbols):
                raise BadInput(f"a distortion of {one.venue} {one.symbol}".rstrip(), "name a market of the feed")

    def identity(self) -> dict[str, Any]:
        """The feed's own, and the distortions."""
        told = [one.model_dump(mode="json") for one in self.distortions]
        definition = {"kind": "distorted", "distortions": told, "feed": self.feed.identity()}
        return {**definition, "sha256": digest_of(definition)}

    def __iter__(self) -> Iterator[np.ndarray]:
        """ROW[n] arrays, as many and as long as the feed's."""
        begin_ns = None
        for rows in self.feed:
            begin_ns = int(rows["now_ns"][0]) if begin_ns is None else begin_ns
            yield self._changed(rows, begin_ns)

    def _changed(self, rows: np.ndarray, begin_ns: int) -> np.ndarray:
        changed = rows.copy()
        for one in self.distortions:
            since_ns = rows["now_ns"] - begin_ns
            there = (since_ns >= one.from_s * NS_PER_S) & (since_ns < one.until_s * NS_PER_S)
            there &= (rows["kind"] == RowKind.QUOTE) & (rows["venue"] == self.venues.index(one.venue))
            if one.symbol:
                there &= rows["symbol"] == self.symbols.index(one.symbol)
            places = np.flatnonzero(there)
            changed["bid_px"][places], changed["ask_px"][places] = rows["ask_px"][places], rows["bid_px"][places]
        return changed
