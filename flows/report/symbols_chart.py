"""The chart of a session's symbols: what each has realised so far, and beside them the equity of them all."""

from collections.abc import Sequence

import numpy as np

from flows.report.axis import VALUE_MAX, Axis
from flows.report.clock import clock_of
from flows.report.drawing import BLUE, FAINT_INK, GREEN, INK, ORANGE, PURPLE, SKY, YELLOW, Drawing, fitting
from flows.report.panel import Panel
from flows.report.quantity import money, number
from flows.report.series import SessionSeries
from flows.report.thinning import extremes
from flows.report.track import NS_PER_S, Track, combined

WIDTH, HEIGHT = 860, 400
LEFT, RIGHT, TOP, BOTTOM = 72, 650, 56, 350
NAMED_MAX = 8
"""So many symbols are drawn by name, those with the largest PnL of either sign; the others are drawn as their sum."""
COLOURS = (BLUE, ORANGE, GREEN, YELLOW, PURPLE, SKY)
POINTS_MAX = 3_000
"""Of all lines together: what keeps the picture below its size."""
NAME_CHARACTERS_MAX, LABEL_PX = 18, 15


def symbols_chart(series: SessionSeries, realised: Sequence[Track]) -> str:
    """The SVG. Money since the start: PnL realised by fills and funding; equity less capital, at its marks.

    Marks that are not finite are left out.
    """
    drawing = Drawing(WIDTH, HEIGHT, f"Realised PnL of the symbols of {series.campaign}, seed {series.seed}")
    equity = _equity(series)
    drawn = [*_named(realised), ("equity less capital", equity, INK, "")]
    moments = np.concatenate([track.moments_ns for _, track, _, _ in drawn])
    begin_ns, end_ns = (int(moments.min()), int(moments.max())) if len(moments) else (0, 0)
    scale_s, clock = clock_of((end_ns - begin_ns) / NS_PER_S)
    x = Axis.exact(0.0, max((end_ns - begin_ns) / NS_PER_S / scale_s, 1e-3), LEFT, RIGHT, ticks=7)
    every = np.concatenate([track.values for _, track, _, _ in drawn])
    panel = Panel(drawing, x, Axis.of(every, BOTTOM, TOP, ticks=7, holds=(0.0,)))
    title = f"{series.campaign}, seed {series.seed}: realised PnL by symbol, and equity, {series.currency}"
    panel.heading(title, _sum(realised, equity, series.currency))
    panel.grid(x_name=f"{clock} since the start")
    if not len(moments):
        panel.notice("nothing was booked")
        return drawing.svg()
    panel.level(0.0, FAINT_INK, dash="")
    for _, track, colour, dash in drawn:
        _draw(panel, track, begin_ns, end_ns, scale_s, POINTS_MAX // len(drawn) // 4, colour, dash)
    _draw_names(panel, [(name, track.last, colour, dash) for name, track, colour, dash in drawn], series.currency)
    return drawing.svg()


def _equity(series: SessionSeries) -> Track:
    seen = np.isfinite(series.equity_quote)
    values = np.clip(series.equity_quote[seen] - series.start_quote, -VALUE_MAX, VALUE_MAX)
    return Track.of_values("equity", series.marked_ns[seen], values)


def _named(tracks: Sequence[Track]) -> list[tuple[str, Track, str, str]]:
    """(name, track, colour, dashes) of each line, the largest last, so that it lies on top."""
    by_size = sorted(tracks, key=lambda one: (-abs(one.last), one.name))
    named, others = by_size[:NAMED_MAX], by_size[NAMED_MAX:]
    looks = [(COLOURS[place % len(COLOURS)], "" if place < len(COLOURS) else "6 2") for place in range(len(named))]
    lines = [(fitting(track.name, NAME_CHARACTERS_MAX), track, *look) for track, look in zip(named, looks, strict=True)]
    if others:
        lines.append((f"{number(len(others))} others", combined("others", others), FAINT_INK, "2 2"))
    return lines[::-1]


def _draw(
    panel: Panel, track: Track, begin_ns: int, end_ns: int, scale_s: float, stretches: int, colour: str, dash: str
) -> None:
    """From 0 at the beginning to the end, though nothing was booked there."""
    moments = np.concatenate(([begin_ns], track.moments_ns, [end_ns]))
    values = np.concatenate(([0.0], track.values, [track.last]))
    places = (moments - begin_ns) / NS_PER_S / scale_s
    kept = extremes(places, values, stretches)
    wide = 2.0 if colour == INK else 1.3
    panel.drawing.curve(panel.x.at(places[kept]), panel.y.at(values[kept]), colour, wide=wide, dash=dash)


def _draw_names(panel: Panel, lines: list[tuple[str, float, str, str]], currency: str) -> None:
    """Each name with its last value at the height where its line ends, moved apart where they would overlap."""
    order = sorted(lines, key=lambda one: (-one[1], one[0]))
    heights = [float(panel.y.at(value)) + 4 for _, value, _, _ in order]
    lowest = panel.bottom + 4
    for place in range(1, len(heights)):
        heights[place] = max(heights[place], heights[place - 1] + LABEL_PX)
    for place in reversed(range(len(heights))):
        heights[place] = min(heights[place], lowest)
        lowest = heights[place] - LABEL_PX
    for (name, value, colour, dash), height in zip(order, heights, strict=True):
        left = panel.right + 8
        panel.drawing.line(left, height - 4, left + 16, height - 4, colour, wide=2, dash=dash)
        words = f"{name} {money(value, currency, signed=True)}"
        panel.drawing.text(left + 21, height, words, size=11, colour=FAINT_INK)


def _sum(realised: Sequence[Track], equity: Track, currency: str) -> str:
    total = sum(track.last for track in realised)
    words = f"{number(len(realised))} symbols realised {money(total, currency, signed=True)}"
    if not len(equity.values):
        return words
    return f"{words}; equity {money(equity.last, currency, signed=True)} against the capital"
