"""The report of scenarios: a row and a panel each, and nothing of it where a stage has none."""

from dataclasses import replace
from functools import cache

import numpy as np

from flows.outcome import StageOutcome
from flows.report.charts import SCENARIOS_CHART, stage_charts
from flows.report.pictures import Pictures
from flows.report.scenario_section import scenario_section
from flows.report.scenarios_chart import scenarios_chart, stressed_panels
from flows.report.series import SessionSeries
from flows.report.stage_report import stage_report
from flows.stages.d65 import D65
from flows.stages.d69 import D69, SCENARIO_CAMPAIGNS
from tests.flows.report.picture_faults import faults_of
from tests.flows.scenario_outcomes import outcome_of, outcomes
from tests.scenarios.stressed import baseline, stressed

SEEDED = D69.model_copy(
    update={"campaigns": tuple(one.model_copy(update={"seeds": (1,), "paper_seed": None}) for one in D69.campaigns)}
)


@cache
def outcome() -> StageOutcome:
    return StageOutcome(stage="D69", verdict="D69_REJECTED", checks=(), campaigns=outcomes(), elapsed_s=1.0)


def series_of(name: str, log) -> SessionSeries:
    marks = log.equity
    return SessionSeries(
        campaign=name,
        seed=1,
        currency="USDT",
        start_quote=10_000.0,
        marked_ns=marks["now_ns"].copy(),
        equity_quote=marks["equity_amount"] * 1e-8,
        pnl_quote=np.zeros(0),
        decided_bps=np.zeros(0),
        realised_bps=np.zeros(0),
        reasons=np.zeros(0, "U9"),
    )


def every_series() -> dict[str, SessionSeries]:
    runs = {campaign.name: stressed(campaign.scenario)[0] for campaign in SCENARIO_CAMPAIGNS}
    return {name: series_of(name, run.log) for name, run in {"R0": baseline(), **runs}.items()}


def test_each_scenario_has_a_row_with_what_was_measured() -> None:
    by_name = {one.campaign: one for one in outcome().campaigns}
    text = "\n".join(scenario_section(SEEDED, by_name, Pictures({}, {}, lambda name, what: name)))
    for campaign in SCENARIO_CAMPAIGNS:
        assert f"{campaign.name} `{campaign.scenario}`" in text
    assert "mean realised slippage" in text
    assert "+287.20 → −913.97" in text
    assert "❌" not in text


def test_one_that_failed_or_was_not_run_is_marked() -> None:
    off = {one.campaign: one for one in outcome().campaigns if one.campaign != "R2"}
    off["R1"] = outcome_of(SCENARIO_CAMPAIGNS[0], injects=False)
    text = scenario_section(SEEDED, off, Pictures({}, {}, lambda name, what: name))[2]
    assert text.count("❌") == 2
    assert "not run" in text


def test_the_chart_has_a_panel_for_each_scenario_and_nothing_outside_it() -> None:
    panels = stressed_panels(SEEDED, outcome(), every_series())
    assert [panel.name for panel in panels] == [campaign.scenario for campaign in SCENARIO_CAMPAIGNS]
    svg = scenarios_chart(panels)
    assert faults_of(svg) == []
    assert scenarios_chart(panels) == svg


def test_sessions_of_another_seed_than_the_baseline_are_not_drawn_beside_it() -> None:
    found = every_series()
    found["R2"] = replace(found["R2"], seed=2)
    names = [panel.name for panel in stressed_panels(SEEDED, outcome(), found)]
    assert names == [campaign.scenario for campaign in SCENARIO_CAMPAIGNS if campaign.name != "R2"]


def test_sessions_without_a_mark_are_drawn_as_nothing() -> None:
    empty = {name: series_of(name, type("Log", (), {"equity": baseline().log.equity[:0]})) for name in ("R0", "R1")}
    assert faults_of(scenarios_chart(stressed_panels(SEEDED, outcome(), empty))) == []
    spoilt = every_series()
    spoilt["R1"].equity_quote[:] = np.nan
    assert faults_of(scenarios_chart(stressed_panels(SEEDED, outcome(), spoilt))) == []


def test_a_stage_without_scenarios_shows_nothing_of_them() -> None:
    assert scenario_section(D65, {}, Pictures({}, {}, lambda name, what: name)) == []
    assert SCENARIOS_CHART not in stage_charts(D65, outcome().model_copy(update={"stage": "D65"}), {})
    assert stressed_panels(SEEDED, outcome(), {}) == []


def test_the_report_shows_table_and_chart_and_no_chart_of_each_scenario_besides() -> None:
    text = stage_report(SEEDED, outcome(), every_series(), embeds_charts=False)
    assert "## Scenarios against the baseline" in text
    assert "d69/scenarios.svg" in text
    assert "r1_equity" not in text
    assert "r0_equity" in text
