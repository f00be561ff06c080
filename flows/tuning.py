"""The flow `tuning`: a study of parameter sets, in fat batches, all of it in Postgres."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from prefect import flow, get_run_logger, task, unmapped
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFutureList

from arbitrage_core.domain.identity import digest_of
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.session.backtest import data_digest
from arbitrage_core.session.rows_fit import rows_notes
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.presets import add_preset
from arbitrage_core.tuning.bar import Bar
from arbitrage_core.tuning.evaluation import Evaluation
from arbitrage_core.tuning.outcome import StudyOutcome
from arbitrage_core.tuning.preset_evidence import evidence_of
from arbitrage_core.tuning.search import UNTAUGHT
from arbitrage_core.tuning.study import StudyOrder, code_digest, run_study
from flows.campaign_run import Ground
from flows.complaint import plainly
from flows.grounds import ground
from flows.progress import Progress
from flows.tuning_form import TuningForm, definition_of, planner, rows_of
from flows.tuning_place import Place, opened, place_wanted
from flows.tuning_rows import feed_of
from flows.tuning_share import Share, evaluator_for, grounds_of

NAME_CHARACTERS = 12

DEFAULT = TuningForm()


@task(name="evaluate", task_run_name="evaluate", cache_policy=NO_CACHE, persist_result=False)
def evaluate(share: Share, place: Place) -> list[Evaluation]:
    """Evaluates a share of a batch, at its place."""
    return place.evaluate(share)


@flow(
    name="tuning",
    description="A study of parameter sets, in sample and out of sample. Cancel and Pause both end it after the sets"
    " under way; Resume, or the same again, goes on with what was recorded.",
)
@plainly
def tuning(form: TuningForm = DEFAULT) -> dict[str, Any]:
    """Runs a study, or goes on with one, and gives its outcome. Fails when Postgres does, or the cluster.

    Args:
        form: what to search; every field has a default. Cancel and Pause both end it after the sets under way; Resume,
            or the same again, goes on with what was recorded
    """
    line = get_run_logger().info
    definition_of(form)
    with opened(place_wanted(form.cluster), line) as place:
        return studied(form, ground(line), place, line)


def studied(form: TuningForm, here: Ground, place: Place, line: Callable[[str], object]) -> dict[str, Any]:
    """The study, at a place. This process leads it: it alone chooses sets, and it alone writes."""
    definition, plan, rows = definition_of(form), planner(form), rows_of(form).model_dump_json()
    feed = feed_of(form)
    notes = rows_notes(plan({}), feed)
    for note in notes:
        line(f"note: {note}")
    evaluator = evaluator_for(rows, data_digest(feed))
    evaluator.prepare(plan({}), line)  # here first: workers of this machine find the engine compiled
    grounds = grounds_of(evaluator)
    identity = [definition.model_dump(mode="json"), evaluator.data_digest, plan({}).digest, code_digest()]
    name = form.study or f"study-{digest_of(identity)[:NAME_CHARACTERS]}"
    at_once = place.workers if form.sampler in UNTAUGHT and not form.prune else 1  # the bar learns, too
    order = StudyOrder(
        name, definition, plan, evaluator.data_digest, evaluator.rows, form.trials, batches_at_once=at_once
    )
    progress = Progress(form.trials, f"{name}: sets", line, counted="sets")
    outcome = run_study(
        order,
        partial(evaluated, rows, grounds, place),
        here.postgres_url,
        here.home / "tuning",
        lambda done, wanted: progress.told(name, done, wanted),
    )
    document = outcome.document() | {"notes": list(notes), "preset": _saved(form, outcome, order, here.postgres_url)}
    held = "; ".join(outcome.objections) or "nothing, it holds up"
    said = f"{name}: {outcome.trials} sets. What speaks against the best: {held}"
    create_table_artifact(_table(outcome), key="tuning", description=said)
    line(f"study {said}; {outcome.param_rows_per_s:,} sets × rows a second")
    return document


def evaluated(
    rows: str, grounds: dict[str, str], place: Place, configs: Sequence[SessionConfig], *, bar: Bar | None = None
) -> list[Evaluation]:
    """These sets, in a few tasks, in the order given."""
    size = -(-len(configs) // place.shares)
    shares = [Share(rows, grounds, configs[at : at + size], bar) for at in range(0, len(configs), size)]
    futures: PrefectFutureList[list[Evaluation]] = evaluate.map(shares, unmapped(place))
    return [evaluation for share in futures.result() for evaluation in share]


def _saved(form: TuningForm, outcome: StudyOutcome, order: StudyOrder, url: str) -> dict[str, Any] | None:
    if form.save is None or not outcome.best:
        return None
    best, objective = outcome.best[0], outcome.objectives[0]
    inside, outside = best["in_sample"][objective], best["out_of_sample"][objective]
    note = (
        f"trial {best['trial']} of {outcome.trials} of study {outcome.study}: {objective} {inside:.6g} in sample,"
        f" {outside:.6g} out of sample; data {order.data_digest}"
    )
    strategy, evidence = order.plan(best["params"]).strategy, evidence_of(outcome, order, form.settings)
    with Record.open(url) as record, record.begin() as connection:
        saved = add_preset(connection, form.save, strategy, best["params"], outcome.study_id, note, evidence)
    return {"name": saved.name, "version": saved.version, "digest": saved.digest}


def _table(outcome: StudyOutcome) -> list[dict[str, str]]:
    """A row a set, the best first."""
    rows = []
    for one in outcome.best:
        figures = {}
        for part in ("in_sample", "out_of_sample"):
            for name in (*outcome.objectives, "trades"):
                figures[f"{name} {part.replace('_', ' ')}"] = f"{one[part][name]:.6g}"
        params = {name: _short(value) for name, value in one["params"].items()}
        rows.append({"trial": str(one["trial"]), **params, **figures})
    return rows


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
