"""Independence is claimed only of symbols that were compared, and where one parts is said."""

import pytest

from flows.report.independence_table import independence_table
from tests.flows.outcomes import CAMPAIGN, STAGE, campaign_outcome, seed_outcome

ALONE = STAGE.model_copy(update={"campaigns": (CAMPAIGN.model_copy(update={"alone": True}),)})
PARTS = tuple(f"S{n} alone: fills[{n}] differs" for n in range(5))
CASES = [
    ([(5, ()), (5, ())], "| ✅ | C1 | 2 | 10 | 10 | nowhere |"),
    ([(5, ()), (5, PARTS[:1])], "| ❌ | C1 | 2 | 10 | 9 | seed 2: S0 alone: fills\\[0\\] differs |"),
    ([(5, ()), (0, ())], "| ❌ | C1 | 2 | 5 | 5 | nowhere |"),
    ([(0, ())], "| ❌ | C1 | 1 | 0 | 0 | not compared |"),
    ([], "| ❌ | C1 | 0 | 0 | 0 | not compared |"),
]


@pytest.mark.parametrize("seeds, row", CASES)
def test_a_campaign_has_a_row(seeds: list, row: str):
    backtests = tuple(
        seed_outcome(number, compared_alone=compared, not_independent=parted)
        for number, (compared, parted) in enumerate(seeds, 1)
    )
    assert independence_table(ALONE, {"C1": campaign_outcome(backtests=backtests)}).splitlines()[2:] == [row]


def test_many_places_are_cut_and_counted():
    spoilt = campaign_outcome(backtests=(seed_outcome(1, compared_alone=9, not_independent=PARTS),))
    assert independence_table(ALONE, {"C1": spoilt}).endswith("fills\\[2\\] differs; and 2 more |")


def test_without_such_a_campaign_there_is_no_table_and_one_not_run_is_not_passed():
    assert independence_table(STAGE, {"C1": campaign_outcome()}) == ""
    assert "| ❌ | C1 | 0 | 0 | 0 | not compared |" in independence_table(ALONE, {})
