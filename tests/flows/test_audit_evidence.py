"""The audit's evidence out of a real PostgreSQL: the newest of the present code, and nothing else."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, insert, select

import arbitrage_core
from arbitrage_core.session.binding import sources_digest
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.studies import begin_study
from arbitrage_core.storage.record.tables import CAMPAIGN_RUNS, SESSIONS, STAGE_VERDICTS, TUNING_STUDIES
from arbitrage_core.storage.record.writer import RecordWriter
from flows.audit_evidence import read_evidence
from flows.digests import code_digest, config_digest
from flows.outcome import Check
from flows.seed_study import study_name
from flows.stages.feature import Feature, Probe
from flows.verdicts import _let_go, standing_of
from tests.flows.outcomes import CAMPAIGN, STAGE, campaign_outcome
from tests.flows.studies import SEARCHED, study_start
from tests.services.servers import postgres_url
from tests.storage.record.runs import mixed_run, record_run

__all__ = ["postgres_url"]

ENGINE = f"{arbitrage_core.__name__}-{sources_digest()}"
OTHER_CODE = "0" * 64
PASSED = Check(name="all laws hold", passed=True, observed="", expected="")


@pytest.fixture
def record(postgres_url: str) -> Iterator[Record]:
    """A record that nothing was run on."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS audit_evidence WITH (FORCE)")
        connection.execute("CREATE DATABASE audit_evidence")
    with Record.open(postgres_url.rpartition("/")[0] + "/audit_evidence") as opened:
        yield opened


def add_run(record: Record, closed: float = 0.0, **changed: Any) -> int:
    """A run of the small campaign, as it is recorded at its end; its number."""
    outcome = campaign_outcome(elapsed_s=closed)
    values: dict[str, Any] = {
        "campaign": CAMPAIGN.name,
        "mode": "backtest",
        "bands": [],
        "outcome": outcome.model_dump(mode="json"),
        "status": "passed",
        "code_version": ENGINE,
        "code_digest": code_digest(),
        "sessions_planned": 4,
        "started_ns": 1,
        "ended_ns": 2,
        **changed,
    }
    with record.begin() as connection:
        return connection.execute(insert(CAMPAIGN_RUNS).values(values).returning(CAMPAIGN_RUNS.c.id)).scalar_one()


def add_verdict(record: Record, **changed: Any) -> int:
    values: dict[str, Any] = {
        "stage": STAGE.name,
        "verdict": "ACCEPTED",
        "checks": [PASSED.model_dump(mode="json")],
        "report": "",
        "code_version": ENGINE,
        "code_digest": code_digest(),
        "config_digest": config_digest(STAGE),
        "decided_ns": 1,
        **changed,
    }
    with record.begin() as connection:
        return connection.execute(insert(STAGE_VERDICTS).values(values).returning(STAGE_VERDICTS.c.id)).scalar_one()


def of_table(table: str, least: float = 1, **where: Any) -> Feature:
    probe = Probe(stages=("D65",), table=table, where=tuple(where.items()), least=least)
    return Feature(name="x", stage="D65", why="x", code=("x",), tests=("x",), probe=probe)


def newest(record: Record) -> list[float]:
    """The mark of each outcome that counts: `add_run` hides it in the elapsed time."""
    return [one.elapsed_s for found in read_evidence(record, [STAGE], []).campaigns.values() for one in found]


def test_the_newest_run_of_the_present_code_counts(record: Record) -> None:
    assert newest(record) == []
    add_run(record, 1)
    add_run(record, 2, status="failed")
    assert newest(record) == [2]


@pytest.mark.parametrize(
    "changed",
    [
        {"code_digest": OTHER_CODE},
        {"code_digest": None},
        {"seed_fault": "fee-skipped"},
        {"status": "abandoned"},
        {"mode": "paper"},
        {"campaign": "C9"},
    ],
)
def test_a_run_of_other_code_or_with_a_planted_defect_or_cut_short_does_not(record: Record, changed: dict) -> None:
    add_run(record, 1)
    add_run(record, 2, **changed)
    assert newest(record) == [1]


def test_a_stage_counts_when_all_its_campaigns_ran(record: Record) -> None:
    add_run(record)
    more = STAGE.model_copy(update={"campaigns": (CAMPAIGN, CAMPAIGN.model_copy(update={"name": "C2"}))})
    assert read_evidence(record, [more], []).campaigns == {}
    assert set(read_evidence(record, [STAGE], []).campaigns) == {"D65"}


def test_checks_are_those_of_the_newest_verdict_on_the_present_code(record: Record) -> None:
    add_verdict(record, checks=[])
    add_verdict(record)
    add_verdict(record, checks=[], seed_fault="fee-skipped")
    add_verdict(record, checks=[], code_digest=OTHER_CODE)
    assert read_evidence(record, [STAGE], []).checks == {"D65": (PASSED,)}


def test_rows_of_the_present_engine_are_counted_up_to_what_is_asked_for(record: Record) -> None:
    features = [of_table("sessions"), of_table("orders", least=3), of_table("sessions", mode="paper")]
    assert list(read_evidence(record, [], features).rows.values()) == [0, 0, 0]
    writer = record_run(record, mixed_run())
    engine, run = "UPDATE sessions SET code_version = %s", "UPDATE sessions SET campaign_run_id = %s WHERE id = %s"
    assert list(read_evidence(record, [], features).rows.values()) == [0, 0, 0]
    with record.begin() as connection:
        connection.exec_driver_sql(engine, (ENGINE,))
    assert list(read_evidence(record, [], features).rows.values()) == [1, 3, 0]
    spoilt = add_run(record, seed_fault="fee-skipped")
    with record.begin() as connection:
        connection.exec_driver_sql(run, (spoilt, writer.session.id))
    assert list(read_evidence(record, [], features).rows.values()) == [0, 0, 0]


def test_a_stage_stands_by_its_newest_verdict_on_this_code_and_these_settings(record: Record) -> None:
    assert standing_of(record, STAGE) is None
    accepted = add_verdict(record)
    for other in ({"seed_fault": "x"}, {"code_digest": OTHER_CODE}, {"config_digest": OTHER_CODE}, {"stage": "D64"}):
        add_verdict(record, verdict="REJECTED", **other)
    standing = standing_of(record, STAGE)
    assert standing is not None
    assert (standing.accepted, standing.verdict_id, standing.cited) == (True, accepted, True)
    add_verdict(record, verdict="REJECTED")
    rejected = standing_of(record, STAGE)
    assert rejected is not None
    assert not rejected.accepted


def test_of_each_campaign_the_newest_run_keeps_its_sessions_and_an_experiment_displaces_none(record: Record) -> None:
    runs = [
        add_run(record, stage=STAGE.name, seed_fault=fault, status="passed") for fault in (None, None, "x", None, "y")
    ]
    for number, run_id in enumerate(runs):
        with RecordWriter.begin(record, replace(mixed_run().start, name=f"s-{number}", campaign_run_id=run_id)):
            pass
    with record.begin() as connection:
        for name in [*(study_name(SEARCHED, 1, run_id) for run_id in runs), "mine", f"T1-s01-run{runs[0]}-mine"]:
            begin_study(connection, study_start(name))
        _let_go(connection, STAGE)
        kept = set(connection.execute(select(SESSIONS.c.campaign_run_id)).scalars())
        studies = set(connection.execute(select(TUNING_STUDIES.c.name)).scalars())
        outcomes = connection.execute(select(func.count()).select_from(CAMPAIGN_RUNS)).scalar_one()
    assert kept == {runs[3], runs[4]}
    mine = {"mine", f"T1-s01-run{runs[0]}-mine"}
    assert studies == {study_name(SEARCHED, 1, run_id) for run_id in runs[3:]} | mine
    assert outcomes == len(runs), "what came of the older ones stays"
