"""The study of a seed: searched on the seed's rows and recorded. The seed's session is then a backtest of the best set,
journalled, recorded and replayed like any other; flows/study_review.py compares the two.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from arbitrage_core.domain.errors import InvariantBroken
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.studies import read_results
from arbitrage_core.tuning.evaluation import Evaluation, Evaluator
from arbitrage_core.tuning.foresight import Altered
from arbitrage_core.tuning.outcome import StudyOutcome
from arbitrage_core.tuning.search import Definition
from arbitrage_core.tuning.space import Params, range_of
from arbitrage_core.tuning.splits import WalkForward
from arbitrage_core.tuning.study import StudyOrder, run_study
from flows.seed_rows import config_of
from flows.stages.stage import Campaign, StudyPlan

Tried = tuple[SessionConfig, Evaluation]
Reads = Callable[[Feed], Feed]
"""How rows come to the engine: as they are, but for a planted defect."""


STUDY_NAME = "^[A-Z][0-9]+-s[0-9]+-run[0-9]+$"
"""A regular expression, of what `study_name` gives."""


def study_name(campaign: Campaign, seed: int, run_id: int) -> str:
    """`T1-s07-run12`; `run_id`: of the campaign's run in the record."""
    return f"{campaign.name}-s{seed:02}-run{run_id}"


def settings_of(params: Params) -> tuple[str, ...]:
    """A parameter set as --set takes it."""
    return tuple(f"{name}={value}" for name, value in params.items())


def definition_of(plan: StudyPlan, seed: int, walk_forward: type[WalkForward] = WalkForward) -> Definition:
    """What is searched on a seed. Raises BadInput, ValidationError."""
    return Definition(
        space=dict(map(range_of, plan.vary)),
        sampler=plan.sampler,
        objectives=(plan.objective,),
        scenarios=plan.scenarios,
        walk_forward=walk_forward(count=plan.splits, embargo_ms=plan.embargo_ms),
        seed=seed,
    )


@dataclass(frozen=True, eq=False)
class SeedStudy:
    """A study that was run to its end, on the rows of `feed` as they are read; `tried`: every set in the
    record, with what it brought here."""

    campaign: Campaign
    seed: int
    plan: StudyPlan
    feed: Feed
    reads: Reads
    evaluator: Evaluator
    outcome: StudyOutcome
    tried: tuple[Tried, ...]

    @classmethod
    def of(
        cls,
        campaign: Campaign,
        seed: int,
        feed: Feed,
        *,
        reads: Reads,
        run_id: int,
        url: str,
        folder: Path,
        walk_forward: type[WalkForward] = WalkForward,
    ) -> "SeedStudy | None":
        """Runs the study of a campaign's seed; None where it has none. Its JSON files replace those of an earlier run
        in `folder`. Raises what `run_study` raises, and InvariantBroken when no set could be judged."""
        if campaign.study is None:
            return None
        definition = definition_of(campaign.study, seed, walk_forward)
        evaluator = Evaluator(reads(feed), definition.walk_forward, definition.scenarios)
        evaluator.prepare(config_of(campaign, seed))
        name = study_name(campaign, seed, run_id)
        files = folder / f"{campaign.name.lower()}-s{seed:02}"
        shutil.rmtree(files, ignore_errors=True)
        found: dict[str, Evaluation] = {}

        def plan(params: Params) -> SessionConfig:
            return config_of(campaign, seed, settings_of(params))

        def evaluated(configs: Sequence[SessionConfig]) -> list[Evaluation]:
            made = evaluator.evaluate(configs, threads=1)  # the seeds share the cores
            found.update((one.config_digest, one) for one in made)
            return made

        for sitting in range(1, campaign.study.sittings + 1):
            trials = campaign.study.trials * sitting // campaign.study.sittings
            order = StudyOrder(
                name=name,
                definition=definition,
                plan=plan,
                data_digest=evaluator.data_digest,
                rows=evaluator.rows,
                trials=trials,
            )
            outcome = run_study(order, evaluated, url, files)
        if not outcome.best:
            raise InvariantBroken(f"study {name}: none of {outcome.trials} sets could be judged")
        with Record.open(url) as record, record.begin() as connection:
            results = read_results(connection, outcome.study_id)
        tried = tuple((plan(one.params), found[one.config_digest]) for one in results)
        return cls(campaign, seed, campaign.study, feed, reads, evaluator, outcome, tried)

    def altered_from(self, moment_ns: int) -> Feed:
        """The rows as they would be read were they others from a moment on."""
        return self.reads(Altered(self.feed, moment_ns))

    @property
    def best(self) -> dict[str, Any]:
        """The best set, as the outcome tells it."""
        return self.outcome.best[0]

    @cached_property
    def settings(self) -> tuple[str, ...]:
        """Of the best set."""
        return settings_of(self.best["params"])
