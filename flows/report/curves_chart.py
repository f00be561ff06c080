"""The chart of a verdict's curves: what the same rows would have earned with another fee, latency or size."""

from typing import Any

import numpy as np

from flows.report.axis import Axis, drawable
from flows.report.drawing import BLUE, FAINT_INK, GREEN, ORANGE, Drawing, fitting
from flows.report.panel import Panel
from flows.report.quantity import number
from flows.report.stretched_axis import StretchedAxis

WIDTH, HEIGHT, TOP, BOTTOM = 860, 298, 122, 262
FEE_MARKS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Of the present fee, or of 1 bps where there is none: as the values that are tried."""
SIZE_MARKS = (0.25, 0.5, 1, 2, 4, 8, 16)
"""Of a curve that goes further, every second."""
LEFT, PANEL_WIDTH, COLUMN_WIDTH = 66, 206, 276
TITLE_CHARACTERS_MAX = 84

Document = dict[str, Any]


def curves_chart(title: str, document: Document) -> str:
    """The SVG of a whole document of session/verdict_document.py: a panel each for fee, latency and size.

    Dots are sessions that were run; one that the engine stopped is an orange ✕ at the bottom.
    """
    drawing = Drawing(WIDTH, HEIGHT, f"{title}: PnL with another fee, latency or size")
    drawing.text(20, 28, fitting(f"{title}: the same rows, run again", TITLE_CHARACTERS_MAX), size=15, bold=True)
    drawing.dot(28, 45, 4.5, GREEN, hollow=True)
    drawing.text(40, 49, "as it is now", colour=FAINT_INK)
    drawing.line(134, 45, 158, 45, ORANGE, dash="4 3")
    drawing.text(164, 49, "where earning ends", colour=FAINT_INK)
    drawing.line(292, 45, 316, 45, FAINT_INK, dash="4 3")
    drawing.text(322, 49, f"PnL 0; PnL of the whole session in {document['reporting_currency']}", colour=FAINT_INK)
    now = document["present"]
    _draw(drawing, 0, document, "fee_bps", "taker fee, bps", now["taker_fee_bps"])
    _draw(drawing, 1, document, "latency_ms", "latency, ms", now["latency_ms"])
    _draw(drawing, 2, document, "size_factor", "size, times", 1.0)
    return drawing.svg()


def _draw(drawing: Drawing, column: int, document: Document, name: str, title: str, now: float) -> None:
    points = document["curves"][name]
    left = LEFT + column * COLUMN_WIDTH
    values = np.array([point["value"] for point in points], np.float64)
    earned = np.array([np.nan if point["pnl_quote"] is None else point["pnl_quote"] for point in points], np.float64)
    vertical = Axis.of(earned, BOTTOM, TOP, ticks=4, holds=(0.0,))
    panel = Panel(drawing, _axis(name, values, left, now), vertical)
    panel.heading(title, _words(document, name, now))
    panel.grid()
    panel.level(0.0)
    end = document.get(f"break_even_{name}")
    if end is not None:
        panel.moment(end, ORANGE)
    ran = np.isfinite(earned)
    x, y = panel.x.at(values[ran]), panel.y.at(drawable(earned[ran]))
    drawing.curve(x, y, BLUE)
    drawing.dots(x, y, BLUE)
    for stopped in panel.x.at(values[~ran]):
        drawing.cross(float(stopped), panel.bottom, 4, ORANGE)
    for place, height in zip(x[values[ran] == now], y[values[ran] == now], strict=True):
        drawing.dot(float(place), float(height), 4.5, GREEN, hollow=True)


def _axis(name: str, values: np.ndarray, left: float, now: float) -> Axis:
    low, high, right = float(values.min()), float(values.max()), left + PANEL_WIDTH
    if name == "latency_ms":
        return StretchedAxis.over(low, high, left, right, shift=10.0, marks=(0, 20, 100, 500, 2_000, 5_000))
    if name == "size_factor":
        marks = SIZE_MARKS if high <= SIZE_MARKS[-1] else tuple(4.0**power for power in range(-1, 6))
        return StretchedAxis.over(low, high, left, right, shift=0.0, marks=marks)
    step = now or 1.0
    return StretchedAxis.over(low, high, left, right, shift=step / 2, marks=tuple(step * share for share in FEE_MARKS))


def _words(document: Document, name: str, now: float) -> str:
    """What a panel comes to: `earns up to 5.78 bps, 4 now`."""
    if name == "size_factor":
        best = document["capacity"]
        if best is None:
            return "no size earns"
        return f"earns most at {'least ' if best['at_least'] else ''}{best['size_factor']:g} times"
    what, unit = name.rsplit("_", 1)
    value, reach = document[f"break_even_{name}"], document[f"{what}_earns"]
    if value is None:
        return {"nowhere": "does not earn, however low", "throughout": "earns at all that was tried"}[reach]
    places = 2 if unit == "bps" else 0
    return f"earns up to {number(value, places)} {unit}; {now:g} now"
