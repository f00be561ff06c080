"""The chart of a session's exposure: what stood at risk over time against its limit; in all, by venue and by symbol."""

import numpy as np

from flows.report.axis import VALUE_MAX, Axis
from flows.report.clock import clock_of
from flows.report.drawing import BLUE, FAINT_INK, ORANGE, SKY, Drawing, fitting
from flows.report.exposure import Exposure
from flows.report.panel import Panel
from flows.report.quantity import money, number
from flows.report.series import SessionSeries
from flows.report.track import NS_PER_S, Track

WIDTH, LEFT, RIGHT = 860, 72, 840
TOP, BOTTOM = 62, 200
COLUMNS, GAP = 3, 66
ROW, CELL_TOP, CELL_BOTTOM = 152, 284, 364
"""The small panels: height of a row, and where the first row's lie."""
SYMBOLS_MAX = 6
"""So many symbols have a panel of their own, those that were exposed most; of the others the largest is said."""
STRETCHES, STRETCHES_SMALL = 240, 48
"""Of time: of each, the largest value and the mean are drawn."""
SHOWN_LIMIT = 3.0
"""A limit further up than so many times the largest value would leave nothing to be seen: it is said, not drawn."""
NAME_CHARACTERS_MAX = 20


def exposure_chart(series: SessionSeries, exposure: Exposure) -> str:
    """The SVG. `exposure.py` says at which prices. Moments without a known price count as 0, and are said."""
    symbols = sorted(exposure.symbols, key=lambda one: -one.largest)
    shown, others = symbols[:SYMBOLS_MAX], symbols[SYMBOLS_MAX:]
    rows = [*_rows(exposure.venues), *_rows(shown)]
    height = (CELL_BOTTOM + (len(rows) - 1) * ROW if rows else BOTTOM) + 76
    drawing = Drawing(WIDTH, height, f"Exposure of {series.campaign}, seed {series.seed}, against its limits")
    moments = np.concatenate([series.marked_ns, exposure.portfolio.moments_ns])
    begin_ns, end_ns = (int(moments.min()), int(moments.max())) if len(moments) else (0, 0)
    scale_s, clock = clock_of((end_ns - begin_ns) / NS_PER_S)
    span = max((end_ns - begin_ns) / NS_PER_S / scale_s, 1e-3)
    panel = _panel(drawing, exposure.portfolio, (0.0, span), (LEFT, RIGHT, TOP, BOTTOM), ticks=(8, 5))
    title = f"{series.campaign}, seed {series.seed}: exposure of the portfolio, {series.currency}"
    panel.heading(title, _words(exposure.portfolio, series.currency))
    panel.grid(x_name=f"{clock} since the start")
    if not len(exposure.portfolio.values):
        panel.notice("nothing was ever at risk")
        return drawing.svg()
    _draw(panel, exposure.portfolio, (begin_ns, end_ns), STRETCHES)
    width = (RIGHT - LEFT - GAP * (COLUMNS - 1)) / COLUMNS
    for row, tracks in enumerate(rows):
        for column, track in enumerate(tracks):
            left, down = LEFT + column * (width + GAP), row * ROW
            box = (left, left + width, CELL_TOP + down, CELL_BOTTOM + down)
            cell = _panel(drawing, track, (0.0, span), box, ticks=(4, 3))
            cell.heading(fitting(track.name, NAME_CHARACTERS_MAX), _words(track, series.currency))
            cell.grid()
            _draw(cell, track, (begin_ns, end_ns), STRETCHES_SMALL)
    for place, words in enumerate(_notes(exposure.portfolio, others, series.currency)):
        drawing.text(LEFT, height - 30 + place * 16, words, size=11, colour=FAINT_INK)
    return drawing.svg()


def _rows(tracks: list[Track] | tuple[Track, ...]) -> list[list[Track]]:
    return [list(tracks[first : first + COLUMNS]) for first in range(0, len(tracks), COLUMNS)]


def _panel(
    drawing: Drawing,
    track: Track,
    span: tuple[float, float],
    box: tuple[float, float, float, float],
    *,
    ticks: tuple[int, int],
) -> Panel:
    """Its axes hold 0, the largest value, and the limit where that is near enough to be drawn."""
    left, right, top, bottom = box
    limit = track.limit if track.limit <= SHOWN_LIMIT * track.largest else 0.0
    most = min(max(track.largest, limit, 1e-6), VALUE_MAX)
    x = Axis.exact(*span, left, right, ticks=ticks[0])
    return Panel(drawing, x, Axis.exact(0.0, most * 1.06, bottom, top, ticks=ticks[1]))


def _draw(panel: Panel, track: Track, between: tuple[int, int], count: int) -> None:
    largest, mean = track.stretches(*between, count)
    edges = np.linspace(panel.left, panel.right, count + 1)
    floor = float(panel.y.at(0.0))
    panel.drawing.steps(edges, panel.y.at(mean), SKY, down_to=floor)
    panel.drawing.steps(edges, panel.y.at(largest), BLUE)
    panel.level(track.limit, ORANGE, dash="5 3", wide=1.5)


def _words(track: Track, currency: str) -> str:
    limit = f"limit {number(track.limit) if float(track.limit).is_integer() else money(track.limit, currency)}"
    return f"largest {money(track.largest, currency)}, {limit if np.isfinite(track.limit) else 'no limit'}"


def _notes(portfolio: Track, others: list[Track], currency: str) -> list[str]:
    """How to read it, and what it leaves out."""
    lines = [
        "line: largest in each stretch of time · shaded: mean over time · dashed: limit, where one is set and near"
    ]
    left_out = []
    if others:
        most = money(max(one.largest for one in others), currency)
        left_out.append(f"{number(len(others))} other symbols, none above {most}")
    if unknown := int(np.sum(np.isnan(portfolio.values))):
        left_out.append(f"{number(unknown)} moments at a rate that is not known")
    return [*lines, f"not shown: {'; '.join(left_out)}"] if left_out else lines
