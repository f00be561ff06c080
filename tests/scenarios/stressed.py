"""Every scenario on one seed of D69, run once for all tests: with its injection, and with it off."""

from functools import cache

from arbitrage_core.scenarios.catalogue import SCENARIOS
from arbitrage_core.scenarios.outcome import ScenarioOutcome
from arbitrage_core.scenarios.run import Run
from arbitrage_core.scenarios.stress import run_of
from flows.seed_rows import KeptRows, base_feed_of, config_of
from flows.seed_stress import Stress
from flows.stages.d69 import R0, SCENARIO_CAMPAIGNS

CAMPAIGNS = {campaign.scenario: campaign for campaign in SCENARIO_CAMPAIGNS}
NAMES = tuple(SCENARIOS)
SEED = 1


@cache
def base() -> KeptRows:
    """The rows of the baseline."""
    return KeptRows(base_feed_of(R0, SEED))


@cache
def baseline() -> Run:
    """The session without a scenario."""
    config = config_of(R0, SEED)
    return run_of(config, base(), config)


@cache
def stressed(name: str, *, injects: bool = True) -> tuple[Run, ScenarioOutcome]:
    """The session under a scenario, and what was found of it."""
    stress = Stress.of(CAMPAIGNS[name], SEED, base(), injects=injects)
    assert stress is not None
    run = run_of(stress.config, stress.feed, stress.venue_config)
    return run, stress.judged(run.result)


def finding(name: str, words: str, *, injects: bool = True):
    """One finding of a scenario."""
    return next(one for one in stressed(name, injects=injects)[1].findings if one.name == words)
