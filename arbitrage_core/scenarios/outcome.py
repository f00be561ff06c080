"""The outcome of a scenario: what was injected, what became of the session, and what was found of it. Plain data."""

from pydantic import BaseModel, ConfigDict, Field


class Finding(BaseModel):
    """One thing that had to be so of a scenario, and what was observed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    passed: bool
    observed: str
    expected: str


class Injected(BaseModel):
    """What was to be injected, and how much of it was measured (None: nothing)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    unit: str
    intended: float
    measured: float | None
    tolerance: float = Field(description="a share of what was intended")

    @property
    def is_there(self) -> bool:
        """Whether so much was measured; what was meant to be nothing proves nothing."""
        near = self.measured is not None and abs(self.measured - self.intended) <= self.tolerance * abs(self.intended)
        return near and self.intended != 0.0

    @property
    def observed(self) -> str:
        """In words: `mean realised slippage 79.4 bps`."""
        return f"{self.what} " + ("none" if self.measured is None else f"{self.measured:,.4g} {self.unit}")


class Traded(BaseModel):
    """What a session came to, as far as scenarios are compared by it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entries: int
    fills: int
    refusals: dict[str, int]
    pnl_quote: float
    max_drawdown_quote: float
    guards: dict[str, int] = Field(description="how often each tripped, by its rule; REDUCED, FLATTENED behind it")
    released: dict[str, int] = Field(description="how often each let go again")
    state_hash: str

    @property
    def mark(self) -> tuple[object, ...]:
        """What no two sessions may have in common: entries, fills, refusals, PnL."""
        return self.entries, self.fills, tuple(sorted(self.refusals.items())), self.pnl_quote


class ScenarioOutcome(BaseModel):
    """A scenario against its baseline, on the same rows, seed and settings but for what was injected."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenario: str
    title: str
    injected: tuple[Injected, ...] = Field(min_length=1)
    baseline: Traded
    stressed: Traded
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether all of it was so."""
        return bool(self.findings) and all(finding.passed for finding in self.findings)
