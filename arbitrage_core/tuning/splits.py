"""The splits: which part of the rows' time a parameter set is judged by, and which part it must prove itself on.

Walk-forward: the time is cut into `count` + 1 equal pieces; split k judges by the pieces 0 … k (anchored) and proves
itself on piece k + 1. A set runs once over all rows, since no decision looks ahead; its trades are what is split.
Purged: a trade counts in sample only if it ended there, out of sample only if it was decided and ended there, so none
that lasts over a boundary is in either. Embargoed: out of sample begins `embargo_ms` after its boundary.

Where it is wrong: what a set carries over a boundary (positions, guards that stand) is carried over here, too.
"""

from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.engine.params import NS_PER_MS
from arbitrage_core.statistics.walk_forward import walk_forward

PERIODS_A_PIECE = 8
"""Each piece is cut into so many periods; Sharpe ratios are those of their profits."""


@dataclass(frozen=True)
class Window:
    """A span of time, `first_ns` ≤ t < `until_ns`, and which of the rows' periods lie in it (whole ones)."""

    first_ns: int
    until_ns: int
    periods: slice


@dataclass(frozen=True)
class Split:
    """Where a set is judged, and where it proves itself."""

    in_sample: Window
    out_of_sample: Window


class WalkForward(BaseModel):
    """How the rows' time is split, as data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int = Field(4, ge=1, le=50, description="splits")
    embargo_ms: float = Field(60_000.0, ge=0, le=864e5, description="after each boundary")

    @property
    def periods(self) -> int:
        """How many periods the rows' time has."""
        return (self.count + 1) * PERIODS_A_PIECE

    def edges_ns(self, first_ns: int, last_ns: int) -> np.ndarray:
        """int64[periods + 1]: where the periods of these rows begin, and where the last ends."""
        length = last_ns + 1 - first_ns
        return np.array([first_ns + length * period // self.periods for period in range(self.periods + 1)])

    def splits(self, first_ns: int, last_ns: int) -> tuple[Split, ...]:
        """The splits of rows from `first_ns` to `last_ns`, by time. Raises BadInput when they are too short."""
        try:
            cut = walk_forward(
                first_ns, last_ns + 1, self.count, embargo_ns=round(self.embargo_ms * NS_PER_MS), anchored=True
            )
        except ValueError as error:
            raise BadInput(
                f"the rows are too short to be split: {error}", "choose fewer splits, or more rows"
            ) from None
        made = []
        for split, boundary in zip(cut, range(PERIODS_A_PIECE, self.periods, PERIODS_A_PIECE), strict=True):
            inside = Window(split.began_ns, split.ended_ns, slice(0, boundary))
            outside = Window(split.judged_from_ns, split.judged_to_ns, slice(boundary, boundary + PERIODS_A_PIECE))
            made.append(Split(inside, outside))
        return tuple(made)
