"""Stage D68 as data, and on one seed what it asks: passed as it is, failed with a look ahead or a leaking split."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.reader import session_row
from arbitrage_core.storage.record.studies import read_results
from flows.acceptance import campaign_checks
from flows.campaign_run import Ground, begin_campaign
from flows.gate import gate_checks
from flows.outcome import CampaignOutcome, SeedOutcome
from flows.seed_faults import SeedFault
from flows.seed_run import SeedOrder, run_seed
from flows.seed_study import definition_of
from flows.stages.d68 import D68, T1, T2, T3
from flows.stages.stage import SEEDS, Campaign
from tests.services.servers import postgres_url
from tests.storage.record.conftest import empty_url, new_database

__all__ = ["empty_url", "new_database", "postgres_url"]

ROWS, SEED = 60_000, 101
AHEAD = "no order was decided by rows after it"
KNOWN = "nothing out of sample was known in sample"
SPLITS = "figures in and out of sample are those of the trades"
SIZE = {"closed trades", "what holds up is told", "out of sample pnl quote", "deflated sharpe"}
"""Checks that so few rows need not pass."""


def small(campaign: Campaign) -> Campaign:
    """One seed that the stage does not have, with fewer rows and sets."""
    plan = campaign.study.model_copy(update={"trials": 12, "embargo_ms": 5_000.0})
    return campaign.model_copy(update={"seeds": (SEED,), "rows": ROWS, "study": plan})


Run = Callable[..., tuple[CampaignOutcome, Ground]]


@pytest.fixture
def run(new_database: Callable[[], str], tmp_path: Path) -> Run:
    """Runs the seed of a small campaign, with a planted defect or without."""

    def run_one(campaign: Campaign, fault: SeedFault | None = None) -> tuple[CampaignOutcome, Ground]:
        here = Ground(tmp_path, "test", new_database(), "redis://127.0.0.1:1")
        here.sessions.mkdir()
        number = begin_campaign(campaign, here, "D68", None, fault)
        seed = run_seed(SeedOrder(campaign, SEED, number, here.sessions, here.postgres_url, fault))
        return CampaignOutcome(campaign=campaign.name, run_id=number, backtests=(seed,), papers=(), elapsed_s=1.0), here

    return run_one


def failed(campaign: Campaign, outcome: CampaignOutcome) -> set[str]:
    """Names of checks without that of the campaign, but for those of `SIZE`."""
    names = {check.name for check in campaign_checks(campaign, outcome) if not check.passed}
    return {name.removeprefix(f"{campaign.name} ") for name in names} - SIZE


def the_seed(outcome: CampaignOutcome) -> SeedOutcome:
    (seed,) = outcome.backtests
    return seed


def test_every_campaign_searches_on_the_seeds_fixed_beforehand() -> None:
    assert {campaign.seeds for campaign in D68.campaigns} == {SEEDS}
    for campaign in D68.campaigns:
        definition = definition_of(campaign.study, 1)
        assert set(definition.space) == {"entry_spread_bps", "hold_max_ms"}
        assert definition.scenarios == campaign.study.scenarios


def test_a_grid_has_as_many_sets_as_are_asked_for() -> None:
    size = 1
    for one in definition_of(T1.study, 1).space.values():
        size *= len(one.grid() or ())
    assert size == T1.study.trials


@pytest.mark.parametrize("beside", [{"scenario": "FEE_SURGE"}, {"alone": True}, {"paper_seed": 1}], ids=str)
def test_a_study_has_nothing_beside_it_that_would_not_know_its_settings(beside: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="a study, and"):
        Campaign.model_validate({**T1.model_dump(), **beside})


@pytest.mark.parametrize("campaign", [T1, T2, T3], ids=lambda campaign: campaign.name)
def test_a_seed_is_searched_recorded_and_traded(campaign: Campaign, run: Run) -> None:
    outcome, here = run(small(campaign))
    seed = the_seed(outcome)
    assert seed.study is not None, seed.findings
    assert failed(small(campaign), outcome) == set()
    assert seed.figures["in_sample_pnl_quote"] == seed.study.in_sample["pnl_quote"]
    gate = gate_checks("D68", here.postgres_url, (outcome,))
    assert [check.name for check in gate if not check.passed] == []
    assert any(check.name == "sets: each once" for check in gate)
    with Record.open(here.postgres_url) as record, record.begin() as connection:
        results = read_results(connection, seed.study.study_id)
        traded = session_row(record, seed.record_id)
    assert [one.trial for one in results] == list(range(12))
    assert traded.state_hash == results[seed.study.trial].state_hash
    assert sorted((here.home / "tuning").rglob("*.json"))


@pytest.mark.parametrize(
    "fault, checks",
    [(SeedFault.ROW_AHEAD, {AHEAD}), (SeedFault.SPLIT_LEAKS, {SPLITS, KNOWN})],
    ids=["row-ahead", "split-leaks"],
)
def test_a_planted_defect_is_named(fault: SeedFault, checks: set[str], run: Run) -> None:
    outcome, _ = run(small(T1), fault)
    found = failed(small(T1), outcome)
    assert checks <= found <= {AHEAD, KNOWN, SPLITS}
