"""The checks of studies: sound evidence passes all, and each way to spoil it fails just the check that is about it."""

from typing import Any

import pytest

from flows.acceptance import campaign_checks
from flows.outcome import CampaignOutcome, SeedOutcome
from flows.stages.stage import Campaign
from flows.study_checks import study_checks
from tests.flows.outcomes import CAMPAIGN, campaign_outcome
from tests.flows.studies import LUCKY, SEARCHED, evidence, searched_seed

LUCK = "T1 luck is called luck"


def failed(*seeds: SeedOutcome, campaign: Campaign = SEARCHED) -> list[str]:
    """The names of those that failed."""
    return [check.name for check in study_checks(campaign, seeds) if not check.passed]


def test_sound_studies_pass_every_check() -> None:
    found = study_checks(SEARCHED, (searched_seed(1), searched_seed(2)))
    assert [check.name for check in found if not check.passed] == []
    assert len(found) == 6
    assert all(check.critical for check in found)


@pytest.mark.parametrize(
    "changed, check",
    [
        ({"trials": 8}, "T1 every set is recorded, each once"),
        ({"planned": 0, "trials": 0}, "T1 every set is recorded, each once"),
        ({"study_id": 0}, "T1 every set is recorded, each once"),
        ({"state_hash": "a" * 64}, "T1 the best set's session is what was tried"),
        ({"state_hash": ""}, "T1 the best set's session is what was tried"),
        ({"split_differences": ("split 0 in sample: …",)}, "T1 figures in and out of sample are those of the trades"),
        ({"foreseen": ("an order …",)}, "T1 no order was decided by rows after it"),
        ({"orders_compared": 0}, "T1 no order was decided by rows after it"),
        ({"moments": 0}, "T1 no order was decided by rows after it"),
        ({"in_sample_changed": ("trial 3",)}, "T1 nothing out of sample was known in sample"),
        ({"chosen_again": False}, "T1 nothing out of sample was known in sample"),
        ({"out_of_sample_changed": 0}, "T1 nothing out of sample was known in sample"),
        ({"objections": ("it stands alone",)}, "T1 what holds up is told"),
    ],
)
def test_each_way_to_spoil_one_fails_its_check(changed: dict[str, Any], check: str) -> None:
    assert failed(searched_seed(1), searched_seed(2, **changed)) == [check]


def test_where_there_is_nothing_to_find_a_set_that_holds_up_is_a_failure() -> None:
    luck = {"objections": ("so many tries find its like",)}
    assert failed(searched_seed(1, **luck), searched_seed(2, **luck), campaign=LUCKY) == []
    assert failed(searched_seed(1, **luck), searched_seed(2), campaign=LUCKY) == [LUCK]


def test_as_many_hold_up_as_were_stated() -> None:
    some = SEARCHED.model_copy(update={"study": SEARCHED.study.model_copy(update={"holds_up": (1, 1)})})
    luck = {"objections": ("it stands alone",)}
    assert failed(searched_seed(1), searched_seed(2, **luck), campaign=some) == []
    assert failed(searched_seed(1), searched_seed(2), campaign=some) == ["T1 what holds up is told"]
    assert failed(searched_seed(1, **luck), searched_seed(2, **luck), campaign=some) == ["T1 what holds up is told"]


def test_a_seed_without_its_study_fails_them_all_and_so_do_no_seeds() -> None:
    lost = searched_seed(2).model_copy(update={"study": None})
    names = [check.name for check in study_checks(SEARCHED, (searched_seed(1),))]
    assert failed(searched_seed(1), lost) == names
    assert failed() == names


def test_a_campaign_without_a_study_is_not_asked() -> None:
    assert study_checks(CAMPAIGN, campaign_outcome().backtests) == []


def test_the_sessions_settings_are_those_of_the_best_set() -> None:
    def named(*seeds: SeedOutcome) -> dict[str, bool]:
        outcome = CampaignOutcome(campaign="T1", run_id=7, backtests=seeds, papers=(), elapsed_s=1.0)
        return {check.name: check.passed for check in campaign_checks(SEARCHED, outcome)}

    assert named(searched_seed(1), searched_seed(2))["T1 settings as stated"]
    other = searched_seed(2).model_copy(update={"study": evidence(2, settings=("entry_spread_bps=20.0",))})
    assert not named(searched_seed(1), other)["T1 settings as stated"]
