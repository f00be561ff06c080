"""The chart of a session's money: equity above, and below how far it stood under its highest mark."""

import numpy as np

from flows.report.axis import VALUE_MAX, Axis
from flows.report.clock import clock_of
from flows.report.drawing import BLUE, ORANGE, Drawing
from flows.report.panel import Panel
from flows.report.quantity import money, number
from flows.report.series import SessionSeries, falls_quote
from flows.report.thinning import extremes

WIDTH, HEIGHT = 860, 380
LEFT, RIGHT = 72, 840
STRETCHES = 250
"""Of the time axis: what lies within one is drawn as a line from its lowest to its highest."""


def equity_chart(series: SessionSeries) -> str:
    """The SVG. Time counts from the first mark; marks that are not finite are left out, and it says how many."""
    drawing = Drawing(WIDTH, HEIGHT, f"Equity and drawdown of {series.campaign}, seed {series.seed}")
    seen = np.isfinite(series.equity_quote)
    elapsed_s = (series.marked_ns - series.marked_ns[0]) / 1e9 if seen.any() else np.zeros(0)
    equity = np.clip(series.equity_quote[seen], -VALUE_MAX, VALUE_MAX)
    falls = falls_quote(equity, series.start_quote)
    span_s = float(elapsed_s[-1]) if len(elapsed_s) else 0.0
    scale_s, clock = clock_of(span_s)
    time = Axis.exact(0.0, max(span_s / scale_s, 1e-3), LEFT, RIGHT, ticks=8)
    upper = Panel(drawing, time, Axis.of(equity, 222, 56, holds=(series.start_quote,)))
    depth = Panel(drawing, time, Axis.of(falls, 336, 264, ticks=3, margin=0.08, holds=(0.0,)))
    lost = len(seen) - len(equity)
    upper.heading(f"{series.campaign}, seed {series.seed}: equity, {series.currency}", _sum(series, equity, lost))
    depth.heading(f"drawdown, {series.currency}", "")
    upper.grid(x_labels=False)
    depth.grid(x_name=f"{clock} since the start")
    if not len(equity):
        upper.notice("no mark of the equity")
        return drawing.svg()
    places = elapsed_s[seen] / scale_s
    upper.level(series.start_quote)
    for panel, values, colour, floor in ((upper, equity, BLUE, None), (depth, falls, ORANGE, 0.0)):
        kept = extremes(places, values, STRETCHES)
        down_to = None if floor is None else float(panel.y.at(floor))
        drawing.curve(time.at(places[kept]), panel.y.at(values[kept]), colour, down_to=down_to)
    return drawing.svg()


def _sum(series: SessionSeries, equity: np.ndarray, lost: int) -> str:
    if not len(equity):
        return ""
    change, start = float(equity[-1]) - series.start_quote, series.start_quote
    ends = [money(value, series.currency) for value in (start, float(equity[-1]))]
    words = f"from {ends[0]} (dashed) to {ends[1]}: {money(change, series.currency, signed=True)}"
    return words + (f" · {number(lost)} marks are not numbers and are left out" if lost else "")
