"""The form of the flow `tuning`: what is searched, and the rows, sessions and definition that follow from it."""

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.recorded import RecordedQuotes
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset
from arbitrage_core.scenarios.stress import scenarios_for
from arbitrage_core.session.plan import Offer, plan_session
from arbitrage_core.storage.record.presets import NAME_PATTERN
from arbitrage_core.tuning.search import Definition, Sampler
from arbitrage_core.tuning.space import Params, range_of
from arbitrage_core.tuning.splits import WalkForward


class TuningForm(BaseModel):
    """What to search."""

    model_config = ConfigDict(extra="forbid")

    market: str | None = Field("mixed", description="a synthetic market; leave empty for recorded quotes")
    data: list[str] = Field(default_factory=list, description="Parquet files with recorded quotes")
    venues: list[str] = Field(default_factory=list, description="of recorded quotes; none: all")
    symbols: list[str] = Field(default_factory=list, description="of recorded quotes; none: all")
    seed: int = Field(0, ge=0, lt=2**63, description="of the synthetic rows")
    rows: int | None = Field(200_000, ge=1, le=50_000_000, description="end after so many quotes")
    settings: list[str] = Field(default_factory=list, description="name=value, for every set")
    vary: list[str] = Field(
        default=["entry_spread_bps=15:60", "hold_max_ms=2000:60000:log"],
        description="name=LOW:HIGH, name=LOW:HIGH:STEP, name=LOW:HIGH:log, name=LOW:HIGH:int or name=A,B",
    )
    constraints: list[str] = Field(default_factory=list, description="A<B")
    scenarios: list[str] = Field(
        default_factory=list, description="of the catalogue, or all; objectives are then the worst case over them"
    )
    prune: bool = Field(False, description="give up sets that can be none of the best; scenarios, grid or random")
    sampler: Sampler = "tpe"
    objectives: list[str] = Field(default=["pnl_quote"], description="the first one chooses")
    trials: int = Field(100, ge=1, le=1_000_000)
    splits: int = Field(4, ge=1, le=50, description="walk-forward")
    embargo_ms: float = Field(60_000.0, ge=0, description="after each boundary")
    study: str | None = Field(None, description="its name; none: made of what it is. The same again goes on with it")
    save: str | None = Field(None, pattern=NAME_PATTERN, description="name of the preset that the best set becomes")


def definition_of(form: TuningForm) -> Definition:
    """What is searched. Raises BadInput."""
    scenarios = scenarios_for(form.scenarios, planner(form)({})) if form.scenarios else ()
    try:
        return Definition(
            space=dict(map(range_of, form.vary)),
            sampler=form.sampler,
            objectives=tuple(form.objectives),
            constraints=tuple(form.constraints),
            scenarios=scenarios,
            prune=form.prune,
            walk_forward=WalkForward(count=form.splits, embargo_ms=form.embargo_ms),
            seed=form.seed,
        )
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise BadInput(f"no such study: {said}", "see arb tune --help") from None


def feed_of(form: TuningForm) -> Feed:
    """The rows. Raises BadInput."""
    if bool(form.data) == bool(form.market):
        raise BadInput("the rows are either recorded or of a synthetic market, one of the two", "name one")
    if form.data:
        return RecordedQuotes(form.data, form.venues or None, form.symbols or None, rows=form.rows)
    chosen = preset(form.market or "")
    return SyntheticQuotes(
        chosen.market,
        venues=chosen.venues,
        symbols=chosen.symbols,
        rows=form.rows or chosen.rows,
        seed=form.seed,
        levels=chosen.levels,
    )


def planner(form: TuningForm) -> Callable[[Params], SessionConfig]:
    """Makes a session of a parameter set: the market's settings, the form's, the set's."""
    offer, chosen = Offer.of(feed_of(form)), preset(form.market) if form.market else None
    params, overrides = (chosen.params, chosen.market_overrides) if chosen else (None, None)

    def plan(varied: Params) -> SessionConfig:
        settings = [*form.settings, *(f"{name}={value}" for name, value in varied.items())]
        return plan_session(offer, settings, params=params, market_overrides=overrides, seed=form.seed)

    return plan
