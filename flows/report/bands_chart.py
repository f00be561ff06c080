"""The chart of a band: one share of every seed, by campaign or by symbol, against what it must lie between."""

import math
from dataclasses import dataclass

from flows.outcome import CampaignOutcome
from flows.report.axis import Axis
from flows.report.drawing import BLUE, FAINT_INK, GREEN, INK, ORANGE, YELLOW, Drawing, fitting
from flows.report.panel import Panel
from flows.report.quantity import NOTHING, bare, is_share, number, quantity, words
from flows.report.tables import worst
from flows.stages.stage import Band, Campaign, OldFigures, Stage

WIDTH, LEFT, GAP = 860, 60, 22
COLUMNS_MAX, PANELS_MAX = 3, 9
ROW = 300
TOP, BOTTOM = 92, 250


def banded_figures(stage: Stage) -> list[str]:
    """The shares (of 1) that have a band of whole sessions in any campaign, in the stage's order.

    Other figures have a floor rather than a band, and the report's tables say enough of them.
    """
    figures = (band.figure for campaign in stage.campaigns for band in campaign.bands if not band.symbol)
    return [figure for figure in dict.fromkeys(figures) if is_share(figure)]


def figures_banded_by_symbol(campaign: Campaign) -> list[str]:
    """The shares (of 1) of single symbols that have a band in a campaign."""
    figures = (band.figure for band in campaign.bands if band.symbol)
    return [figure for figure in dict.fromkeys(figures) if is_share(figure)]


@dataclass(frozen=True)
class _Shown:
    """What a panel shows: a band of a campaign, and what came of it."""

    campaign: Campaign
    band: Band
    outcome: CampaignOutcome | None


def bands_chart(stage: Stage, campaigns: dict[str, CampaignOutcome], figure: str) -> str:
    """The SVG of whole sessions, a panel a campaign.

    A seed outside its band is an orange ✕; so is one without the figure, at the bottom.
    """
    shown = [
        _Shown(one, band, campaigns.get(one.name))
        for one in stage.campaigns
        for band in one.bands
        if band.figure == figure and not band.symbol
    ]
    old = stage.old_figures if figure == "win_rate" else {}
    title = f"{words(figure)} of every seed"
    return _chart(shown, (f"{title} against its band", f"{title}, %"), old)


def symbol_bands_chart(campaign: Campaign, outcome: CampaignOutcome | None, figure: str) -> str:
    """The SVG of one campaign, a panel a symbol that has a band."""
    shown = [_Shown(campaign, band, outcome) for band in campaign.bands if band.figure == figure and band.symbol]
    title = f"{campaign.name}: {words(figure)} of every seed by symbol"
    return _chart(shown, (f"{title}, against its band", f"{title}, %"), {})


def _nearest(shown: list[_Shown]) -> list[_Shown]:
    """PANELS_MAX of them, those nearest to leaving their band, or furthest outside; in their order."""

    def room(place: int) -> tuple[float, int]:
        one = shown[place]
        found = worst(one.band, one.outcome) if one.outcome is not None else None
        return (float("-inf") if found is None or found[1] is None else found[1], place)

    return [shown[place] for place in sorted(sorted(range(len(shown)), key=room)[:PANELS_MAX])]


def _chart(shown: list[_Shown], titles: tuple[str, str], old_figures: dict[str, OldFigures]) -> str:
    """`titles`: what a screen reader says, and what stands above. More than PANELS_MAX would be too large a picture."""
    cut = ""
    if len(shown) > PANELS_MAX:
        cut = f"the {PANELS_MAX} of {number(len(shown))} with the least room"
        shown = _nearest(shown)
    rows = -(-len(shown) // COLUMNS_MAX) or 1
    drawing = Drawing(WIDTH, rows * ROW + 26, titles[0])
    drawing.text(20, 28, titles[1], size=15, bold=True)
    if cut:
        drawing.text(WIDTH - 20, 28, cut, anchor="end", colour=FAINT_INK)
    columns = min(COLUMNS_MAX, max(1, len(shown)))
    width = (WIDTH - LEFT - 20 - GAP * (columns - 1)) / columns
    for place, one in enumerate(shown):
        row, column = divmod(place, COLUMNS_MAX)
        left, down = LEFT + column * (width + GAP), row * ROW
        y = Axis.exact(0, 104, BOTTOM + down, TOP + down, ticks=6)
        seeds = one.campaign.seeds
        first, last = min(seeds, default=1) - 1, max(seeds, default=1) + 1
        x = Axis.exact(first, last, left, left + width, ticks=min(6, last - first))  # a seed is a whole number
        panel = Panel(drawing, x, y)
        panel.heading(fitting(_heading(one), int(width / 9)), _range_words(one))
        panel.grid(x_name="seed", y_labels=column == 0, x_lines=False)
        _draw_band(panel, one.band)
        old = old_figures.get(one.campaign.name)
        if old is not None and old.win_rate is not None:
            panel.level(_scaled(old.win_rate), YELLOW, dash="2 3", wide=2)
        _draw_seeds(panel, one)
    _draw_legend(drawing, rows * ROW + 8, has_old=bool(old_figures))
    return drawing.svg()


def _heading(one: _Shown) -> str:
    """Its symbol, or its name and the title up to a colon."""
    return one.band.symbol or f"{one.campaign.name} {one.campaign.title.split(':')[0]}"


def _draw_band(panel: Panel, band: Band) -> None:
    low, high = (float(panel.y.at(_scaled(end))) for end in (band.least, band.most))
    panel.drawing.box(panel.left, high, panel.right - panel.left, low - high, GREEN, opacity=0.13)
    for end in (band.least, band.most):
        panel.level(_scaled(end), GREEN)


def _draw_seeds(panel: Panel, shown: _Shown) -> None:
    if shown.outcome is None or not shown.outcome.all:
        panel.notice("not run")
        return
    for seed in shown.outcome.all:
        value = seed.figure(shown.band.figure, shown.band.symbol)
        x = float(panel.x.at(float(seed.seed)))
        if not shown.band.holds(value):
            missing = value is None or math.isnan(value)
            height = panel.bottom - 6 if missing else float(panel.y.at(_scaled(value)))
            panel.drawing.cross(x, height, 4, ORANGE)
        elif seed.mode == "backtest":
            panel.drawing.dot(x, float(panel.y.at(_scaled(value))), 3.6, BLUE)
        else:
            panel.drawing.dot(x, float(panel.y.at(_scaled(value))), 6.4, INK, hollow=True)


def _draw_legend(drawing: Drawing, height: float, *, has_old: bool) -> None:
    drawing.dot(LEFT + 4, height - 4, 3.6, BLUE)
    drawing.text(LEFT + 14, height, "backtest", size=11, colour=FAINT_INK)
    drawing.dot(LEFT + 84, height - 4, 6, INK, hollow=True)
    drawing.text(LEFT + 97, height, "paper session", size=11, colour=FAINT_INK)
    drawing.box(LEFT + 190, height - 10, 18, 12, GREEN, opacity=0.13)
    drawing.text(LEFT + 214, height, "band", size=11, colour=FAINT_INK)
    drawing.cross(LEFT + 264, height - 4, 4, ORANGE)
    drawing.text(LEFT + 275, height, "outside, or not measured", size=11, colour=FAINT_INK)
    if has_old:
        drawing.line(LEFT + 425, height - 4, LEFT + 447, height - 4, YELLOW, dash="2 3", wide=2)
        drawing.text(LEFT + 453, height, "what the system before reported", size=11, colour=FAINT_INK)


def _range_words(shown: _Shown) -> str:
    figure = shown.band.figure
    found = sorted(_measured(shown))
    if not found:
        return ""
    (low, low_seed), (high, high_seed) = found[0], found[-1]
    return f"{bare(figure, low)} (seed {low_seed}) to {quantity(figure, high)} (seed {high_seed})"


def _measured(shown: _Shown) -> list[tuple[float, int]]:
    figure, seeds = shown.band.figure, shown.outcome.backtests if shown.outcome else ()
    values = [(seed.figure(figure, shown.band.symbol), seed.seed) for seed in seeds]
    return [(value, seed) for value, seed in values if value is not None and bare(figure, value) != NOTHING]


def _scaled(value: float) -> float:
    """A share in per cent."""
    return value * 100
