"""The audit: how a feature stands by what exists and what was measured, and that nothing passes for want of looking."""

from typing import Any

import pytest
from pydantic import ValidationError

from arbitrage_core.domain.errors import InvariantBroken
from flows.audit import Evidence, Finding, Mark, always_yes, audited, gaps_of
from flows.outcome import CampaignOutcome, Check
from flows.stages.feature import Feature, Probe
from tests.flows.outcomes import campaign_outcome, seed_outcome

EXISTING = {"code": ("flows.audit:audited",), "tests": ("tests/flows/test_audit.py",)}
PASSED = Check(name="replay is identical", passed=True, observed="", expected="")
FAILED = PASSED.model_copy(update={"passed": False})


def feature(probe: Probe, **changed: Any) -> Feature:
    return Feature(**{"name": "Replay", "stage": "D65", "why": "it matters", "probe": probe, **EXISTING, **changed})


def finding(probe: Probe, evidence: Evidence, **changed: Any) -> Finding:
    (found,) = audited([feature(probe, **changed)], evidence)
    return found


def ran(**changed: Any) -> tuple[CampaignOutcome, ...]:
    """A campaign of two seeds."""
    return (campaign_outcome(backtests=tuple(seed_outcome(seed, **changed) for seed in (1, 2)), papers=()),)


FIGURES = Probe(stages=("D64", "D65"), figures=("exits.STOP_LOSS",), least=3)
TOGETHER = Probe(stages=("D64", "D65"), figures=("exits.STOP_LOSS",), least=3, together=True)
MANY, FEW, NONE = {"exits": {"STOP_LOSS": 2}}, {"exits": {"STOP_LOSS": 1}}, {"exits": {"CONVERGED": 9}}
CHECKS = Probe(stages=("D65",), checks=("replay is *",))
TABLE = Probe(stages=("D70",), table="session_snapshots", least=2)
CASES = [
    (FIGURES, Evidence(), Mark.LIMITED, "nothing measured on this code yet: D64, D65 not run"),
    (FIGURES, Evidence({"D65": ran(**MANY)}), Mark.MET, "STOP_LOSS 4 in D65"),
    (FIGURES, Evidence({"D65": ran(**FEW)}), Mark.MISSING, "STOP_LOSS 2 in D65"),
    (FIGURES, Evidence({"D65": ran(**NONE)}), Mark.MISSING, "STOP_LOSS 0 in D65"),
    (FIGURES, Evidence({"D64": ran(**MANY), "D65": ran(**NONE)}), Mark.MISSING, "4 in D64, STOP_LOSS 0 in D65"),
    (TOGETHER, Evidence({"D64": ran(**FEW), "D65": ran(**FEW)}), Mark.MET, "STOP_LOSS 4 in D64, D65"),
    (TOGETHER, Evidence({"D64": ran(**FEW)}), Mark.LIMITED, "D65 not run"),
    (TOGETHER, Evidence({"D64": ran(**MANY)}), Mark.MET, "STOP_LOSS 4 in D64"),
    (TOGETHER, Evidence({"D64": ran(**FEW), "D65": ran(**NONE)}), Mark.MISSING, "STOP_LOSS 2 in D64, D65"),
    (CHECKS, Evidence(), Mark.LIMITED, "D65 not run"),
    (CHECKS, Evidence(checks={"D65": (PASSED,)}), Mark.MET, "1 checks passed"),
    (CHECKS, Evidence(checks={"D65": (FAILED,)}), Mark.MISSING, "'replay is identical' failed"),
    (CHECKS, Evidence(checks={"D65": ()}), Mark.MISSING, "no check 'replay is *'"),
    (TABLE, Evidence(), Mark.LIMITED, "D70 not run"),
    (TABLE, Evidence(checks={"D70": ()}), Mark.MISSING, "fewer than 2"),
    (TABLE, Evidence(checks={"D70": ()}, rows={TABLE: 1}), Mark.MISSING, "fewer than 2"),
    (TABLE, Evidence(rows={TABLE: 2}), Mark.MET, "2 row or more"),
]


@pytest.mark.parametrize("probe,evidence,state,words", CASES)
def test_a_feature_stands_by_what_was_measured(probe: Probe, evidence: Evidence, state: Mark, words: str) -> None:
    found = finding(probe, evidence)
    assert (found.state, words in found.evidence) == (state, True), found.evidence


@pytest.mark.parametrize(
    "missing", [{"code": ("flows.audit:gone",)}, {"tests": ("tests/flows/test_audit.py::test_gone",)}]
)
def test_without_code_or_test_nothing_measured_helps(missing: dict[str, Any]) -> None:
    found = finding(CHECKS, Evidence(checks={"D65": (PASSED,)}), **missing)
    assert found.state is Mark.MISSING
    assert "gone" in found.evidence


def test_a_stated_limit_is_never_met_and_never_hides_what_is_missing() -> None:
    limited = finding(CHECKS, Evidence(checks={"D65": (PASSED,)}), limit="of one level only")
    assert (limited.state, limited.evidence.endswith("of one level only")) == (Mark.LIMITED, True)
    assert finding(CHECKS, Evidence(checks={"D65": (FAILED,)}), limit="of one level").state is Mark.MISSING


def test_only_what_is_critical_and_missing_is_a_gap_of_its_stage() -> None:
    absent = Evidence({"D65": ran(**NONE)})
    gap = finding(FIGURES, absent)
    assert gaps_of([gap]) == (gap,)
    assert gaps_of([gap], ("D64",)) == ()
    assert gaps_of([finding(FIGURES, absent, critical=False), finding(FIGURES, Evidence())]) == ()


def test_a_blind_audit_sees_everything() -> None:
    (found,) = audited([feature(FIGURES)], Evidence({"D65": ran(**NONE)}), always_yes)
    assert found.state is Mark.MET


def test_this_run_takes_the_place_of_an_earlier_one() -> None:
    before = Evidence({"D65": ran(**MANY)}, {"D65": (PASSED,)})
    now = before.with_run("D65", ran(**NONE), (FAILED,))
    assert finding(FIGURES, before).state is finding(CHECKS, before).state is Mark.MET
    assert finding(FIGURES, now).state is finding(CHECKS, now).state is Mark.MISSING


def test_a_probe_into_nothing_is_a_defect() -> None:
    with pytest.raises(InvariantBroken, match=r"nothing at 'exit.STOP_LOSS'"):
        finding(Probe(stages=("D65",), figures=("exit.STOP_LOSS",)), Evidence({"D65": ran()}))


@pytest.mark.parametrize(
    "parts", [{}, {"table": "orders", "checks": ("*",)}, {"checks": ("*",), "where": (("a", "b"),)}]
)
def test_a_probe_looks_at_one_thing(parts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Probe(stages=("D65",), **parts)
