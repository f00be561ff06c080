"""The audit's checks: a list that is not whole, a gap without an owner, a stage out of order or with an open gap."""

import pytest

from flows.audit import Evidence, Finding, Mark, audited
from flows.audit_checks import gap_check, list_checks, order_check
from flows.outcome import Standing
from flows.report.audit_report import audit_report
from flows.stages.d64 import D64
from flows.stages.features import FEATURES, FEATURES_MIN

FINDINGS = audited(FEATURES, Evidence())
REPORT = audit_report(FINDINGS, D64, (), None)


def failed(features=FEATURES, findings=FINDINGS, report=REPORT) -> dict[str, str]:
    return {check.name: check.detail for check in list_checks(features, findings, report) if not check.passed}


def finding(stage: str, state: Mark = Mark.MISSING, *, critical: bool = True) -> Finding:
    return Finding(name="Resume", stage=stage, state=state, evidence="no code", critical=critical, why="it matters")


def standing(stage: str, *, accepted: bool = True, verdict_id: int | None = 7) -> Standing:
    return Standing(stage=stage, accepted=accepted, verdict_id=verdict_id, cited=True)


def test_the_list_of_features_is_whole() -> None:
    assert failed() == {}
    assert len(FEATURES) >= FEATURES_MIN


def test_a_list_that_lost_features_or_a_stage_or_names_one_twice_is_not_complete() -> None:
    few, ownerless = FEATURES[: FEATURES_MIN - 1], tuple(one for one in FEATURES if one.stage != "D72")
    assert "25 features" in failed(few, audited(few, Evidence()))["audit is complete"]
    assert "D72 owns nothing" in failed(ownerless, audited(ownerless, Evidence()))["audit is complete"]
    twice = (*FEATURES, FEATURES[0])
    assert "is there twice" in failed(twice, audited(twice, Evidence()))["audit is complete"]
    assert "not every feature" in failed(findings=FINDINGS[1:])["audit is complete"]
    stray = (*FEATURES, FEATURES[0].model_copy(update={"name": "Stray", "stage": "D99"}))
    assert "D99 is no stage" in failed(stray, audited(stray, Evidence()))["audit is complete"]


def test_a_gap_that_the_report_leaves_out_is_found() -> None:
    gap = next(one for one in FINDINGS if one.is_gap)
    shortened = "\n".join(line for line in REPORT.splitlines() if gap.name not in line)
    assert gap.name in failed(report=shortened)["audit lists every gap with its owner"]
    assert "audit lists every gap with its owner" in failed(findings=())


@pytest.mark.parametrize(
    "standings,passed,observed",
    [
        ([standing("D64"), standing("D65")], True, "D64 accepted, D65 accepted"),
        ([], False, "D64 not run, D65 not run"),
        ([standing("D64")], False, "D64 accepted, D65 not run"),
        ([standing("D64", accepted=False)], False, "D64 rejected, D65 not run"),
        (
            [standing("D64"), standing("D65", accepted=False, verdict_id=None)],
            False,
            "D64 accepted, D65 not there yet",
        ),
    ],
)
def test_a_stage_rests_on_those_before_it(standings: list[Standing], passed: bool, observed: str) -> None:
    check = order_check("D66", standings)
    assert (check.passed, check.observed) == (passed, observed)
    assert passed or "D6" in check.detail


@pytest.mark.parametrize(
    "gaps,passed",
    [
        ([finding("D65", Mark.MET)], True),
        ([finding("D66")], True),
        ([finding("D65", critical=False)], True),
        ([finding("D65", Mark.LIMITED)], True),
        ([finding("D65")], False),
        ([finding("D64")], False),
        ([], False),
    ],
)
def test_a_stage_has_no_open_critical_gap_and_none_is_carried_over(gaps: list[Finding], passed: bool) -> None:
    check = gap_check("D65", gaps)
    assert check.passed is passed
    assert passed or not gaps or "Resume" in check.detail
