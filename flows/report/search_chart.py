"""The chart of a search: every set in and out of sample, what it brought over two parameters, and what mattered."""

import numpy as np

from flows.report.axis import Axis
from flows.report.drawing import BLUE, FAINT_INK, GREEN, INK, ORANGE, Drawing, fitting
from flows.report.panel import Panel
from flows.report.quantity import number, words
from flows.report.search import Search, SearchedParameter

WIDTH, HEIGHT = 860, 350
TOP, BOTTOM = 82, 292
CELLS_ACROSS, CELLS_UP = 30, 20
BAR, BARS_MAX = 34, 6
SHADES = 12
"""So many shades from nothing to the largest amount either way: neighbouring cells of one shade are drawn as one."""


def search_chart(name: str, seed: int, search: Search) -> str:
    """The SVG of one study; `name` of its campaign."""
    title = f"{name}, seed {seed}: {number(len(search.inside))} sets by {words(search.objective)}"
    drawing = Drawing(WIDTH, HEIGHT, title)
    drawing.text(24, 30, title, size=15, bold=True)
    _scatter(drawing, search)
    if len(search.parameters) > 1:
        _contour(drawing, search)
    _bars(drawing, search)
    return drawing.svg()


def _scatter(drawing: Drawing, search: Search) -> None:
    """A dot a set; on the line it would bring the same in both."""
    x = Axis.of(search.inside, 70, 300, ticks=4, holds=(0.0,))
    y = Axis.of(search.outside, BOTTOM, TOP, holds=(0.0,))
    panel = Panel(drawing, x, y)
    panel.heading("out of sample, by in sample")
    panel.grid(x_name="in sample")
    panel.level(0.0, INK)
    panel.moment(0.0, INK)
    drawing.dots(x.at(search.inside), y.at(search.outside), BLUE, radius=2.4)
    best = search.best
    drawing.dot(float(x.at(search.inside[best])), float(y.at(search.outside[best])), 6.5, ORANGE, hollow=True)


def _contour(drawing: Drawing, search: Search) -> None:
    """What sets brought in sample over the two most important parameters; a dot a set, the chosen one ringed."""
    first, second = search.parameters[:2]
    x, y = _axis(first, 380, 650), _axis(second, BOTTOM, TOP)
    panel = Panel(drawing, x, y)
    panel.heading("in sample, over two parameters")
    across = x.low + (np.arange(CELLS_ACROSS) + 0.5) * (x.high - x.low) / CELLS_ACROSS
    up = y.low + (np.arange(CELLS_UP) + 0.5) * (y.high - y.low) / CELLS_UP
    most = float(np.abs(search.inside).max()) or 1.0
    shades = np.rint(search.over(across, up) / most * SHADES).astype(int)
    width, height = (x.end - x.begin) / CELLS_ACROSS, (y.begin - y.end) / CELLS_UP
    for row in range(CELLS_UP):
        starts = np.flatnonzero(np.diff(shades[row], prepend=SHADES + 1))
        for start, end in zip(starts, [*starts[1:], CELLS_ACROSS], strict=True):
            shade = int(shades[row, start])
            place, top = x.begin + start * width, y.begin - (row + 1) * height
            if shade:
                colour, opacity = GREEN if shade > 0 else ORANGE, round(0.75 * abs(shade) / SHADES, 3)
                drawing.box(place, top, (end - start) * width, height, colour, opacity=opacity)
    drawing.dots(x.at(first.places), y.at(second.places), FAINT_INK, radius=1.2)
    best = search.best
    drawing.dot(float(x.at(first.places[best])), float(y.at(second.places[best])), 6.5, ORANGE, hollow=True)
    for value, label in _ticks(first, x):
        drawing.text(float(x.at(value)), BOTTOM + 15, label, size=11, anchor="middle", colour=FAINT_INK)
    for value, label in _ticks(second, y):
        drawing.text(x.begin - 6, float(y.at(value)) + 4, label, size=11, anchor="end", colour=FAINT_INK)
    drawing.text((x.begin + x.end) / 2, BOTTOM + 32, first.name, anchor="middle", colour=FAINT_INK)
    drawing.text(x.begin, BOTTOM + 48, f"upwards {second.name}; green earns, orange loses", size=11, colour=FAINT_INK)


def _bars(drawing: Drawing, search: Search) -> None:
    """The importance of each parameter."""
    left, right = 690, 836
    drawing.text(left, TOP - 10, "what mattered", size=14, bold=True)
    if not search.importance:
        drawing.text(left, TOP + 20, "too few sets to tell", colour=FAINT_INK)
    for place, (name, share) in enumerate(list(search.importance.items())[:BARS_MAX]):
        top = TOP + 6 + place * BAR
        drawing.text(left, top + 10, fitting(name, 18), size=11, colour=FAINT_INK)
        drawing.text(right, top + 10, f"{number(100 * share)} %", size=11, anchor="end", colour=INK)
        drawing.box(left, top + 15, max(1.0, share * (right - left)), 9, BLUE)


def _axis(one: SearchedParameter, begin: float, end: float) -> Axis:
    return Axis.of(one.places, begin, end, margin=0.04)


def _ticks(one: SearchedParameter, axis: Axis) -> list[tuple[float, str]]:
    """Places on the axis with what is read there; by magnitude 1, 2 and 5 of each."""
    if not one.by_magnitude:
        return [(value, axis.label(value)) for value in axis.ticks()]
    found = []
    for power in range(int(np.floor(axis.low)), int(np.ceil(axis.high)) + 1):
        for digit in (1, 2, 5):
            place = float(np.log10(digit) + power)
            if axis.holds(place):
                found.append((place, _short(digit * 10.0**power)))
    return found


def _short(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 1_000 else f"{value:g}"
