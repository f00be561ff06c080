"""The form of the flow `tuning`: what is searched, and the sessions and definition that follow from it."""

from collections.abc import Callable

from pydantic import Field, ValidationError

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.feeds.synthetic_presets import preset
from arbitrage_core.scenarios.stress import scenarios_for
from arbitrage_core.session.plan import Offer, plan_session
from arbitrage_core.storage.record.presets import NAME_PATTERN
from arbitrage_core.tuning.search import Definition, Sampler
from arbitrage_core.tuning.space import Params, range_of
from flows.tuning_rows import TuningRows, feed_of, walk_forward_of


class TuningForm(TuningRows):
    """What to search, and where it is tried."""

    settings: list[str] = Field(default_factory=list, description="name=value, for every set")
    vary: list[str] = Field(
        default=["entry_spread_bps=15:60", "hold_max_ms=2000:60000:log"],
        description="name=LOW:HIGH, name=LOW:HIGH:STEP, name=LOW:HIGH:log, name=LOW:HIGH:int or name=A,B",
    )
    constraints: list[str] = Field(default_factory=list, description="A<B")
    prune: bool = Field(False, description="give up sets that can be none of the best; scenarios, grid or random")
    sampler: Sampler = Field(
        "tpe", description="how sets are chosen. grid: one after the other; random; tpe, cmaes: by what sets brought"
    )
    objectives: list[str] = Field(default=["pnl_quote"], description="the first one chooses")
    trials: int = Field(100, ge=1, le=1_000_000, description="so many sets, with those a study has already")
    study: str | None = Field(None, description="its name; none: made of what it is. The same again goes on with it")
    save: str | None = Field(None, pattern=NAME_PATTERN, description="name of the preset that the best set becomes")
    cluster: str | None = Field(
        None,
        description="where sets are tried; none: in this process. A number: so many processes of a Dask cluster of this"
        " machine. tcp://HOST:PORT: a Dask scheduler that runs. The outcome is the same everywhere",
    )


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
            walk_forward=walk_forward_of(form),
            seed=form.seed,
        )
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise BadInput(f"no such study: {said}", "see arb tune --help") from None


def rows_of(form: TuningForm) -> TuningRows:
    """What whoever evaluates must know of the form: its rows, under the scenarios it comes to. Raises BadInput."""
    return form.plain().model_copy(update={"scenarios": list(definition_of(form).scenarios)})


def planner(form: TuningForm) -> Callable[[Params], SessionConfig]:
    """Makes a session of a parameter set: the market's settings, the form's, the set's."""
    endless = form.model_copy(update={"duration_ms": None})  # what there is to trade does not depend on how long
    offer, chosen = Offer.of(feed_of(endless)), preset(form.market) if form.market else None
    params, overrides = (chosen.params, chosen.market_overrides) if chosen else (None, None)

    def plan(varied: Params) -> SessionConfig:
        settings = [*form.settings, *(f"{name}={value}" for name, value in varied.items())]
        return plan_session(offer, settings, params=params, market_overrides=overrides, seed=form.seed)

    return plan
