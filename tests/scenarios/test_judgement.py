"""Each finding notices what it is for: sessions made worse one way at a time."""

from dataclasses import replace

import pytest

from arbitrage_core.laws import Violation
from arbitrage_core.scenarios.catalogue import SCENARIOS
from arbitrage_core.scenarios.judgement import judged
from arbitrage_core.scenarios.matched import MatchedCost, matched_cost
from arbitrage_core.scenarios.outcome import Injected
from arbitrage_core.scenarios.run import Run
from arbitrage_core.scenarios.scenario import Direction
from arbitrage_core.scenarios.stress import setting_of
from tests.scenarios.stressed import base, baseline, stressed


def failed(name: str, run: Run | None = None, **changed: object) -> list[str]:
    """The findings that fail for a scenario stated otherwise, or for another session."""
    scenario = replace(SCENARIOS[name], **changed)
    outcome = judged(scenario, setting_of(base()), baseline(), run or stressed(name)[0])
    return [one.name for one in outcome.findings if not one.passed]


def with_document(run: Run, **figures: object) -> Run:
    return replace(run, result=replace(run.result, document={**run.document, **figures}))


def test_a_sound_scenario_fails_nothing() -> None:
    assert failed("FEE_SURGE") == []


def test_a_law_that_was_broken_is_told() -> None:
    run = stressed("FEE_SURGE")[0]
    broken = replace(run, result=replace(run.result, violations=[Violation("I15", "money", "kept", "lost")]))
    assert failed("FEE_SURGE", broken) == ["no crash and no law broken"]


@pytest.mark.parametrize("direction", [Direction.UP, Direction.NEARER_ZERO])
def test_profit_that_goes_another_way_than_stated_is_told(direction: Direction) -> None:
    assert failed("FEE_SURGE", direction=direction) == ["PnL moved as stated"]


def test_profit_that_goes_up_is_up() -> None:
    richer = with_document(stressed("FEE_SURGE")[0], pnl_quote=1e4)
    assert failed("FEE_SURGE", richer, direction=Direction.UP) == []


def test_more_entries_than_stated_are_a_runaway() -> None:
    assert failed("NOISE_SATURATION", entries_most=0.1) == ["no runaway entries"]


def test_a_drawdown_beyond_what_ends_the_session_is_told() -> None:
    deep = with_document(stressed("FEE_SURGE")[0], max_drawdown_quote=1_500.01)
    assert failed("FEE_SURGE", deep) == ["drawdown stays within its guard"]


@pytest.mark.parametrize(
    "changed",
    [
        {"trips": ("DRAWDOWN_MUST_STAY_INSIDE",)},
        {"releases": ("PORTFOLIO_DAILY_LOSS_MUST_STAY_INSIDE",)},
        {"refuses": ("PRICE_MUST_BE_PLAUSIBLE",)},
    ],
)
def test_a_guard_that_did_not_answer_is_told(changed: dict[str, object]) -> None:
    assert failed("FEE_SURGE", **changed) == ["the right guards answer"]


def test_a_guard_that_tripped_in_the_baseline_proves_nothing() -> None:
    tripped = stressed("FEE_SURGE")[0]
    scenario = SCENARIOS["FEE_SURGE"]
    outcome = judged(scenario, setting_of(base()), tripped, tripped)
    guards = next(one for one in outcome.findings if one.name == "the right guards answer")
    assert "tripped in the baseline" in guards.observed


def test_the_cost_of_something_else_is_not_the_injected_one() -> None:
    assert failed("FEE_SURGE", raised_term="slippage_bps") == ["matched orders cost just what was injected"]


def test_matched_orders_are_alike_in_both_sessions_and_cost_what_their_venues_took_more() -> None:
    cost = matched_cost(baseline(), stressed("SLIPPAGE_STRESS")[0], "slippage_bps")
    assert cost.orders > 30
    assert cost.measured_quote == pytest.approx(cost.intended_quote, rel=1e-3)
    assert matched_cost(baseline(), baseline(), "slippage_bps").measured_quote == 0.0


@pytest.mark.parametrize(
    "cost,holds",
    [
        (MatchedCost(30, 105.0, 100.0), True),
        (MatchedCost(30, 105.1, 100.0), False),
        (MatchedCost(30, 94.9, 100.0), False),
        (MatchedCost(29, 100.0, 100.0), False),
        (MatchedCost(30, 0.0, 0.0), False),
    ],
)
def test_a_cost_holds_within_its_tolerance_of_enough_orders(cost: MatchedCost, holds: bool) -> None:
    assert cost.holds(0.05, 30) == holds


@pytest.mark.parametrize(
    "measured,intended,there",
    [
        (84.0, 80.0, True),
        (84.1, 80.0, False),
        (-84.0, -80.0, True),
        (80.0, -80.0, False),
        (None, 80.0, False),
        (0, 0, False),
    ],
)
def test_an_injection_is_there_within_its_tolerance(measured: float | None, intended: float, there: bool) -> None:
    injected = Injected(what="slippage", unit="bps", intended=intended, measured=measured, tolerance=0.05)
    assert injected.is_there == there
