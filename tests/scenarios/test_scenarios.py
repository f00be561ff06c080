"""Every scenario does what it says, and each proof of it fails when nothing is injected."""

import numpy as np
import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.feeds.distorted import Distorted
from arbitrage_core.scenarios.catalogue import SCENARIOS, scenario_of
from arbitrage_core.scenarios.judgement import alike
from arbitrage_core.scenarios.scenario import Setting
from arbitrage_core.scenarios.stress import setting_of, stressed_feed
from arbitrage_core.statistics.model_check import model_differences
from tests.scenarios.stressed import NAMES, base, baseline, finding, stressed

INJECTION, COST = "injection is measured", "matched orders cost just what was injected"


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_is_measured_breaks_no_law_and_comes_out_as_stated(name: str) -> None:
    _, outcome = stressed(name)
    assert [one for one in outcome.findings if not one.passed] == []
    assert all(one.is_there for one in outcome.injected)


@pytest.mark.parametrize("name", NAMES)
def test_no_proof_holds_with_the_injection_off(name: str) -> None:
    _, outcome = stressed(name, injects=False)
    assert not any(one.is_there for one in outcome.injected)
    failed = {one.name for one in outcome.findings if not one.passed}
    assert {INJECTION, "PnL moved as stated"} <= failed
    if SCENARIOS[name].trips or SCENARIOS[name].refuses:
        assert "the right guards answer" in failed


def test_every_scenario_differs_from_the_baseline_and_from_every_other() -> None:
    outcomes = {name: stressed(name)[1] for name in NAMES}
    before = outcomes[NAMES[0]].baseline
    assert alike(before, {name: one.stressed for name, one in outcomes.items()}) == []
    off = {name: stressed(name, injects=False)[1].stressed for name in NAMES[:2]}
    assert alike(before, off) == [f"{name} is the baseline" for name in NAMES[:2]]
    twice = {"ONE": outcomes["FEE_SURGE"].stressed, "OTHER": outcomes["FEE_SURGE"].stressed}
    assert alike(before, twice) == ["OTHER is ONE"]


@pytest.mark.parametrize("name", NAMES)
def test_fees_and_slippage_are_those_of_the_stressed_venues_fill_by_fill(name: str) -> None:
    run, _ = stressed(name)
    assert model_differences(run.venue_config, run.rows, run.log) == []


def test_fills_at_stressed_terms_are_not_those_the_engine_was_told() -> None:
    run, _ = stressed("FEE_SURGE")
    assert model_differences(run.config, run.rows, run.log) != []


@pytest.mark.parametrize("name", ["SLIPPAGE_STRESS", "FEE_SURGE"])
def test_orders_decided_alike_cost_just_what_was_injected(name: str) -> None:
    assert finding(name, COST).passed
    assert not finding(name, COST, injects=False).passed


@pytest.mark.parametrize("name", NAMES)
def test_rows_keep_their_number_their_order_and_their_time(name: str) -> None:
    run, _ = stressed(name)
    for before, after in zip(base(), run.rows, strict=True):
        assert np.array_equal(before["now_ns"], after["now_ns"])


def test_scenarios_can_be_put_together() -> None:
    setting = setting_of(base())
    both = scenario_of("flash_crash").inject(setting) + scenario_of("LIQUIDITY_DROUGHT").inject(setting)
    feed = stressed_feed(base(), both)
    assert isinstance(feed, Distorted)
    assert {one.kind for one in feed.distortions} == {"SHIFTED", "THINNED"}
    assert both.venue_settings == scenario_of("FLASH_CRASH").inject(setting).venue_settings


@pytest.mark.parametrize("span_s", [60.0, 61.234567, 300.0, 86_400.0])
def test_an_injection_hangs_on_its_setting_alone(span_s: float) -> None:
    setting = Setting(("x", "y", "z"), ("A", "B"), span_s)
    for scenario in SCENARIOS.values():
        assert scenario.inject(setting) == scenario.inject(setting)
        assert all(one.from_s < setting.span_s for one in scenario.inject(setting).distortions)


def test_the_baseline_trips_nothing_and_breaks_no_law() -> None:
    assert baseline().result.violations == []
    assert stressed("FEE_SURGE")[1].baseline.guards == {}


def test_the_scenarios_of_the_mission_are_there() -> None:
    asked = {"SLIPPAGE_STRESS", "FEE_SURGE", "FLASH_CRASH", "NOISE_SATURATION", "MULTISYMBOL_STAGGER"}
    asked |= {"FLASH_SPIKE_ONE_VENUE", "FLASH_SPIKE_ALL_VENUES", "VENUE_OUTAGE", "STALE_FEED", "SPREAD_COLLAPSE"}
    assert set(SCENARIOS) == asked | {"LIQUIDITY_DROUGHT", "QUOTE_DEPEG", "LATENCY_STORM"}


def test_a_scenario_that_is_none_is_told() -> None:
    with pytest.raises(BadInput, match="FEE_SURGE"):
        scenario_of("FEE_SURGERY")
