"""Stage D69 as data, and what it asks: accepted as it is, rejected with the injection off or a verdict too sure.

Scenarios on one seed, verdicts on all of them: that none of twenty seeds is called TRADE, one would not show.
"""

import pytest

from arbitrage_core.scenarios.catalogue import SCENARIOS
from arbitrage_core.session.variation import with_taker_fee
from arbitrage_core.statistics.verdict import Outcome
from flows.acceptance import campaign_checks, stage_checks, verdict_of
from flows.outcome import CampaignOutcome
from flows.report.symbols_apart import shown_seed
from flows.scenario_checks import baseline_of
from flows.seed_faults import SeedFault, defect_of, judge_sanguinely
from flows.seed_rows import config_of, feed_of
from flows.seed_stress import Stress
from flows.stages.d65 import D65
from flows.stages.d69 import D69, R0, SCENARIO_CAMPAIGNS, V1, V2, V3, VERDICT_CAMPAIGNS
from flows.stages.stage import SEEDS, Stage, VerdictBand
from tests.flows import verdict_outcomes
from tests.flows.scenario_outcomes import outcome_of, outcomes
from tests.scenarios.stressed import SEED, base

NEVER_TRADE = VerdictBand(says=Outcome.TRADE, least=0, most=0)
STRESSED = (R0, *SCENARIO_CAMPAIGNS)
DIFFER = "every scenario differs from the baseline and from every other"
SAME_BASELINE = "scenarios start from the baseline of their seed"


def small_stage() -> Stage:
    """D69 with its first seed, and without verdicts."""
    campaigns = (campaign.model_copy(update={"seeds": (SEED,), "paper_seed": None}) for campaign in STRESSED)
    return D69.model_copy(update={"campaigns": tuple(campaigns)})


def failed(found: tuple[CampaignOutcome, ...]) -> list[str]:
    return [check.name for check in stage_checks(small_stage(), found) if not check.passed]


def spoilt(**changed: object) -> tuple[CampaignOutcome, ...]:
    """Sound outcomes, but for the first scenario's seed."""
    baseline, first, *others = outcomes()
    (seed,) = first.backtests
    return (baseline, first.model_copy(update={"backtests": (seed.model_copy(update=changed),)}), *others)


def test_it_has_a_campaign_for_each_scenario_on_the_seeds_of_the_baseline() -> None:
    assert [campaign.scenario for campaign in STRESSED] == ["", *SCENARIOS]
    assert {campaign.seeds for campaign in STRESSED} == {(2, 3, 4)}
    assert {shown_seed(campaign) for campaign in STRESSED} == {2}
    assert D69.campaigns == (*STRESSED, *VERDICT_CAMPAIGNS)
    assert baseline_of(D69) is R0
    assert baseline_of(D65) is None


def test_scenarios_have_the_settings_of_the_baseline() -> None:
    assert {config_of(campaign, 2).digest for campaign in STRESSED} == {config_of(R0, 2).digest}


def test_on_one_seed_all_of_its_own_checks_pass() -> None:
    checks = stage_checks(small_stage(), outcomes())
    assert failed(outcomes()) == []
    assert verdict_of(D69, checks) == "D69_ACCEPTED"
    assert {SAME_BASELINE, DIFFER} <= {check.name for check in checks}


def test_with_every_injection_off_the_checks_that_name_it_reject_the_stage() -> None:
    assert defect_of(SeedFault.INJECTION_OFF).injects_nothing
    names = failed(outcomes(injects=False))
    assert {f"{campaign.name} injection is measured" for campaign in SCENARIO_CAMPAIGNS} <= set(names)
    assert {DIFFER, "every guard trips"} <= set(names)


@pytest.mark.parametrize("campaign", SCENARIO_CAMPAIGNS, ids=lambda campaign: campaign.scenario)
def test_a_single_injection_that_is_off_is_named(campaign) -> None:
    mixed = tuple(outcome_of(one, injects=one is not campaign) if one.scenario else outcome_of(one) for one in STRESSED)
    names = failed(mixed)
    assert f"{campaign.name} injection is measured" in names
    assert DIFFER in names
    assert not any(name.split(" ")[0] != campaign.name for name in names if name.endswith("injection is measured"))


def test_a_seed_that_was_not_compared_fails_its_scenario() -> None:
    assert {"R1 injection is measured", SAME_BASELINE, DIFFER} <= set(failed(spoilt(stress=None)))


def test_scenarios_of_another_baseline_are_told() -> None:
    baseline, *others = outcomes()
    (seed,) = baseline.backtests
    other = baseline.model_copy(update={"backtests": (seed.model_copy(update={"state_hash": "0" * 64}),)})
    assert failed((other, *others)) == [SAME_BASELINE]


def test_two_scenarios_that_came_to_the_same_are_told() -> None:
    second = outcome_of(SCENARIO_CAMPAIGNS[1]).backtests[0].stress
    assert DIFFER in failed(spoilt(stress=second))


def test_a_scenario_that_was_not_run_is_missed() -> None:
    baseline, _, *others = outcomes()
    assert {"R1 every seed ran", "R1 injection is measured"} <= set(failed((baseline, *others)))


def test_one_scenario_alone_is_checked_by_what_it_found() -> None:
    campaign = small_stage().campaigns[2]
    checks = campaign_checks(campaign, outcome_of(SCENARIO_CAMPAIGNS[1]))
    assert all(check.passed for check in checks)
    assert "R2 matched orders cost just what was injected" in {check.name for check in checks}


def test_a_check_is_spared_only_where_a_scenario_rules_it_out() -> None:
    checks = {check.name: check for check in stage_checks(small_stage(), outcomes())}
    asked = len(STRESSED) - 2
    assert checks["no win rate is all or nothing"].observed == f"{asked} of {asked} sessions"


def test_the_rows_of_a_seed_are_those_it_is_stressed_with() -> None:
    campaign = SCENARIO_CAMPAIGNS[3]
    stress = Stress.of(campaign, SEED, base())
    assert stress is not None
    assert feed_of(campaign, SEED).identity() == stress.feed.identity()
    assert Stress.of(R0, SEED, base()) is None


# -------------------------------------------------------------------------------------------------------- verdicts


def test_verdicts_are_asked_of_the_seeds_that_were_fixed_and_of_every_answer_there_is() -> None:
    assert {campaign.seeds for campaign in VERDICT_CAMPAIGNS} == {SEEDS}
    assert {band.says for campaign in VERDICT_CAMPAIGNS for band in campaign.verdicts if band.least} == set(Outcome)
    never = [one.name for one in VERDICT_CAMPAIGNS if NEVER_TRADE in one.verdicts]
    assert never == ["V2", "V3", "V4"]


def test_the_first_three_trade_one_market_alike_but_for_the_fee_and_how_long() -> None:
    assert V3.rows is not None
    assert V3.rows * 10 < V1.rows == V2.rows
    assert {one.preset for one in (V1, V2, V3)} == {"high"}
    assert config_of(V1, 1).digest == config_of(V3, 1).digest
    other = config_of(V2, 1)
    assert with_taker_fee(other, 4.0).digest == config_of(V1, 1).digest
    assert {market.taker_fee_bps for market in other.markets} == {6.0}


@pytest.mark.parametrize("campaign", VERDICT_CAMPAIGNS, ids=lambda campaign: campaign.name)
def test_the_verdict_says_of_each_market_what_was_stated_on_every_seed(campaign) -> None:
    checks = campaign_checks(campaign, verdict_outcomes.outcome_of(campaign.name))
    assert [check.name for check in checks if not check.passed] == []


def test_a_verdict_without_uncertainty_is_rejected() -> None:
    assert defect_of(SeedFault.VERDICT_SANGUINE).judged is judge_sanguinely
    found = verdict_outcomes.outcome_of("V2", sanguine=True)
    failed = {check.name: check for check in campaign_checks(V2, found) if not check.passed}
    assert set(failed) == {
        "V2 verdict is TRADE",
        "V2 interval holds the market's mean",
        "V2 probability agrees with the interval",
    }
    assert failed["V2 verdict is TRADE"].observed.startswith("7 of 20 seeds")
