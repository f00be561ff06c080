"""The chart of the scenarios: of each its equity beside the baseline's, in small panels of one scale each.

A panel has its own scale, for one scenario loses a hundred times what another does; what it came to stands above it.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np

from flows.outcome import StageOutcome
from flows.report.axis import VALUE_MAX, Axis
from flows.report.clock import clock_of
from flows.report.drawing import FAINT_INK, ORANGE, Drawing, fitting
from flows.report.panel import Panel
from flows.report.quantity import number
from flows.report.series import SessionSeries
from flows.report.thinning import extremes
from flows.stages.stage import Stage

WIDTH, COLUMNS, TOP = 860, 3, 66
PANEL_HEIGHT, ROW_HEIGHT = 92, 168
PANEL_WIDTH, COLUMN_WIDTH, LEFT = 218, 280, 56
STRETCHES = 17
"""Of the time axis of a panel; see equity_chart."""
NAME_CHARACTERS_MAX = 30


@dataclass(frozen=True)
class StressedPanel:
    """A scenario's name, its session, and that of its baseline; both of one seed."""

    name: str
    baseline: SessionSeries
    stressed: SessionSeries


def stressed_panels(stage: Stage, outcome: StageOutcome, series: dict[str, SessionSeries]) -> list[StressedPanel]:
    """A panel for each scenario that was run, in the order of the stage; none without its baseline of the same seed."""
    first = next((one.name for one in stage.campaigns if not one.scenario), None)
    if first not in series:
        return []
    ran = {one.campaign for one in outcome.campaigns}
    return [
        StressedPanel(campaign.scenario, series[first], series[campaign.name])
        for campaign in stage.campaigns
        if campaign.scenario
        and campaign.name in ran
        and campaign.name in series
        and series[campaign.name].seed == series[first].seed
    ]


def scenarios_chart(panels: list[StressedPanel]) -> str:
    """The SVG: profit since the start against time."""
    rows = ceil(len(panels) / COLUMNS)
    drawing = Drawing(WIDTH, TOP + rows * ROW_HEIGHT, "Profit under each scenario beside the baseline's")
    currency = panels[0].baseline.currency
    drawing.text(20, 28, f"Each scenario beside the baseline: profit since the start, {currency}", size=15, bold=True)
    drawing.line(20, 44, 44, 44, FAINT_INK, wide=1.3)
    drawing.text(50, 48, "baseline", colour=FAINT_INK)
    drawing.line(120, 44, 144, 44, ORANGE, wide=1.3)
    drawing.text(150, 48, "with the scenario; each panel has a scale of its own", colour=FAINT_INK)
    drawing.line(468, 44, 492, 44, FAINT_INK, dash="4 3")
    drawing.text(498, 48, "the capital", colour=FAINT_INK)
    for place, panel in enumerate(panels):
        left = LEFT + place % COLUMNS * COLUMN_WIDTH
        _draw(drawing, panel, left, TOP + place // COLUMNS * ROW_HEIGHT + 34)
    return drawing.svg()


def _draw(drawing: Drawing, panel: StressedPanel, left: int, top: int) -> None:
    curves = [_curve(one) for one in (panel.baseline, panel.stressed)]
    span_s = max((float(time[-1]) for time, _ in curves if len(time)), default=0.0)
    scale_s, clock = clock_of(span_s)
    values = np.concatenate([profit for _, profit in curves])
    time_axis = Axis.exact(0.0, max(span_s / scale_s, 1e-3), left, left + PANEL_WIDTH, ticks=4)
    shown = Panel(drawing, time_axis, Axis.of(values, top + PANEL_HEIGHT, top, ticks=3, holds=(0.0,)))
    ends = [float(profit[-1]) if len(profit) else 0.0 for _, profit in curves]
    drawing.text(left, top - 22, fitting(panel.name, NAME_CHARACTERS_MAX), bold=True)
    drawing.text(left, top - 7, " → ".join(number(end, 0, signed=True) for end in ends), size=11, colour=FAINT_INK)
    shown.grid(x_name=clock)
    shown.level(0.0)
    for (seconds, profit), colour in zip(curves, (FAINT_INK, ORANGE), strict=True):
        kept = extremes(seconds, profit, STRETCHES)
        drawing.curve(shown.x.at(seconds[kept] / scale_s), shown.y.at(profit[kept]), colour)


def _curve(series: SessionSeries) -> tuple[np.ndarray, np.ndarray]:
    """Seconds since the first mark, and equity above the start; marks that are no numbers are left out."""
    seen = np.isfinite(series.equity_quote)
    if not seen.any():
        return np.zeros(0), np.zeros(0)
    seconds = (series.marked_ns - series.marked_ns[0]) / 1e9
    return seconds[seen], np.clip(series.equity_quote[seen] - series.start_quote, -VALUE_MAX, VALUE_MAX)
