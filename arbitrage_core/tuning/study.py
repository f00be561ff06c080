"""The study: sets are asked for, tried, recorded, told, batch by batch, until there are as many as wanted.

Postgres is what counts: a batch is one transaction, and when that fails the study fails, aloud. What was recorded is
kept, and the same order once more goes on after it, trying no set again. A JSON file of every batch is written as well,
never instead.
"""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import arbitrage_core
from arbitrage_core.domain.errors import BadInput, InvariantBroken
from arbitrage_core.domain.identity import digest_of
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.session.binding import sources_digest
from arbitrage_core.storage.disk import make_folder, write_whole
from arbitrage_core.storage.record.availability import RecordAway
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.json_form import json_form
from arbitrage_core.storage.record.studies import (
    StudyStart,
    TrialResult,
    begin_study,
    end_study,
    held,
    insert_results,
    read_results,
)
from arbitrage_core.tuning.course import BASELINE
from arbitrage_core.tuning.evaluation import Evaluation
from arbitrage_core.tuning.outcome import StudyOutcome, outcome_of
from arbitrage_core.tuning.plateau import Neighbour, Plateau, neighbours_of, plateau_of
from arbitrage_core.tuning.pruning import Pruning, is_pruned
from arbitrage_core.tuning.search import PRUNED, Asked, Definition, Search, Values
from arbitrage_core.tuning.space import Params

BATCH = 64
"""Sets tried between two transactions: enough that neither they nor a scheduler's tasks weigh anything."""

Evaluate = Callable[..., list[Evaluation]]
"""Of the configurations of sets, in their order; of a study that prunes, `bar=` as well, as `Evaluator.evaluate`."""

Plan = Callable[[Params], SessionConfig]
Told = Callable[[int, int], None]


@dataclass(frozen=True)
class StudyOrder:
    """What to search: `plan` makes a session of a parameter set, and of none the one they are varied in.

    `batches_at_once` are asked for and evaluated together, so that many workers all have something to do. Their sets do
    not know what came of each other, so more than one is for samplers that would not learn from it: then a study tries
    the same sets however many there are.
    """

    name: str
    definition: Definition
    plan: Plan
    data_digest: str
    rows: int
    trials: int
    batch: int = BATCH
    batches_at_once: int = 1

    @property
    def start(self) -> StudyStart:
        """As the record begins it."""
        base = self.plan({})
        definition = self.definition.model_dump(mode="json")
        return StudyStart(
            name=self.name,
            strategy=base.strategy,
            space=definition.pop("space"),
            objective=",".join(self.definition.objectives),
            data_digest=self.data_digest,
            seed=self.definition.seed,
            definition=definition,
            code_version=f"{arbitrage_core.__name__}-{sources_digest()}",
            code_digest=code_digest(),
            config_digest=base.digest,
        )


@lru_cache(maxsize=1)
def code_digest() -> str:
    """SHA-256 (hex) of the sources of the engine package, with their names."""
    root, digest = Path(arbitrage_core.__file__).resolve().parent, hashlib.sha256()
    for file in sorted(root.rglob("*.py")):
        digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def run_study(order: StudyOrder, evaluate: Evaluate, url: str, folder: Path, told: Told | None = None) -> StudyOutcome:
    """Runs a study to its end, or on from where it was left.

    `url` of the record's database; `folder` for the JSON files. `told(tried, wanted)` after every batch. Raises
    RecordAway, DiskRefused, and BadInput for an order that cannot be followed or a study that is another.
    """
    with Record.open(url) as record, held(record, order.name):
        with record.begin() as connection:
            study_id = begin_study(connection, order.start)
            known = read_results(connection, study_id)
        try:
            results, timing = _searched(order, evaluate, record, url, study_id, known, folder, told)
            outcome = outcome_of(order.name, study_id, order.definition, results, **timing)
            outcome = replace(outcome, plateau=_plateau(order, evaluate, outcome))
            with record.begin() as connection:
                end_study(
                    connection,
                    study_id,
                    "complete",
                    deflated_sharpe=outcome.deflated_sharpe,
                    overfit_probability=outcome.overfit_probability,
                    outcome=outcome.document(),
                )
        except BaseException as error:
            with suppress(RecordAway), record.begin() as connection:
                said = str(error).split("\n")[0] or type(error).__name__
                end_study(connection, study_id, "failed", reason=said)
            raise
    return outcome


def _searched(
    order: StudyOrder,
    evaluate: Evaluate,
    record: Record,
    url: str,
    study_id: int,
    known: list[TrialResult],
    folder: Path,
    told: Told | None,
) -> tuple[list[TrialResult], dict[str, Any]]:
    """All results, those known and those added, and the rows and seconds that adding them took."""
    objectives, results = order.definition.objectives, list(known)
    tried = [(one.params, _values_of(one.figures, objectives)) for one in known]
    pruning = Pruning(order.definition)
    pruning.take(known)
    began, evaluated_s, sessions = time.perf_counter(), 0.0, 0
    make_folder(folder / order.name)
    with closing(Search(order.definition, url, order.name, order.plan, tried)) as search:
        while len(results) < order.trials:
            asked = _asked(order, search, len(results))
            if not asked:
                break
            configs, began_batch = [order.plan(one.params) for one in chain(*asked)], time.perf_counter()
            bar = pruning.bar
            evaluations = evaluate(configs) if bar is None else evaluate(configs, bar=bar)
            evaluated_s += time.perf_counter() - began_batch
            sessions += sum(max(1, len(one.scenarios)) for one in evaluations)
            _must_have_seen(order.definition, evaluations)
            for batch in asked:
                fresh = _results(order, batch, evaluations[: len(batch)], first=len(results))
                evaluations = evaluations[len(batch) :]
                with record.begin() as connection:
                    insert_results(connection, study_id, fresh)
                _back_up(folder / order.name / f"{fresh[0].trial:06d}.json", order.start, fresh)
                search.tell(batch, [_values_of(one.figures, objectives) for one in fresh])
                pruning.take(fresh)
                results += fresh
                if told is not None:
                    told(len(results), order.trials)
    elapsed_s = time.perf_counter() - began
    return results, {"param_rows": sessions * order.rows, "evaluated_s": evaluated_s, "elapsed_s": elapsed_s}


def _must_have_seen(definition: Definition, evaluations: Sequence[Evaluation]) -> None:
    """What is recorded as a worst case is one. Raises InvariantBroken for sets tried under other scenarios."""
    expected = [BASELINE, *definition.scenarios] if definition.scenarios else []
    for one in evaluations:
        spared = one.failure is not None or (one.pruned and definition.prune)
        if not spared and list(one.scenarios) != expected:
            raise InvariantBroken(
                f"the study names {', '.join(definition.scenarios) or 'no scenarios'}, and a set was tried under"
                f" {', '.join(one.scenarios) or 'none'}"
            )


def _plateau(order: StudyOrder, evaluate: Evaluate, outcome: StudyOutcome) -> Plateau | None:
    """Tries the neighbours of the best set, at the end and apart: nothing is chosen by them, and none is a trial."""
    if not outcome.best:
        return None
    best, definition = outcome.best[0], order.definition
    tried, configs = [], []
    for params in neighbours_of(definition.space, best["params"], definition.constraints):
        with suppress(BadInput):
            configs.append(order.plan(params))
            tried.append(params)
    neighbours = [
        Neighbour(params, None, None, one.failure)
        if one.failure is not None
        else Neighbour(params, one.in_sample, one.out_of_sample)
        for params, one in zip(tried, evaluate(configs) if configs else [], strict=True)
    ]
    return plateau_of(best["trial"], definition.objectives[0], best["in_sample"], neighbours)


def _asked(order: StudyOrder, search: Search, first: int) -> list[list[Asked]]:
    """The next batches, from this set on; none at the end of a grid."""
    until = min(first + order.batch * order.batches_at_once, order.trials)
    batches = [search.ask(at, min(order.batch, until - at)) for at in range(first, until, order.batch)]
    return [batch for batch in batches if batch]


def _results(
    order: StudyOrder, asked: Sequence[Asked], evaluations: Sequence[Evaluation], first: int
) -> list[TrialResult]:
    objective, made = order.definition.objectives[0], []
    for number, (one, evaluation) in enumerate(zip(asked, evaluations, strict=True), first):
        failed, figures = evaluation.failure is not None, evaluation.document(objective)
        made.append(
            TrialResult(
                trial=number,
                params=one.params,
                in_sample=None if failed else float(evaluation.in_sample[objective]),
                out_of_sample=None if failed else float(evaluation.out_of_sample[objective]),
                figures=json_form(figures, f"trial {number}"),
                data_digest=order.data_digest,
                code_digest=code_digest(),
                config_digest=evaluation.config_digest,
                state_hash=evaluation.state_hash or None,
                failure=evaluation.failure,
            )
        )
    return made


def _values_of(figures: dict[str, Any] | None, objectives: Sequence[str]) -> Values:
    if figures is None or is_pruned(figures):
        return None if figures is None else PRUNED
    return [float(figures["in_sample"][name]) for name in objectives]


def _back_up(path: Path, start: StudyStart, results: Sequence[TrialResult]) -> None:
    """A batch as JSON, beside the record: what it is of, and its digest. Raises DiskRefused."""
    document = {"study": asdict(start), "results": [asdict(one) for one in results]}
    text = json.dumps({**document, "sha256": digest_of(document)}, separators=(",", ":"))
    write_whole(path, text.encode())
