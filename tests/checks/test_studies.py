"""The studies' suite: passed by studies as recorded, and failed, naming rule and rows, by every single defect."""

import re

import psycopg
import pytest

from arbitrage_core.domain.identity import digest_of
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.studies import TrialResult, begin_study, end_study, insert_results
from checks import gate
from checks.gate import RULES as SESSIONS
from checks.studies import RULES
from tests.checks.conftest import Recorded
from tests.flows.studies import DIGEST, study_start

SETS, NOBODY = 3, 1_000_000
OTHER = "b" * 64
ABSENT = "studies: all that were asked for are in the record"


def spoil(change: str, trial: int = 1) -> str:
    """Changes a set."""
    return f"UPDATE tuning_results SET {change} WHERE study_id = :id AND trial = {trial}"


def of_study(change: str) -> str:
    """Changes the study."""
    return f"UPDATE tuning_studies SET {change} WHERE id = :id"


COLUMNS = "params, params_digest, in_sample, out_of_sample, figures, data_digest, code_digest, config_digest"
COPY = (
    f"INSERT INTO tuning_results (study_id, trial, state_hash, {COLUMNS})"
    f" SELECT study_id, trial, state_hash, {COLUMNS} FROM tuning_results WHERE study_id = :id AND trial = 1"
)
PLANTS: list[tuple[str, set[str]]] = [
    (of_study("status = 'running', ended_ns = NULL"), {"studies: each is complete"}),
    (of_study("trials = 2"), {"studies: the study counts the sets that are there"}),
    (of_study("outcome = NULL"), {"studies: each has its outcome"}),
    (of_study(f"data_digest = '{OTHER}'"), {"sets: of the study's rows and sources"}),
    (
        "DELETE FROM tuning_results WHERE study_id = :id AND trial = 1",
        {
            "studies: as many sets are there as were asked for",
            "studies: the study counts the sets that are there",
            "studies: no number is left out",
        },
    ),
    (
        COPY,
        {
            "sets: each once",
            "studies: as many sets are there as were asked for",
            "studies: the study counts the sets that are there",
            "studies: no number is left out",
        },
    ),
    (spoil("""params = '{"a": 3.5}'"""), {"sets: parameters lie in their ranges"}),
    (spoil("""params = '{"b": 1.5}'"""), {"sets: parameters lie in their ranges"}),
    (
        spoil("figures = NULL"),
        {
            "sets: each has its figures, or says why not",
            "sets: what counts in sample is what the figures say",
            "sets: what counts out of sample is what the figures say",
        },
    ),
    (spoil("failure = 'stopped'"), {"sets: each has its figures, or says why not"}),
    (spoil("in_sample = 17"), {"sets: what counts in sample is what the figures say"}),
    (spoil("out_of_sample = 17"), {"sets: what counts out of sample is what the figures say"}),
    (spoil(f"code_digest = '{OTHER}'"), {"sets: of the study's rows and sources"}),
    (spoil("config_digest = 'none'"), {"sets: each has its configuration's digest"}),
    (spoil("state_hash = NULL"), {"sets: each has its state hash"}),
]


def record_study(record: Record, name: str) -> int:
    """A whole study of three sets, the last of which the engine stopped."""
    figures = {"in_sample": {"pnl_quote": 2.5}, "out_of_sample": {"pnl_quote": 1.5}}
    sets = [
        TrialResult(trial, {"a": 1.0 + trial}, 2.5, 1.5, figures, DIGEST, DIGEST, DIGEST, digest_of(trial))
        for trial in range(SETS - 1)
    ]
    stopped = TrialResult(SETS - 1, {"a": 3.0}, None, None, None, DIGEST, DIGEST, DIGEST, None, failure="stopped")
    with record.begin() as connection:
        number = begin_study(connection, study_start(name))
        insert_results(connection, number, [*sets, stopped])
        end_study(connection, number, "complete", outcome={"best": []})
    return number


def test_the_gate_is_open_for_studies_as_they_are_recorded(record_url: str, recorded: Recorded):
    with Record.open(record_url) as record:
        ids = [record_study(record, f"sound {place}") for place in range(2)]
    result = gate("D68", record_url, recorded(1), dict.fromkeys(ids, SETS))
    assert result.passed, [str(one) for one in result.failures]
    assert [one.name for one in result.results] == [rule.name for rule in (*SESSIONS, *RULES)]


def test_without_studies_nothing_is_asked_of_them(record_url: str, recorded: Recorded):
    result = gate("D65", record_url, recorded(1))
    assert not any(one.name.startswith(("studies:", "sets:")) for one in result.results)


@pytest.fixture(scope="module")
def spoiled(lawless: str, recorded: Recorded):
    """A study for each defect, all judged by one gate."""
    with Record.open(lawless) as record:
        ids = [record_study(record, f"spoiled {place}") for place in range(len(PLANTS))]
    with psycopg.connect(lawless) as connection:
        connection.execute("ALTER TABLE tuning_results DROP CONSTRAINT tuning_results_pk")
        for number, (statement, _) in zip(ids, PLANTS, strict=True):
            done = connection.execute(statement.replace(":id", str(number)))
            assert done.rowcount == 1, statement
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("checks.suite.ROWS_SHOWN", 1_000)
        return ids, gate("D68", lawless, recorded(1), dict.fromkeys([*ids, NOBODY], SETS))


@pytest.mark.parametrize("place", range(len(PLANTS)))
def test_a_defect_fails_just_the_rules_it_breaks(spoiled, place: int):
    ids, result = spoiled
    statement, broken = PLANTS[place]
    named = rf"study_id={ids[place]}\b"
    found = {one.name for one in result.results if any(re.search(named, row) for row in one.rows)}
    assert found == broken, statement


def test_every_rule_has_a_defect_that_breaks_it(spoiled):
    _, result = spoiled
    assert {rule for _, broken in PLANTS for rule in broken} | {ABSENT} == {rule.name for rule in RULES}
    assert not any(one.passed for one in result.results if one.name.startswith(("studies:", "sets:")))


def test_a_study_that_is_not_there_closes_the_gate(spoiled):
    _, result = spoiled
    (absent,) = [one for one in result.results if one.name == ABSENT]
    assert absent.rows == (f"study_id={NOBODY} absent=1",)
