"""The report of verdicts: a row a campaign and a row a seed, charts that hold all of it, none where none is asked."""

from functools import cache

import numpy as np
import pytest

from flows.outcome import CampaignOutcome, Check, StageOutcome
from flows.report.charts import VERDICTS_CHART, stage_charts
from flows.report.curves_chart import curves_chart
from flows.report.pictures import Pictures
from flows.report.stage_report import stage_report
from flows.report.stretched_axis import StretchedAxis
from flows.report.verdict_section import verdict_section
from flows.report.verdicts_chart import verdicts_chart
from flows.stages.d65 import D65
from flows.stages.d69 import D69, V1, V3
from tests.flows.report.picture_faults import faults_of, words_outside
from tests.flows.verdict_outcomes import CAMPAIGNS, outcome_of

STAGE = D69.model_copy(update={"campaigns": (V3,), "required_trips": ()})
WHOLE = D69.model_copy(update={"campaigns": (V1, V3), "required_trips": ()})
PLAIN = Pictures({}, {}, lambda name, what: name)


def outcome(*campaigns: CampaignOutcome, failed: str = "") -> StageOutcome:
    checks = (Check(name=failed, passed=False, observed="", expected=""),) if failed else ()
    return StageOutcome(stage="D69", verdict="D69_REJECTED", checks=checks, campaigns=campaigns, elapsed_s=1.0)


def section(found: StageOutcome) -> str:
    return "\n".join(verdict_section(STAGE, found, PLAIN))


@cache
def document() -> dict:
    return outcome_of("V3").backtests[0].judged.document


def test_a_campaign_has_its_counts_and_every_seed_a_row():
    text = section(outcome(outcome_of("V3")))
    assert "| ✅ | V3 a market too short to tell: the one that earns, less than a tenth of it | 0 | 0 | 20 |" in text
    assert "31–62 | +0.7418 | 19 of 20 |" in text
    assert "**NOT ENOUGH EVIDENCE** (seed 1): " in text
    assert "break-even taker fee 5.06 bps, 4 bps as it is" in text
    assert sum(line.startswith(f"| {seed} |") for line in text.splitlines() for seed in V3.seeds) == 20


def test_what_failed_or_was_not_judged_is_marked():
    assert "| ❌ | V3" in section(outcome(outcome_of("V3"), failed="V3 verdict is TRADE"))
    assert "| ✅ | V3" in section(outcome(outcome_of("V3"), failed="V1 verdict is TRADE"))
    assert "❌ Not judged." in section(outcome())
    first, *others = outcome_of("V3").backtests
    bare = outcome_of("V3").model_copy(update={"backtests": (first, others[0].model_copy(update={"judged": None}))})
    assert "❌ not judged" in section(outcome(bare))


def test_the_report_shows_its_charts_and_no_equity_of_each_besides():
    found = outcome(outcome_of("V3"))
    text = stage_report(STAGE, found, {}, embeds_charts=False)
    assert "d69/verdicts.svg" in text
    assert "d69/v3_curves.svg" in text
    assert "./arb verdict --synthetic high --seed 1 --rows 8000   # one seed of V3" in text
    assert set(stage_charts(STAGE, found, {})) == {VERDICTS_CHART, "v3_curves"}


def test_charts_hold_all_that_is_drawn_and_all_words():
    charts = stage_charts(WHOLE, outcome(outcome_of("V3")), {})
    assert set(charts) == {VERDICTS_CHART, "v3_curves"}
    for svg in charts.values():
        assert faults_of(svg) == []
        assert words_outside(svg) == []
    assert ">not judged of 20<" in charts[VERDICTS_CHART]


def test_intervals_without_an_end_and_sessions_that_were_stopped_are_drawn():
    (first, *_) = outcome_of("V3").backtests
    endless = first.judged.model_copy(update={"document": {**document(), "interval": [None, None]}})
    found = outcome_of("V3").model_copy(update={"backtests": (first.model_copy(update={"judged": endless}),)})
    assert faults_of(verdicts_chart([CAMPAIGNS["V3"]], {"V3": found}, "USDT")) == []
    points = [{**point, "pnl_quote": None} for point in document()["curves"]["fee_bps"]]
    curves = {**document()["curves"], "fee_bps": points}
    stopped = {**document(), "curves": curves, "break_even_fee_bps": None, "fee_earns": "nowhere", "capacity": None}
    svg = curves_chart("V3", stopped)
    assert faults_of(svg) == []
    assert "does not earn, however low" in svg
    assert "no size earns" in svg


def test_a_stage_without_verdicts_shows_nothing_of_them():
    assert verdict_section(D65, outcome(), PLAIN) == []
    assert VERDICTS_CHART not in stage_charts(D65, outcome().model_copy(update={"stage": "D65"}), {})


@pytest.mark.parametrize("low, high, shift", [(0.0, 999.0, 10.0), (0.25, 16.0, 0.0), (4.0, 4.0, 2.0)])
def test_a_stretched_axis_keeps_the_order_and_both_ends(low: float, high: float, shift: float):
    axis = StretchedAxis.over(low, high, 10.0, 210.0, shift=shift, marks=(0.25, 0.5, 20.0, 1e9))
    values = np.linspace(low, max(high, axis.high), 50)
    pixels = axis.at(values)
    assert (pixels[0], pixels[-1]) == (10.0, pytest.approx(210.0))
    assert np.all(np.diff(pixels) > 0)
    assert np.all(np.isin(axis.ticks(), axis.marks))
    assert [axis.label(value) for value in (0.25, 0.5, 20.0, 5_000.0)] == ["0.25", "0.5", "20", "5,000"]
