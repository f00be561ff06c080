"""The verdict on a seed through the whole campaign run: recorded, judged, read back, and the same after JSON."""

import pytest

from arbitrage_core.services.home import checkout_id
from arbitrage_core.statistics.break_even import Reach
from flows.acceptance import campaign_checks
from flows.campaign_run import Ground, run_campaigns
from flows.outcome import CampaignOutcome
from flows.seed_faults import SeedFault
from flows.seed_verdict import TRIALS, _ends
from flows.stages.d69 import V3
from flows.stages.stage import VerdictBand
from tests.flows.verdict_outcomes import seed_outcome
from tests.services.servers import postgres_url

__all__ = ["postgres_url"]

SEEDS = (1, 2, 3)
SHORT = V3.model_copy(update={"seeds": SEEDS, "verdicts": (VerdictBand(says="NOT ENOUGH EVIDENCE", least=3, most=3),)})


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Ground:
    return Ground(tmp_path_factory.mktemp("home"), checkout_id(), postgres_url, "", workers=1)


@pytest.fixture(scope="module")
def outcome(ground: Ground) -> CampaignOutcome:
    return run_campaigns((SHORT,), ground)[0]


def test_each_seed_is_judged_and_found_again_in_its_record(outcome: CampaignOutcome):
    assert [check.name for check in campaign_checks(SHORT, outcome) if not check.passed] == []
    for seed in outcome.backtests:
        assert seed.judged.recorded.trades == seed.figures["closed"] + seed.figures["unwound"]
        assert float(seed.judged.recorded.realised_quote) == pytest.approx(seed.figures["pnl_quote"], abs=1e-9)
        assert [one.trials for one in seed.judged.counted] == list(TRIALS)


def test_what_is_recorded_is_what_the_log_adds_up_to(outcome: CampaignOutcome):
    assert outcome.backtests[0].judged == seed_outcome(SHORT, 1).judged


def test_only_the_seed_that_is_shown_is_run_again(outcome: CampaignOutcome):
    shown, *others = [seed.judged for seed in outcome.backtests]
    assert {one.setting for one in shown.again} == {"taker_fee_bps", "latency_ms"}
    assert set(shown.document["curves"]) == {"fee_bps", "latency_ms", "size_factor"}
    assert all("curves" not in one.document and one.again == () for one in others)


def test_it_comes_back_from_json_as_it_went(outcome: CampaignOutcome):
    assert CampaignOutcome.model_validate_json(outcome.model_dump_json()) == outcome


def test_the_fault_that_knows_no_uncertainty_is_planted_in_every_seed(ground: Ground):
    (found,) = run_campaigns((SHORT,), ground, fault=SeedFault.VERDICT_SANGUINE)
    assert all(seed.judged.low_quote == seed.judged.expectancy_quote for seed in found.backtests)


@pytest.mark.parametrize(
    "reach, value, ends",
    [
        (Reach.UP_TO, 2.0, [(2.0, True), (4.0, False)]),
        (Reach.THROUGHOUT, None, [(8.0, True)]),
        (Reach.NOWHERE, None, [(0.0, False)]),
    ],
)
def test_the_ends_that_are_run_again(reach: Reach, value: float | None, ends: list):
    assert _ends(reach, value, [0.0, 2.0, 4.0, 8.0]) == ends
