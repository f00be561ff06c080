"""The chart of a band: one share of every seed, campaign by campaign, against what it must lie between."""

import math

from flows.outcome import CampaignOutcome
from flows.report.axis import Axis
from flows.report.drawing import BLUE, FAINT_INK, GREEN, INK, ORANGE, YELLOW, Drawing
from flows.report.panel import Panel
from flows.report.quantity import NOTHING, bare, is_share, quantity, words
from flows.stages.stage import Band, Campaign, Stage

WIDTH, LEFT, GAP = 860, 60, 22
COLUMNS_MAX = 3
ROW = 300
TOP, BOTTOM = 92, 250


def banded_figures(stage: Stage) -> list[str]:
    """The shares (of 1) that have a band in any campaign, in the stage's order.

    Other figures have a floor rather than a band, and the report's tables say enough of them.
    """
    figures = (band.figure for campaign in stage.campaigns for band in campaign.bands)
    return [figure for figure in dict.fromkeys(figures) if is_share(figure)]


def bands_chart(stage: Stage, campaigns: dict[str, CampaignOutcome], figure: str) -> str:
    """The SVG. A seed outside its band is an orange ✕; so is one without the figure, at the bottom."""
    shown = [(one, band) for one in stage.campaigns for band in one.bands if band.figure == figure]
    rows = -(-len(shown) // COLUMNS_MAX) or 1
    drawing = Drawing(WIDTH, rows * ROW + 26, f"{words(figure)} of every seed against its band")
    drawing.text(20, 28, f"{words(figure)} of every seed, %", size=15, bold=True)
    columns = min(COLUMNS_MAX, max(1, len(shown)))
    width = (WIDTH - LEFT - 20 - GAP * (columns - 1)) / columns
    for place, (campaign, band) in enumerate(shown):
        row, column = divmod(place, COLUMNS_MAX)
        left, down = LEFT + column * (width + GAP), row * ROW
        y = Axis.exact(0, 104, BOTTOM + down, TOP + down, ticks=6)
        x = Axis.exact(
            min(campaign.seeds, default=1) - 1, max(campaign.seeds, default=1) + 1, left, left + width, ticks=6
        )
        panel = Panel(drawing, x, y)
        outcome = campaigns.get(campaign.name)
        panel.heading(_shortened(campaign, width), _range_words(figure, outcome))
        panel.grid(x_name="seed", y_labels=column == 0, x_lines=False)
        _draw_band(panel, band)
        old = stage.old_figures.get(campaign.name)
        if old is not None and old.win_rate is not None and figure == "win_rate":
            panel.level(_scaled(old.win_rate), YELLOW, dash="2 3", wide=2)
        _draw_seeds(panel, band, figure, outcome)
    _draw_legend(drawing, rows * ROW + 8, has_old=figure == "win_rate" and bool(stage.old_figures))
    return drawing.svg()


def _shortened(campaign: Campaign, width: float) -> str:
    """Its name and the title up to a colon, as far as there is room."""
    title, most = f"{campaign.name} {campaign.title.split(':')[0]}", int(width / 9)
    return title if len(title) <= most else f"{title[: most - 1].rstrip()}…"


def _draw_band(panel: Panel, band: Band) -> None:
    low, high = (float(panel.y.at(_scaled(end))) for end in (band.least, band.most))
    panel.drawing.box(panel.left, high, panel.right - panel.left, low - high, GREEN, opacity=0.13)
    for end in (band.least, band.most):
        panel.level(_scaled(end), GREEN)


def _draw_seeds(panel: Panel, band: Band, figure: str, outcome: CampaignOutcome | None) -> None:
    if outcome is None or not outcome.all:
        panel.notice("not run")
        return
    for seed in outcome.all:
        value = seed.figures.get(figure)
        x = float(panel.x.at(float(seed.seed)))
        if not band.holds(value):
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


def _range_words(figure: str, outcome: CampaignOutcome | None) -> str:
    found = sorted(_measured(outcome, figure))
    if not found:
        return ""
    (low, low_seed), (high, high_seed) = found[0], found[-1]
    return f"{bare(figure, low)} (seed {low_seed}) to {quantity(figure, high)} (seed {high_seed})"


def _measured(outcome: CampaignOutcome | None, figure: str) -> list[tuple[float, int]]:
    seeds = outcome.backtests if outcome else ()
    return [(seed.figures[figure], seed.seed) for seed in seeds if bare(figure, seed.figures.get(figure)) != NOTHING]


def _scaled(value: float) -> float:
    """A share in per cent."""
    return value * 100
