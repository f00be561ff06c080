"""The stage: what is run, what must come of it, and what the report says of it, as data.

A stage is accepted only on what was measured. Its campaigns name seeds beforehand, their bands hold for every one of
them, and a check that is not reached counts as failed.
"""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from arbitrage_core.feeds.distortion import Distortion
from arbitrage_core.feeds.scripted import Step
from arbitrage_core.statistics.verdict import Outcome

SEEDS = tuple(range(1, 21))
"""Of every campaign, fixed before any was run."""


NO_END = 1e300
"""The upper end of a band that has none; infinity is no JSON."""


class Band(BaseModel):
    """What a figure of every seed must lie between, both ends allowed; of one symbol where it names one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    figure: str = Field(description="a name of SeedOutcome.figures, e.g. win_rate")
    symbol: str = Field("", description="then of SeedOutcome.symbols[symbol]")
    least: float = Field(allow_inf_nan=False)
    most: float = Field(NO_END, allow_inf_nan=False, description="left out: no upper end")

    @property
    def name(self) -> str:
        """`win rate`, or `BTC/USDT win rate`."""
        return f"{self.symbol} {self.figure.replace('_', ' ')}".lstrip()

    def holds(self, value: float | None) -> bool:
        """Whether a value lies inside; nothing measured, and NaN, do not."""
        return value is not None and self.least <= value <= self.most


class StudyPlan(BaseModel):
    """What a study on each seed's rows searches, as `arb tune` takes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vary: tuple[str, ...] = Field(min_length=1, description="NAME=RANGE")
    sampler: str = "grid"
    objective: str = "pnl_quote"
    trials: int = Field(gt=0)
    splits: int = Field(4, ge=1)
    embargo_ms: float = Field(60_000.0, ge=0)
    scenarios: tuple[str, ...] = Field((), description="then the objective is the worst case over them and the rows")
    sittings: int = Field(1, ge=1, description="it is left and taken up again so often")
    holds_up: tuple[int, int] = Field(description="on how many seeds its best set holds up, at least and at most")


class VerdictBand(BaseModel):
    """Of how many seeds of a campaign the verdict must say this, both ends allowed; stated before any was run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    says: Outcome
    least: int = Field(ge=0)
    most: int = Field(ge=0)


class Campaign(BaseModel):
    """Named sessions: one a seed, all of one synthetic market and one set of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[A-Z]\d+$")
    title: str
    preset: str = Field(description="of feeds/synthetic_presets.py: the market, and the settings it starts from")
    symbols: dict[str, str] = Field(
        default_factory=dict,
        description="symbols to trade, each with the preset whose market it has; none: the preset's",
    )
    settings: tuple[str, ...] = Field((), description="as --set takes them")
    script: tuple[Step, ...] = Field((), description="what an operator orders meanwhile, and rates of currencies")
    distortions: tuple[Distortion, ...] = Field((), description="what venues in trouble send meanwhile")
    scenario: str = Field(
        "", description="of scenarios/catalogue.py: what is injected into rows and venues of each seed"
    )
    study: StudyPlan | None = Field(
        None, description="searched on each seed's rows; the seed's session is the best set's"
    )
    verdicts: tuple[VerdictBand, ...] = Field((), description="the trades of each seed are judged, and these must hold")
    rows: int | None = Field(None, gt=0, description="of each seed; or else its span")
    span_s: float | None = Field(None, gt=0, allow_inf_nan=False, description="row time from the first row on, seconds")
    seeds: tuple[int, ...] = SEEDS
    bands: tuple[Band, ...] = ()
    shows: dict[str, float] = Field(
        default_factory=dict, description="figures of every seed, by path (exits.STOP_LOSS), and the least of each"
    )
    closed_least: int = Field(1_000, description="closed trades of every seed")
    paper_seed: int | None = Field(1, description="this one also runs as a paper session, to the same state hash")
    marks_cross: bool = Field(
        False, description="limits lie so close to what is traded that prices move past them, which guards must answer"
    )
    alone: bool = Field(
        False, description="each symbol also trades alone, and beside one switched off, as it does here"
    )

    @model_validator(mode="after")
    def _has_one_length(self) -> "Campaign":
        if (self.rows is None) == (self.span_s is None):
            raise ValueError(f"campaign {self.name}: either rows or span_s")
        return self

    @model_validator(mode="after")
    def _is_one_kind(self) -> "Campaign":
        """A study's session has the best set's settings, which what runs sessions of its own would not know."""
        others = {
            "a scenario": self.scenario,
            "verdicts": self.verdicts,
            "symbols alone": self.alone,
            "a paper session": self.paper_seed is not None,
        }
        found = [name for name, has in others.items() if has]
        if self.study is not None and found:
            raise ValueError(f"campaign {self.name}: a study, and {', '.join(found)} beside it")
        return self

    @property
    def options(self) -> str:
        """What it trades and how long, as the command line takes it: `--symbols BTC/USDT --duration 3600s`."""
        chosen = f"--symbols {','.join(self.symbols)} " if self.symbols else ""
        return chosen + (f"--rows {self.rows}" if self.span_s is None else f"--duration {self.span_s:g}s")


class OldFigures(BaseModel):
    """What the system before this one reported, shown beside ours. None: it is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entries: int | None = None
    exits: int | None = None
    win_rate: float | None = None


class Remark(BaseModel):
    """A line of the report: what works, what is limited, what is open."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(pattern="^(works|limited|open)$")
    text: str


class Stage(BaseModel):
    """A stage: its campaigns, and its own words for the report. What comes before it: flows/stages/order.py."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^D\d\d$")
    title: str
    purpose: str
    campaigns: tuple[Campaign, ...]
    required_exits: tuple[str, ...] = Field((), description="exit reasons that must occur in its campaigns together")
    required_order_states: tuple[str, ...] = Field((), description="order states that must occur, likewise")
    required_refusals: tuple[str, ...] = Field((), description="refusals that must occur, likewise")
    required_trips: tuple[str, ...] = Field((), description="guards that must trip, likewise")
    old_figures: dict[str, OldFigures] = Field(default_factory=dict, description="by campaign; `all`: of the stage")
    remarks: tuple[Remark, ...] = ()
