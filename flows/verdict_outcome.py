"""What the verdict said of a seed, as plain data: its document, and what it can be held against."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from arbitrage_core.statistics.verdict import Outcome


class RecordedTrades(BaseModel):
    """The closed and unwound trades of a session as Postgres has them, added up exactly, reporting currency."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trades: int
    realised_quote: Decimal
    fees_quote: Decimal
    slippage_quote: Decimal


class Counted(BaseModel):
    """The verdict on the same trades, so many trials counted in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trials: int
    verdict: Outcome
    least_quote: float | None = Field(description="lower end of the interval, less what chance shows at best")


class RunAgain(BaseModel):
    """The session as a plain backtest with one setting otherwise: an end of where the verdict says earning ends."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    setting: str = Field(description="taker_fee_bps or latency_ms")
    value: float
    earns: bool = Field(description="what the verdict says of it")
    told_quote: float | None = Field(description="its PnL by the verdict's curve; none: it was stopped")
    pnl_quote: float | None = Field(description="its PnL as backtested; none: it was stopped")


class SeedVerdict(BaseModel):
    """What the verdict says of one seed.

    `document` is that of session/verdict_document.py, whole for the seed that the report shows and without curves for
    the others. `recorded` is None where the session never got into the record.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    document: dict[str, Any]
    counted: tuple[Counted, ...] = Field((), description="the same with trials counted in, rising")
    recorded: RecordedTrades | None = None
    again: tuple[RunAgain, ...] = ()

    @property
    def says(self) -> Outcome:
        """The verdict."""
        return Outcome(self.document["verdict"])

    @property
    def trades(self) -> int:
        """How many were judged."""
        return self.document["trades"]

    @property
    def expectancy_quote(self) -> float | None:
        """Mean net result of a trade."""
        return self.document["expectancy_quote"]

    @property
    def low_quote(self) -> float | None:
        """Lower end of the interval; None where it has none."""
        return self.document["interval"][0]

    @property
    def high_quote(self) -> float | None:
        """Upper end of the interval; None where it has none."""
        return self.document["interval"][1]

    @property
    def probability(self) -> float | None:
        """Confidence that the expectancy is above 0."""
        return self.document["probability_positive"]

    def holds(self, mean_quote: float) -> bool:
        """Whether the interval holds a mean; an end that it does not have lies beyond everything."""
        low, high = self.low_quote, self.high_quote
        return (low is None or low <= mean_quote) and (high is None or mean_quote <= high)


def pooled_expectancy(verdicts: Sequence[SeedVerdict]) -> float | None:
    """The mean of all trades of these sessions: as near to what the market really gives as they come together."""
    trades = sum(one.trades for one in verdicts)
    return sum((one.expectancy_quote or 0.0) * one.trades for one in verdicts) / trades if trades else None
