"""The gate is open for what a session really recorded, and closed, naming rule and rows, by every single defect."""

import re

import psycopg
import pytest

from arbitrage_core.storage.record.availability import RecordAway
from checks import gate
from checks.gate import RULES
from tests.checks.conftest import Recorded
from tests.checks.plants import PLANTS

NOBODY = 1_000_000


def test_the_gate_is_open_for_what_sessions_recorded(record_url: str, recorded: Recorded):
    result = gate("D65", record_url, recorded(2))
    assert result.passed, [str(one) for one in result.failures]
    assert result.failures == result.warnings == []
    assert [one.name for one in result.results] == [rule.name for rule in RULES]
    assert all("rows, all so" in one.observed for one in result.results)
    assert not any(one.observed.startswith("0 rows") for one in result.results)
    assert result.timings_s["total"] > 0


@pytest.fixture(scope="module")
def spoiled(lawless: str, recorded: Recorded):
    """A session for each defect, all judged by one gate."""
    ids = recorded(len(PLANTS))
    with psycopg.connect(lawless) as connection:
        for session_id, (statement, _) in zip(ids, PLANTS, strict=True):
            done = connection.execute(re.sub(r":id\b", str(session_id), statement))
            assert done.rowcount == 1, statement
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("checks.suite.ROWS_SHOWN", 1_000)  # a rule that many defects break would show the first few only
        return ids, gate("D65", lawless, [*ids, NOBODY])


@pytest.mark.parametrize("place", range(len(PLANTS)))
def test_a_defect_fails_just_the_rules_it_breaks(spoiled, place: int):
    ids, result = spoiled
    statement, broken = PLANTS[place]
    named = rf"session_id={ids[place]}\b"
    found = {one.name for one in result.results if any(re.search(named, row) for row in one.rows)}
    assert found == broken, statement


def test_every_rule_has_a_defect_that_breaks_it(spoiled):
    _, result = spoiled
    absent = "sessions: all that were asked for are in the record"
    assert {rule for _, broken in PLANTS for rule in broken} | {absent} == {rule.name for rule in RULES}
    assert all(not one.passed for one in result.results)


def test_a_session_that_is_not_there_closes_the_gate(spoiled):
    _, result = spoiled
    assert f"session_id={NOBODY} absent=1" in result.results[0].rows
    assert not result.passed


def test_a_failed_check_says_what_was_seen_and_names_at_most_five_rows(spoiled, lawless: str):
    ids, _ = spoiled
    result = gate("D65", lawless, ids)
    for one in result.results[1:]:  # all of these are there
        assert 1 <= len(one.rows) <= 5
        assert re.search(r"^\d+ of [\d,]+ rows are not so$", one.observed)
        assert one.expected
    assert len(max(result.results, key=lambda one: len(one.rows)).rows) == 5
    assert [one.name for one in result.warnings] == ["sessions: every order ended"]


def test_a_gate_over_nothing_is_not_passed(record_url: str):
    assert not gate("D65", record_url, []).passed


def test_sessions_that_are_not_there_are_named_not_raised(record_url: str):
    result = gate("D65", record_url, [NOBODY])
    assert [one.name for one in result.failures] == ["sessions: all that were asked for are in the record"]


def test_a_database_that_is_away_is_said_so(record_url: str):
    with pytest.raises(RecordAway):
        gate("D65", "postgresql://nobody:nothing@127.0.0.1:1/none", [1])
