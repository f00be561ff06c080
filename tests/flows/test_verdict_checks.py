"""The checks of verdicts pass on sound ones, and each is failed once by what it is there for."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from arbitrage_core.statistics.verdict import Outcome
from flows.outcome import Check, SeedOutcome
from flows.stages.d65 import C1
from flows.stages.stage import VerdictBand
from flows.verdict_checks import verdict_campaign_checks
from flows.verdict_outcome import RunAgain, SeedVerdict, pooled_expectancy
from tests.flows.verdict_outcomes import CAMPAIGNS, outcome_of

SHORT = CAMPAIGNS["V3"]
NAMES = (
    "V3 verdict is NOT ENOUGH EVIDENCE",
    "V3 verdict is TRADE",
    "V3 verdict is DO NOT TRADE",
    "V3 interval holds the market's mean",
    "V3 probability agrees with the interval",
    "V3 expectancy times trades is the record's PnL",
    "V3 cost share is the record's",
    "V3 more trials make it more careful",
    "V3 earning ends where it says",
)
SAYS, _, _, HOLDS, AGREES, PNL, COSTS, CAREFUL, ENDS = NAMES

Change = Callable[[SeedVerdict], SeedVerdict]


def checks_of(seeds: tuple[SeedOutcome, ...]) -> dict[str, Check]:
    return {check.name: check for check in verdict_campaign_checks(SHORT, seeds)}


def failed(change: Change, *, every: bool = False) -> list[str]:
    """The checks that fail when the first seed, or every one, is changed."""
    seeds = [
        seed.model_copy(update={"judged": change(seed.judged)}) if every or place == 0 else seed
        for place, seed in enumerate(outcome_of("V3").backtests)
    ]
    return [name for name, check in checks_of(tuple(seeds)).items() if not check.passed]


def documented(**changed: object) -> Change:
    return lambda one: one.model_copy(update={"document": {**one.document, **changed}})


def recorded(**added: int | Decimal) -> Change:
    def change(one: SeedVerdict) -> SeedVerdict:
        own = {name: getattr(one.recorded, name) + more for name, more in added.items()}
        return one.model_copy(update={"recorded": one.recorded.model_copy(update=own)})

    return change


def counted(place: int, **changed: object) -> Change:
    def change(one: SeedVerdict) -> SeedVerdict:
        own = [each.model_copy(update=changed) if at == place else each for at, each in enumerate(one.counted)]
        return one.model_copy(update={"counted": tuple(own)})

    return change


def again(place: int, **changed: object) -> Change:
    def change(one: SeedVerdict) -> SeedVerdict:
        own = [each.model_copy(update=changed) if at == place else each for at, each in enumerate(one.again)]
        return one.model_copy(update={"again": tuple(own)})

    return change


def shifted(one: SeedVerdict) -> SeedVerdict:
    """Its interval lies above what it was: from the mean to beyond."""
    low = one.expectancy_quote
    return documented(interval=[low, low + 1.0])(one)


def test_sound_verdicts_pass_every_check_and_say_what_was_found():
    checks = checks_of(outcome_of("V3").backtests)
    assert tuple(checks) == NAMES
    assert all(check.passed and check.observed and check.expected for check in checks.values())
    assert checks[HOLDS].observed == "19 of 20 seeds hold +0.7418"
    assert checks[SAYS].observed == "20 of 20 seeds, of 31 to 62 trades"
    assert checks[SAYS].expected == "20 of 20 seeds"
    assert "taker_fee_bps=5.0625 +" in checks[ENDS].observed


@pytest.mark.parametrize(
    "change, names",
    [
        (documented(verdict="TRADE"), [SAYS, "V3 verdict is TRADE", CAREFUL]),
        (documented(verdict="DO NOT TRADE"), [SAYS, "V3 verdict is DO NOT TRADE", CAREFUL]),
        (documented(probability_positive=0.5), [AGREES]),
        (documented(probability_positive=0.005), [AGREES]),
        (documented(probability_positive=None), [AGREES]),
        (recorded(realised_quote=Decimal("0.00001")), [PNL, COSTS]),
        (recorded(trades=1), [PNL]),
        (recorded(fees_quote=Decimal("0.001")), [COSTS]),
        (recorded(slippage_quote=Decimal("-0.001")), [COSTS]),
        (documented(cost_share=None), [COSTS]),
        (lambda one: one.model_copy(update={"recorded": None}), [PNL, COSTS]),
        (counted(2, verdict=Outcome.TRADE), [CAREFUL]),
        (counted(1, least_quote=1e9), [CAREFUL]),
        (counted(1, least_quote=None), [CAREFUL]),
        (lambda one: one.model_copy(update={"counted": one.counted[:1]}), [CAREFUL]),
        (lambda one: counted(1, least_quote=one.counted[0].least_quote)(one), [CAREFUL]),
        (again(0, pnl_quote=-1.0), [ENDS]),
        (again(0, pnl_quote=1e-3), [ENDS]),
        (again(0, pnl_quote=None), [ENDS]),
        (again(0, pnl_quote=None, told_quote=None), [ENDS]),
        (again(1, earns=True), [ENDS]),
        (lambda one: one.model_copy(update={"again": one.again[:2]}), [ENDS]),
        (lambda one: one.model_copy(update={"again": ()}), [ENDS]),
    ],
)
def test_what_does_not_agree_fails_the_check_that_is_there_for_it(change: Change, names: list[str]):
    assert failed(change) == names


def test_intervals_that_miss_the_mean_of_all_seeds_are_told_once_there_are_too_many():
    assert HOLDS not in failed(shifted)
    assert HOLDS in failed(shifted, every=True)


def test_a_seed_that_was_not_judged_fails_them_all():
    assert failed(lambda one: None) == [*NAMES[:3], HOLDS, AGREES, PNL, COSTS, CAREFUL, ENDS]
    assert [check.name for check in verdict_campaign_checks(SHORT, ()) if check.passed] == []


def test_a_session_that_was_stopped_earned_nothing_on_either_side():
    stopped = RunAgain(setting="latency_ms", value=1.0, earns=False, told_quote=None, pnl_quote=None)
    assert failed(lambda one: one.model_copy(update={"again": (*one.again, stopped)})) == []


def test_a_band_of_verdicts_counts_seeds():
    few = SHORT.model_copy(update={"verdicts": (VerdictBand(says=Outcome.TRADE, least=1, most=20),)})
    check = verdict_campaign_checks(few, outcome_of("V3").backtests)[0]
    assert not check.passed
    assert (check.observed, check.expected) == ("0 of 20 seeds, of 31 to 62 trades", "1 to 20 of 20 seeds")


def test_a_verdict_without_uncertainty_is_told_by_its_own_probability_and_by_the_other_seeds():
    checks = checks_of(outcome_of("V3", sanguine=True).backtests)
    assert [name for name, check in checks.items() if not check.passed] == [HOLDS, AGREES]


def test_campaigns_without_verdicts_have_none_of_it():
    assert verdict_campaign_checks(C1, outcome_of("V3").backtests) == []


def test_an_end_that_an_interval_does_not_have_lies_beyond_everything():
    one = documented(interval=[None, None])(outcome_of("V3").backtests[0].judged)
    assert one.holds(1e12)
    assert one.holds(-1e12)
    assert pooled_expectancy([]) is None
