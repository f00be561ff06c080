"""The flow `tuning`: a study of parameter sets, in fat batches, all of it in Postgres."""

from collections.abc import Sequence
from typing import Any

from prefect import flow, get_run_logger, task, unmapped
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFutureList
from pydantic import BaseModel, ConfigDict, Field

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.identity import digest_of
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.recorded import RecordedQuotes
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset
from arbitrage_core.session.plan import Offer, plan_session
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.presets import add_preset
from arbitrage_core.tuning.evaluation import Evaluation, Evaluator
from arbitrage_core.tuning.outcome import StudyOutcome
from arbitrage_core.tuning.search import Definition, Sampler
from arbitrage_core.tuning.space import Params, range_of
from arbitrage_core.tuning.splits import WalkForward
from arbitrage_core.tuning.study import StudyOrder, code_digest, run_study
from flows.grounds import ground
from flows.progress import Progress

TASKS = 2
"""A batch goes out in so many tasks: each costs a fifth of a second, and evaluates its sets in compiled code."""

NAME_CHARACTERS = 12


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
    sampler: Sampler = "tpe"
    objectives: list[str] = Field(default=["pnl_quote"], description="the first one chooses")
    trials: int = Field(100, ge=1, le=1_000_000)
    splits: int = Field(4, ge=1, le=50, description="walk-forward")
    embargo_ms: float = Field(60_000.0, ge=0, description="after each boundary")
    study: str | None = Field(None, description="its name; none: made of what it is. The same again goes on with it")
    save: str | None = Field(None, description="name of the preset that the best set becomes")


DEFAULT = TuningForm()


class Share:
    """What a task evaluates; Prefect passes it on as it is."""

    def __init__(self, evaluator: Evaluator, configs: Sequence[SessionConfig]) -> None:
        self.evaluator, self.configs = evaluator, configs


@task(name="evaluate", task_run_name="evaluate", cache_policy=NO_CACHE, persist_result=False)
def evaluate(share: Share, threads: int) -> list[Evaluation]:
    """Evaluates a share of a batch, in so many threads."""
    return share.evaluator.evaluate(share.configs, threads)


@flow(name="tuning", description="A study of parameter sets, in sample and out of sample.")
def tuning(form: TuningForm = DEFAULT) -> dict[str, Any]:
    """Runs a study, or goes on with one, and gives its outcome. Fails when Postgres does.

    Args:
        form: what to search; every field has a default
    """
    line = get_run_logger().info
    definition, here = definition_of(form), ground(line)
    feed, plan = feed_of(form), planner(form)
    evaluator = Evaluator(feed, definition.walk_forward)
    evaluator.prepare(plan({}), line)
    identity = [definition.model_dump(mode="json"), evaluator.data_digest, plan({}).digest, code_digest()]
    name = form.study or f"study-{digest_of(identity)[:NAME_CHARACTERS]}"
    order = StudyOrder(name, definition, plan, evaluator.data_digest, evaluator.rows, form.trials)
    progress = Progress(form.trials, f"{name}: sets", line)
    outcome = run_study(
        order,
        lambda configs: evaluated(evaluator, configs),
        here.postgres_url,
        here.home / "tuning",
        lambda done, wanted: progress.told(name, done, wanted),
    )
    document = outcome.document() | {"preset": _saved(form, outcome, order, here.postgres_url)}
    create_table_artifact(_table(outcome), key="tuning", description=f"{name}: {outcome.trials} sets")
    line(f"study {name}: {outcome.trials} sets, {outcome.param_rows_per_s:,} sets × rows a second")
    return document


def evaluated(evaluator: Evaluator, configs: Sequence[SessionConfig]) -> list[Evaluation]:
    """A batch, in a few tasks, in the order given."""
    size = -(-len(configs) // TASKS)
    shares = [Share(evaluator, configs[at : at + size]) for at in range(0, len(configs), size)]
    futures: PrefectFutureList[list[Evaluation]] = evaluate.map(shares, unmapped(1))
    return [evaluation for share in futures.result() for evaluation in share]


def definition_of(form: TuningForm) -> Definition:
    """What is searched. Raises BadInput."""
    try:
        return Definition(
            space=dict(map(range_of, form.vary)),
            sampler=form.sampler,
            objectives=tuple(form.objectives),
            constraints=tuple(form.constraints),
            walk_forward=WalkForward(count=form.splits, embargo_ms=form.embargo_ms),
            seed=form.seed,
        )
    except ValueError as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"no such study: {error.errors()[0]['msg']}", "see arb tune --help") from None


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


def planner(form: TuningForm):
    """Makes a session of a parameter set: the market's settings, the form's, the set's."""
    offer, chosen = Offer.of(feed_of(form)), preset(form.market) if form.market else None
    params, overrides = (chosen.params, chosen.market_overrides) if chosen else (None, None)

    def plan(varied: Params) -> SessionConfig:
        settings = [*form.settings, *(f"{name}={value}" for name, value in varied.items())]
        return plan_session(offer, settings, params=params, market_overrides=overrides, seed=form.seed)

    return plan


def _saved(form: TuningForm, outcome: StudyOutcome, order: StudyOrder, url: str) -> dict[str, Any] | None:
    if form.save is None or not outcome.best:
        return None
    best, objective = outcome.best[0], outcome.objectives[0]
    inside, outside = best["in_sample"][objective], best["out_of_sample"][objective]
    note = (
        f"trial {best['trial']} of {outcome.trials} of study {outcome.study}: {objective} {inside:.6g} in sample,"
        f" {outside:.6g} out of sample; data {order.data_digest}"
    )
    with Record.open(url) as record, record.begin() as connection:
        saved = add_preset(connection, form.save, order.plan({}).strategy, best["params"], outcome.study_id, note)
    return {"name": saved.name, "version": saved.version, "digest": saved.digest}


def _table(outcome: StudyOutcome) -> list[dict[str, str]]:
    """A row a set, the best first."""
    rows = []
    for one in outcome.best:
        figures = {}
        for part in ("in_sample", "out_of_sample"):
            for name in (*outcome.objectives, "trades"):
                figures[f"{name} {part.replace('_', ' ')}"] = f"{one[part][name]:.6g}"
        params = {name: str(value) for name, value in one["params"].items()}
        rows.append({"trial": str(one["trial"]), **params, **figures})
    return rows
