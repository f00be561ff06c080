"""The checks of scenarios: what each found of itself on every seed, and that no two of all sessions came to the same.

An injection that is off leaves a session as its baseline is; several that are off leave several alike. Six such once
passed for six scenarios, so both are asked: that the injection is measured, and that no two sessions are equal.
"""

from arbitrage_core.scenarios.judgement import alike
from arbitrage_core.scenarios.outcome import ScenarioOutcome
from flows.outcome import CampaignOutcome, Check, SeedOutcome
from flows.stages.stage import Campaign, Stage

SHOWN_MAX = 3


def baseline_of(stage: Stage) -> Campaign | None:
    """The campaign that the scenarios of a stage are compared with: its first without one, where there are any."""
    if not any(campaign.scenario for campaign in stage.campaigns):
        return None
    return next((campaign for campaign in stage.campaigns if not campaign.scenario), None)


def scenario_campaign_checks(campaign: Campaign, backtests: tuple[SeedOutcome, ...]) -> list[Check]:
    """Of one scenario: each of its findings, on every seed. A seed that was not compared fails them all."""
    if not campaign.scenario:
        return []
    compared = {seed.seed: seed.stress for seed in backtests}
    names = dict.fromkeys(finding.name for one in compared.values() if one is not None for finding in one.findings)
    return [_finding(campaign, name, compared) for name in names or ("injection is measured",)]


def scenario_stage_checks(stage: Stage, by_name: dict[str, CampaignOutcome]) -> list[Check]:
    """Of all scenarios of a stage together; none where it has none."""
    baseline = baseline_of(stage)
    scenarios = [campaign for campaign in stage.campaigns if campaign.scenario]
    if not scenarios:
        return []
    stressed = {
        (campaign.name, seed.seed): seed.stress
        for campaign in scenarios
        if campaign.name in by_name
        for seed in by_name[campaign.name].backtests
    }
    recorded = by_name[baseline.name].backtests if baseline is not None and baseline.name in by_name else ()
    return [_same_baseline(stressed, {seed.seed: seed.state_hash for seed in recorded}), _all_differ(stressed)]


def _finding(campaign: Campaign, name: str, compared: dict[int, ScenarioOutcome | None]) -> Check:
    found = {
        seed: next((finding for finding in one.findings if finding.name == name), None) if one is not None else None
        for seed, one in compared.items()
    }
    failed = [seed for seed, finding in found.items() if finding is None or not finding.passed]
    told = [finding for finding in found.values() if finding is not None]
    shown = next((finding for finding in told if not finding.passed), told[0] if told else None)
    return Check(
        name=f"{campaign.name} {name}",
        passed=bool(found) and not failed,
        observed=shown.observed if shown is not None else "nothing was compared",
        expected=f"{shown.expected if shown is not None else 'a comparison'}, every seed",
        detail=f"seeds {', '.join(map(str, failed))}" if failed else "",
    )


def _same_baseline(stressed: dict[tuple[str, int], ScenarioOutcome | None], recorded: dict[int, str]) -> Check:
    others = [
        f"{name} seed {seed}"
        for (name, seed), one in stressed.items()
        if one is None or one.baseline.state_hash != recorded.get(seed)
    ]
    return Check(
        name="scenarios start from the baseline of their seed",
        passed=bool(stressed) and not others,
        observed=f"{len(stressed) - len(others)} of {len(stressed)} sessions",
        expected="the state hash of the baseline of the same seed, every session",
        detail="; ".join(others[:SHOWN_MAX]),
    )


def _all_differ(stressed: dict[tuple[str, int], ScenarioOutcome | None]) -> Check:
    equal: list[str] = []
    for seed in sorted({seed for _, seed in stressed}):
        own = {name: one for (name, its), one in stressed.items() if its == seed and one is not None}
        if own:
            baseline = next(iter(own.values())).baseline
            found = alike(baseline, {name: one.stressed for name, one in own.items()})
            equal += [f"seed {seed}: {words}" for words in found]
    return Check(
        name="every scenario differs from the baseline and from every other",
        passed=bool(stressed) and all(stressed.values()) and not equal,
        observed=f"{len(stressed) - len(equal)} of {len(stressed)} sessions, by entries, fills, refusals and PnL",
        expected="every session",
        detail="; ".join(equal[:SHOWN_MAX]),
    )
