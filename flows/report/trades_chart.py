"""The chart of a session's trades: how their PnL is distributed, and the edge promised against the edge realised."""

import numpy as np

from flows.report.axis import VALUE_MAX, Axis, tick_step
from flows.report.drawing import BLUE, FAINT_INK, GREEN, INK, ORANGE, PURPLE, SKY, YELLOW, Drawing
from flows.report.panel import Panel
from flows.report.quantity import money, number
from flows.report.series import SessionSeries

WIDTH, HEIGHT = 860, 396
TOP, BOTTOM = 58, 290
BINS = 36
TAIL_PCT = 0.5
"""So much at either end may lie beyond the axis; it is drawn at its edge, and said."""
DOTS_MAX = 1_500
RARE = 40
"""Trades that left for one reason: so few are all drawn, and larger."""
LETTER_PX = 5.9
LABEL_CHARACTERS_MAX, STRANGERS_MAX = 24, 3
"""Of exit reasons this chart has no colour for."""
REASONS = {
    "CONVERGED": GREEN,
    "TAKE_PROFIT": SKY,
    "HOLD_TIME": YELLOW,
    "STOP_LOSS": ORANGE,
    "FEED_ENDED": PURPLE,
    "SESSION_END": FAINT_INK,
    "UNWOUND": INK,
}


def trades_chart(series: SessionSeries) -> str:
    """The SVG. Figures that are not finite are left out of it."""
    drawing = Drawing(WIDTH, HEIGHT, f"Trades of {series.campaign}, seed {series.seed}")
    _draw_pnl(drawing, series)
    _draw_edge(drawing, series)
    return drawing.svg()


def _draw_pnl(drawing: Drawing, series: SessionSeries) -> None:
    found = _cut(series.pnl_quote[np.isfinite(series.pnl_quote)])
    low, high = _bulk(found)
    width = tick_step(max(high - low, max(abs(low), abs(high)) * 1e-6, 1e-6), BINS)
    first, last = np.floor(min(low, 0.0) / width), np.ceil(max(high, 0.0) / width)
    if last - first > 4 * BINS:  # all trades far from zero: zero is not shown, or the bars would be hairs
        first, last = np.floor(low / width), np.ceil(high / width)
    last = max(last, first + 1)
    x = Axis.exact(float(first * width), float(last * width), 60, 410, ticks=7)
    bins = int(last - first)
    places = np.clip(np.floor(found / width) - first, 0, bins - 1).astype(np.int64)
    counts = np.bincount(places, minlength=bins)
    most = int(counts.max(initial=1))
    panel = Panel(drawing, x, Axis.exact(0.0, most * 1.06, BOTTOM, TOP))
    beyond = int(np.sum((found < x.low) | (found > x.high)))
    panel.heading(f"{series.campaign}, seed {series.seed}: trades by net PnL", _pnl_words(found, series.currency))
    panel.grid(x_name=f"net PnL of a trade, {series.currency}", x_lines=False)
    if not len(found):
        panel.notice("no trade ended")
        return
    for place in np.flatnonzero(counts).tolist():
        begin, end = float(x.at((first + place) * width)), float(x.at((first + place + 1) * width))
        height = float(panel.y.at(float(counts[place])))
        colour = ORANGE if (first + place) < 0 else BLUE
        drawing.box(begin + 0.3, height, max(end - begin - 0.6, 0.4), BOTTOM - height, colour, opacity=0.85)
    panel.moment(0.0, INK, dash="")
    panel.moment(float(found.mean()), INK)
    note = f"dashed: mean · orange: loss, blue: gain · bars of {number(width, _places(width))} {series.currency}"
    drawing.text(panel.left, BOTTOM + 52, note, size=11, colour=FAINT_INK)
    if beyond:
        words = f"{number(beyond)} lie beyond the axis, counted in its outermost bars"
        drawing.text(panel.left, BOTTOM + 68, words, size=11, colour=FAINT_INK)


def _draw_edge(drawing: Drawing, series: SessionSeries) -> None:
    seen = np.isfinite(series.decided_bps) & np.isfinite(series.realised_bps)
    decided, realised, reasons = _cut(series.decided_bps[seen]), _cut(series.realised_bps[seen]), series.reasons[seen]
    x = Axis.of(_bulk(decided), 490, 840, ticks=7, holds=(0.0,))
    y = Axis.of(_bulk(realised), BOTTOM, TOP, ticks=7, holds=(0.0,))
    panel = Panel(drawing, x, y)
    panel.heading("edge: at decision against realised", _edge_words(decided, realised))
    panel.grid(x_name="net edge at decision, bps")
    drawing.text(452, (TOP + BOTTOM) / 2, "realised, bps", anchor="middle", colour=FAINT_INK, turned=True)
    if not len(decided):
        panel.notice("no trade with both edges")
        return
    panel.level(0.0, FAINT_INK, dash="")
    low, high = max(x.low, y.low), min(x.high, y.high)
    if low < high:
        drawing.line(*_point(panel, low), *_point(panel, high), INK, dash="4 3")
    _draw_dots(panel, decided, realised, reasons)


def _draw_dots(panel: Panel, decided: np.ndarray, realised: np.ndarray, reasons: np.ndarray) -> None:
    drawing, legend = panel.drawing, _Legend(panel.drawing, panel.left, BOTTOM + 52)
    counts = {str(name): int(np.sum(reasons == name)) for name in np.unique(reasons)}
    present = [name for name in REASONS if name in counts]
    present += sorted(set(counts) - set(REASONS))[:STRANGERS_MAX]
    for name in sorted(present, key=lambda one: -counts[one]):  # the rare ones last, on top of the others
        mine = _spread(np.flatnonzero(reasons == name), _quota(counts[name], len(reasons)))
        across, up = np.rint(panel.x.at(decided[mine]) * 2) / 2, np.rint(panel.y.at(realised[mine]) * 2) / 2
        points = np.unique(np.column_stack((across, up)), axis=0)
        drawing.dots(points[:, 0], points[:, 1], REASONS.get(name, INK), radius=1.7 if counts[name] > RARE else 2.4)
    for name in present:
        legend.add(name.lower().replace("_", " ")[:LABEL_CHARACTERS_MAX], REASONS.get(name, INK))
    inside = (decided >= panel.x.low) & (decided <= panel.x.high)
    inside &= (realised >= panel.y.low) & (realised <= panel.y.high)
    beyond = int(np.sum(~inside))
    legend.add(f"dashed: as promised{f' · {number(beyond)} beyond, at the frame' if beyond else ''}")


def _quota(count: int, of: int) -> int:
    """How many dots a reason gets: its share, and all when there are few."""
    return count if of <= DOTS_MAX or count <= RARE else max(RARE, count * DOTS_MAX // of)


def _spread(places: np.ndarray, count: int) -> np.ndarray:
    """So many of the places, evenly from first to last."""
    return places if len(places) <= count else places[np.linspace(0, len(places) - 1, count).astype(np.int64)]


class _Legend:
    """Names with their colours, in as many lines as they need."""

    def __init__(self, drawing: Drawing, left: float, line: float) -> None:
        self.drawing, self.left, self.place, self.line = drawing, left, left, line

    def add(self, words: str, colour: str | None = None) -> None:
        """One more entry; without a colour, words only."""
        wide = (12 if colour else 0) + LETTER_PX * len(words)
        if self.place > self.left and self.place + wide > WIDTH - 10:
            self.place, self.line = self.left, self.line + 16
        if colour:
            self.drawing.dot(self.place + 4, self.line - 4, 3.5, colour)
        self.drawing.text(self.place + (12 if colour else 0), self.line, words, size=11, colour=FAINT_INK)
        self.place += wide + 14


def _pnl_words(found: np.ndarray, currency: str) -> str:
    if not len(found):
        return ""
    mean, median = float(found.mean()), float(np.median(found))
    lost = int(np.sum(found < 0))
    spread = f"mean {money(mean, currency, signed=True)}, median {money(median, currency, signed=True)} {currency}"
    return f"{number(len(found))} trades, {number(lost)} at a loss; {spread}"


def _edge_words(decided: np.ndarray, realised: np.ndarray) -> str:
    if not len(decided):
        return ""
    means = f"mean {number(float(decided.mean()), 1, signed=True)} at decision"
    drawn = "" if len(decided) <= DOTS_MAX else f"; about {number(DOTS_MAX)} drawn"
    return f"{means}, {number(float(realised.mean()), 1, signed=True)} realised{drawn}"


def _point(panel: Panel, value: float) -> tuple[float, float]:
    return float(panel.x.at(value)), float(panel.y.at(value))


def _cut(values: np.ndarray) -> np.ndarray:
    return np.clip(values, -VALUE_MAX, VALUE_MAX)


def _bulk(values: np.ndarray) -> tuple[float, float]:
    """The range of all but the tails; of (0, 1) when there is nothing."""
    if not len(values):
        return 0.0, 1.0
    low, high = np.percentile(values, (TAIL_PCT, 100 - TAIL_PCT))
    return float(low), float(high)


def _places(width: float) -> int:
    return max(0, -int(np.floor(np.log10(width) + 1e-9)))
