"""The outcome: what came of a seed, of a campaign, of a stage, as plain data that a report and a check can read."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from arbitrage_core.domain.errors import InvariantBroken
from arbitrage_core.scenarios.outcome import ScenarioOutcome
from flows.study_evidence import StudyEvidence
from flows.verdict_outcome import SeedVerdict


class Check(BaseModel):
    """One thing that had to be so, and what was observed. A critical one that failed rejects the stage."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    passed: bool
    observed: str
    expected: str
    critical: bool = True
    detail: str = Field("", description="which rows, which seeds: enough to find it")


class SeedOutcome(BaseModel):
    """One session of a campaign, as it was measured and recorded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    campaign: str
    seed: int
    mode: str = Field(description="backtest or paper")
    session: str = Field(description="its name")
    record_id: int = Field(description="sessions.id in the record; 0: it never got there")
    config_digest: str = Field(description="SHA-256 of the settings it ran under")
    state_hash: str
    figures: dict[str, float | None] = Field(description="entries, closed, unwound, open, win_rate, pnl_quote, …")
    exits: dict[str, int] = Field(description="closed trades by exit reason, UNWOUND besides")
    order_states: dict[str, int] = Field(description="how often an order entered each state")
    symbols: dict[str, dict[str, float | None]] = Field(
        default_factory=dict, description="entries, closed, unwound, open, win_rate, pnl_quote, fees_quote, by symbol"
    )
    refusals: dict[str, int] = Field(default_factory=dict, description="looks at which an entry was refused, by rule")
    missed: dict[str, int] = Field(default_factory=dict, description="opportunities missed, by the first rule they met")
    trips: dict[str, int] = Field(default_factory=dict, description="how often a guard or switch tripped, by rule")
    released: dict[str, int] = Field(default_factory=dict, description="how often each of them let go again")
    sums: tuple[str, ...] = Field((), description="parts of the portfolio that do not add up to it")
    moves: dict[str, float] = Field(
        default_factory=dict, description="money that would even out the venues in the end, by `from → to`"
    )
    crossed: tuple[str, ...] = Field((), description="exposure that was over its limit, and by how much")
    not_independent: tuple[str, ...] = Field(
        (), description="symbols that decided otherwise alone, or beside one switched off, and where they part"
    )
    compared_alone: int = Field(0, description="so many symbols were compared with themselves in another session")
    findings: tuple[str, ...] = Field((), description="laws broken, and whatever else was not as it must be")
    differences: tuple[str, ...] = Field((), description="where record and ledger differ")
    model_differences: tuple[str, ...] = Field((), description="fees or slippage that are not those of the model")
    stress: ScenarioOutcome | None = Field(None, description="of a scenario's seed: the same session with and without")
    study: StudyEvidence | None = Field(None, description="of a seed with a study: what it found, and its review")
    judged: SeedVerdict | None = Field(None, description="of a campaign with verdicts: what the verdict says of it")
    identical: bool = Field(description="the replay of its journal came out the same")
    elapsed_s: float

    def figure(self, name: str, symbol: str = "") -> float | None:
        """A figure of the session, or of one symbol; None when it was not measured."""
        return (self.symbols.get(symbol, {}) if symbol else self.figures).get(name)

    def at(self, path: str) -> float | None:
        """What stands at a path such as `figures.fees_quote` or `exits.STOP_LOSS`; what was never counted is 0.

        None for a figure that was not measured. Raises InvariantBroken for a path into nothing.
        """
        group, _, name = path.partition(".")
        if group == "figures":
            return self.figures.get(name)
        if group not in COUNTED:
            raise InvariantBroken(f"a seed has nothing at {path!r}, only figures and {', '.join(COUNTED)}")
        return float(getattr(self, group).get(name, 0))


COUNTED = ("exits", "order_states", "refusals", "missed", "trips")
"""Fields of a seed that count by name."""


class CampaignOutcome(BaseModel):
    """All seeds of a campaign."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    campaign: str
    run_id: int = Field(description="campaign_runs.id in the record")
    backtests: tuple[SeedOutcome, ...]
    papers: tuple[SeedOutcome, ...]
    elapsed_s: float

    @property
    def all(self) -> tuple[SeedOutcome, ...]:
        """Backtests and paper sessions."""
        return (*self.backtests, *self.papers)


class Standing(BaseModel):
    """How a stage stands that others rest on: by a verdict just given, or by one cited from the record."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: str
    accepted: bool
    verdict_id: int | None = Field(description="stage_verdicts.id in the record; none: there is no such stage yet")
    cited: bool = Field(description="a verdict from before, on the same code and settings; else it was run for this")


class StageOutcome(BaseModel):
    """A stage's campaigns, checks and verdict."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: str
    verdict: str = Field(description="D65_ACCEPTED or D65_REJECTED")
    checks: tuple[Check, ...]
    campaigns: tuple[CampaignOutcome, ...]
    seed_fault: str | None = None
    elapsed_s: float
    rests_on: tuple[Standing, ...] = Field((), description="the stages before it, as they stood when it was judged")
    verdict_id: int | None = Field(None, description="stage_verdicts.id in the record, once it is there")
    report: str = Field("", description="path of the report, below the checkout")
    figures: dict[str, Any] = Field(default_factory=dict)

    @property
    def accepted(self) -> bool:
        """Whether every critical check passed."""
        return self.verdict.endswith("_ACCEPTED")
