"""The control of studies: without Postgres nothing is tried, and that is said. There is no stand-in for the record."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.storage.record.availability import RecordAway
from arbitrage_core.tuning.evaluation import Evaluation
from arbitrage_core.tuning.study import StudyOrder, run_study
from flows.outcome import Check
from flows.seed_rows import config_of
from flows.seed_study import definition_of, settings_of
from flows.stages.stage import Campaign

NOBODY = "postgresql://nobody@127.0.0.1:1/nothing"
"""Port 1, where nothing listens."""


def without_record_check(campaign: Campaign) -> Check:
    """Runs a campaign's study where there is no Postgres: it must fail, aloud, before a set is tried."""
    tried, seed = [], campaign.seeds[0]

    def evaluate(configs: Sequence[SessionConfig]) -> list[Evaluation]:
        tried.extend(configs)
        raise RuntimeError("a set was tried")

    order = StudyOrder(
        name="without-a-record",
        definition=definition_of(campaign.study, seed),
        plan=lambda params: config_of(campaign, seed, settings_of(params)),
        data_digest="0" * 64,
        rows=1,
        trials=1,
    )
    with TemporaryDirectory() as folder:
        try:
            run_study(order, evaluate, NOBODY, Path(folder))
            said = "the study ended as if all were well"
        except RecordAway as away:
            said = f"fails: {away}"
        except RuntimeError as error:
            said = str(error)
    return Check(
        name="without Postgres nothing is tried",
        passed=not tried and said.startswith("fails"),
        observed=f"{len(tried)} sets tried; {said}",
        expected="no set tried; the study fails, naming the database",
    )
