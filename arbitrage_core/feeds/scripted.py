"""The scripted feed: another feed's rows, and between them what a script says: commands, rates, funding.

For campaigns and drills that must show what a command or a stale rate does: the same rows, the same instants, every
time. A step comes before the quotes of its own instant.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.identity import digest_of
from arbitrage_core.domain.row import ALL_SYMBOLS, Command, RowKind, command_row, row_dtype
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.row_stream import CHUNK_ROWS, merged, rechunked

NS_PER_S = 1_000_000_000


class Step(BaseModel):
    """One row of a script: a command, of one symbol or of the session; a rate; or a funding payment of a market."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_s: float = Field(ge=0, allow_inf_nan=False, description="seconds after the feed's first row")
    command: str = Field("", description="a name of domain/row.Command, e.g. SYMBOL_OFF")
    symbol: str = Field("", description="of the command (empty: the whole session), or of the funding")
    currency: int = Field(0, ge=0, description="of the rate: its place among the session's currencies, from 1 on")
    rate: float = Field(0.0, ge=0, allow_inf_nan=False, description="reporting currency per unit of it")
    venue: str = Field("", description="of the funding")
    funding_rate: float = Field(0.0, ge=-1, le=1, description="of the notional; positive: longs pay")
    mark_px: float = Field(0.0, ge=0, allow_inf_nan=False, description="price the notional is reckoned at")

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Step":
        if self.command and self.command not in Command.__members__:
            raise ValueError(f"no command {self.command!r}; there are {', '.join(Command.__members__)}")
        if (bool(self.command), self.currency > 0, bool(self.venue)).count(True) != 1:
            raise ValueError("a step is one of a command, a rate of a currency and a funding payment at a venue")
        if self.venue and not (self.symbol and self.mark_px > 0):
            raise ValueError("a funding payment names a symbol and a mark_px above 0")
        return self


class Scripted:
    """A feed with a script; a `Feed` itself. Raises BadInput for a symbol the feed does not have."""

    def __init__(self, feed: Feed, script: Sequence[Step], *, chunk_rows: int = CHUNK_ROWS) -> None:
        self.feed, self.script = feed, tuple(sorted(script, key=lambda step: step.at_s))
        self.chunk_rows = chunk_rows
        self.venues, self.symbols, self.levels = feed.venues, feed.symbols, feed.levels
        named = {name for step in self.script for name in (step.symbol, step.venue)}
        strangers = named - {"", *feed.symbols, *feed.venues}
        if strangers:
            known = ", ".join((*feed.symbols, *feed.venues))
            raise BadInput(f"a script for {', '.join(sorted(strangers))}", f"the feed has {known}")

    def identity(self) -> dict[str, Any]:
        """The feed's own, and the script."""
        script = [step.model_dump(mode="json") for step in self.script]
        definition = {"kind": "scripted", "script": script, "feed": self.feed.identity()}
        return {**definition, "sha256": digest_of(definition)}

    def __iter__(self) -> Iterator[np.ndarray]:
        """ROW[n] arrays."""
        arrays = iter(self.feed)
        first = next(arrays, None)
        if first is None:
            return iter(())
        steps = self._rows(int(first["now_ns"][0]))
        both = merged([iter((steps,) if len(steps) else ()), _with(first, arrays)])
        return rechunked(both, self.chunk_rows)

    def _rows(self, begin_ns: int) -> np.ndarray:
        rows = np.zeros(len(self.script), row_dtype(self.levels))
        for n, step in enumerate(self.script):
            row, now_ns = rows[n], begin_ns + round(step.at_s * NS_PER_S)
            symbol = self.symbols.index(step.symbol) if step.symbol else ALL_SYMBOLS
            if step.command:
                rows[n : n + 1] = command_row(Command[step.command], now_ns, self.levels, symbol)
                continue
            row["now_ns"] = row["received_ns"] = now_ns
            if step.venue:
                row["kind"], row["venue"], row["symbol"] = RowKind.FUNDING, self.venues.index(step.venue), symbol
                row["rate"], row["mark_px"] = step.funding_rate, step.mark_px
            else:
                row["kind"], row["currency"], row["rate"] = RowKind.RATE, step.currency, step.rate
        return rows


def _with(first: np.ndarray, others: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    yield first
    yield from others
