"""The gate: what the checks on the record found, as checks of a stage."""

from checks import gate
from flows.outcome import CampaignOutcome, Check


def gate_checks(stage: str, postgres_url: str, campaigns: tuple[CampaignOutcome, ...]) -> tuple[Check, ...]:
    """Runs the suites on every session of these campaigns. A session that never reached the record is none of them;
    that it is missing, the stage's own checks say."""
    sessions = sorted({seed.record_id for campaign in campaigns for seed in campaign.all if seed.record_id})
    studies = {
        seed.study.study_id: seed.study.planned
        for campaign in campaigns
        for seed in campaign.backtests
        if seed.study is not None
    }
    found = gate(stage, postgres_url, sessions, studies)
    return tuple(
        Check(
            name=result.name,
            passed=result.passed,
            observed=result.observed,
            expected=result.expected,
            critical=result.critical,
            detail="; ".join(result.rows),
        )
        for result in found.results
    )
