"""Audit and roadmap as text: every finding and gap with its owner, and nothing of when, where or how fast."""

from flows.audit import Evidence, Mark, audited
from flows.outcome import CampaignOutcome, Standing
from flows.report.audit_report import audit_report
from flows.report.roadmap import roadmap
from flows.stages.d64 import D64, S1
from flows.stages.features import FEATURES
from flows.stages.order import ROAD
from tests.flows.outcomes import seed_outcome

FINDINGS = audited(FEATURES, Evidence())
MUTANTS = {
    "mutants": 50,
    "killed": 48,
    "survived": [
        {"file": "engine/exits.py", "line": 3, "operator": "<", "before": "a | b", "after": "a", "why": "too rare"}
    ],
    "equivalent": [{"file": "engine/step.py", "why": "the same either way"}],
}


def outcome(elapsed_s: float = 1.0, **figures: float) -> CampaignOutcome:
    seed = seed_outcome(1, campaign="S1", figures={"closed": 300, "win_rate": 0.5, **figures}, elapsed_s=elapsed_s)
    return CampaignOutcome(campaign="S1", run_id=1, backtests=(seed,), papers=(), elapsed_s=elapsed_s)


def test_every_feature_and_every_gap_is_there_with_its_owner() -> None:
    report = audit_report(FINDINGS, D64, (), None)
    lines = report.splitlines()
    for one in FINDINGS:
        assert any(one.name.replace("_", "\\_") in line and f"| {one.stage} |" in line for line in lines), one.name
    assert "Surviving mutants" not in report
    gaps = report.split("## Critical gaps")[1].split("## The matrix")[0]
    assert [gaps.count(f"| {one.stage} | {one.name} |") for one in FINDINGS if one.is_gap].count(1) == sum(
        one.is_gap for one in FINDINGS
    )


def test_a_standard_campaign_shows_what_was_asked_and_seen() -> None:
    assert "| ⚠️ | closed | 250 | – |" in audit_report(FINDINGS, D64, (), None)
    report = audit_report(FINDINGS, D64, (outcome(),), None)
    assert "| ✅ | closed | 250 | 300 |" in report
    assert "| ❌ | STOP LOSS | 10 | 0 |" in report
    assert "| ✅ | win rate | 30.0 to 70.0 % | 50.0 to 50.0 % |" in report
    assert f"./arb campaign {S1.name} --mode paper --pace real" in report


def test_surviving_mutants_are_listed() -> None:
    report = audit_report(FINDINGS, D64, (), MUTANTS)
    assert "one at a time, the tests noticed 48; 1 survived. That is 98.0 % of those that change anything" in report
    assert "| `engine/exits.py:3` |" in report
    assert "the same either way" in report


def test_the_same_evidence_gives_the_same_bytes() -> None:
    assert audit_report(FINDINGS, D64, (outcome(1.0),), MUTANTS) == audit_report(
        FINDINGS, D64, (outcome(9.0),), MUTANTS
    )


def test_the_roadmap_says_of_every_stage_what_it_is_for_and_where_it_stands() -> None:
    standings = {
        "D64": Standing(stage="D64", accepted=True, verdict_id=3, cited=True),
        "D65": Standing(stage="D65", accepted=False, verdict_id=4, cited=True),
    }
    text = roadmap(FINDINGS, standings, ("D64", "D65", "D66"))
    again = {name: one.model_copy(update={"verdict_id": 90}) for name, one in standings.items()}
    assert roadmap(FINDINGS, again, ("D64", "D65", "D66")) == text
    stands = {
        line.split(" | ")[0].strip("| "): line.split(" | ")[2] for line in text.splitlines() if line[:4] == "| D6"
    }
    assert stands["D64"] == f"{Mark.MET} accepted"
    assert stands["D65"] == f"{Mark.MISSING} rejected"
    assert stands["D66"] == "not judged on this code yet"
    assert stands["D67"] == "not written yet"
    assert all(one.goal in text and f"## {one.name}: " in text for one in ROAD)
