"""The studies of D68 on seeds that the stage does not have: on how many the best set holds up, and what floor follows.

    python -m tests.flows.stages.other_seeds [FIRST-LAST]

Seeds 101 to 140 unless told otherwise, a few minutes, on a PostgreSQL of its own. The floor of a campaign is the
largest number of D68's seeds that as many or more come out on in 19 of 20 cases, if no larger share holds up than the
lower 95 % bound of the share found here. Exits 1 when the stage asks for more, or when luck is said to hold up.
"""

import sys
from math import comb

from arbitrage_core.services.postgres import Postgres
from flows.campaign_run import Ground, run_campaigns
from flows.stages.d68 import D68
from flows.stages.stage import SEEDS
from tests.services.servers import home_folder, no_notice
from tests.statistics.binomial_bound import lower_bound

CASES = 0.95


def floor_of(held: int, tried: int, seeds: int = len(SEEDS)) -> int:
    """On so many of `seeds` seeds at least, when `held` of `tried` others held up."""
    share = lower_bound(held, tried)
    chances = [comb(seeds, k) * share**k * (1.0 - share) ** (seeds - k) for k in range(seeds + 1)]
    return max(least for least in range(seeds + 1) if sum(chances[least:]) >= CASES)


def main(words: list[str]) -> int:
    """Runs the studies and prints a line a campaign; the exit code."""
    first, _, last = (words[0] if words else "101-140").partition("-")
    seeds = tuple(range(int(first), int(last or first) + 1))
    campaigns = tuple(campaign.model_copy(update={"seeds": seeds}) for campaign in D68.campaigns)
    with home_folder() as home:
        server, wrong = Postgres(home), 0
        try:
            here = Ground(home, "other seeds", server.url(server.ensure(no_notice).port), "redis://127.0.0.1:1")
            outcomes = run_campaigns(campaigns, here, stage=None, notice=print)
        finally:
            server.stop()
    for campaign, outcome in zip(campaigns, outcomes, strict=True):
        studies = [seed.study for seed in outcome.backtests if seed.study is not None]
        held, (least, _) = sum(not one.objections for one in studies), campaign.study.holds_up
        floor = floor_of(held, len(seeds)) if least else 0
        bad = least > floor if least else held > 0
        wrong += bad
        print(f"{campaign.name}: holds up on {held} of {len(seeds)}; floor {floor}, the stage asks for {least}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
