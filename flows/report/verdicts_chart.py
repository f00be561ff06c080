"""The chart of the verdicts: of every seed the expectancy with its interval, a panel a campaign."""

from math import ceil

import numpy as np

from arbitrage_core.statistics.verdict import Outcome
from flows.outcome import CampaignOutcome
from flows.report.axis import Axis, drawable
from flows.report.drawing import BLUE, FAINT_INK, GREEN, ORANGE, Drawing, fitting
from flows.report.panel import Panel
from flows.stages.stage import Campaign
from flows.verdict_outcome import SeedVerdict, pooled_expectancy

WIDTH, COLUMNS, TOP = 860, 2, 70
LEFT, PANEL_WIDTH, COLUMN_WIDTH = 66, 350, 420
PANEL_HEIGHT, ROW_HEIGHT = 140, 238
SEED_LABELS_MAX = 20
TITLE_CHARACTERS_MAX = 42
MEAN_INK = "#9aa3ad"
"""Lighter than what is drawn over it."""
COLOURS = {Outcome.TRADE: GREEN, Outcome.DO_NOT_TRADE: ORANGE, Outcome.NOT_ENOUGH_EVIDENCE: BLUE}


def verdicts_chart(campaigns: list[Campaign], outcomes: dict[str, CampaignOutcome], currency: str) -> str:
    """The SVG, of campaigns with verdicts. A seed that was not judged has no place in it."""
    rows = ceil(len(campaigns) / COLUMNS)
    drawing = Drawing(WIDTH, TOP + rows * ROW_HEIGHT, "Expectancy of every seed with its interval, by campaign")
    heading = f"What a trade is expected to earn, {currency}: every seed with its interval"
    drawing.text(20, 28, heading, size=15, bold=True)
    x = 28.0
    for says in Outcome:
        _mark(drawing, x, 45, says)
        drawing.text(x + 10, 49, str(says), colour=FAINT_INK)
        x += 30 + 8.2 * len(says)
    drawing.line(x, 45, x + 24, 45, FAINT_INK, dash="4 3")
    drawing.text(x + 30, 49, "0", colour=FAINT_INK)
    drawing.line(x + 56, 45, x + 80, 45, MEAN_INK)
    drawing.text(x + 86, 49, "mean of all seeds' trades", colour=FAINT_INK)
    for place, campaign in enumerate(campaigns):
        left = LEFT + place % COLUMNS * COLUMN_WIDTH
        _draw(drawing, campaign, outcomes.get(campaign.name), left, TOP + place // COLUMNS * ROW_HEIGHT + 46)
    return drawing.svg()


def _draw(drawing: Drawing, campaign: Campaign, outcome: CampaignOutcome | None, left: int, top: int) -> None:
    found = {one.seed: one.judged for one in (outcome.backtests if outcome is not None else ()) if one.judged}
    mean = pooled_expectancy(list(found.values()))
    seeds = list(campaign.seeds)
    values = [end for one in found.values() for end in (one.low_quote, one.high_quote, one.expectancy_quote)]
    vertical = Axis.of([value for value in values if value is not None], top + PANEL_HEIGHT, top, holds=(0.0,))
    across = Axis.exact(0.5, len(seeds) + 0.5, left, left + PANEL_WIDTH)
    panel = Panel(drawing, across, vertical)
    counts = {says: sum(one.says is says for one in found.values()) for says in Outcome}
    words = ", ".join(f"{says} {count}" for says, count in counts.items() if count) or "not judged"
    title = f"{campaign.name}: {campaign.title.split(':')[0]}"
    panel.heading(fitting(title, TITLE_CHARACTERS_MAX), f"{words} of {len(seeds)}")
    panel.grid(x_labels=False, x_lines=False)
    panel.level(0.0)
    if mean is not None:
        panel.level(mean, MEAN_INK, dash="")
    for place, seed in enumerate(seeds, start=1):
        x = float(across.at(place))
        if len(seeds) <= SEED_LABELS_MAX:
            drawing.text(x, panel.bottom + 15, str(seed), size=10, anchor="middle", colour=FAINT_INK)
        if seed in found:
            _interval(panel, x, found[seed])
    drawing.text((panel.left + panel.right) / 2, panel.bottom + 32, "seed", anchor="middle", colour=FAINT_INK)


def _interval(panel: Panel, x: float, one: SeedVerdict) -> None:
    """An end that the interval does not have lies at the edge of the panel."""
    low = panel.bottom if one.low_quote is None else float(panel.y.at(drawable([one.low_quote])[0]))
    high = panel.top if one.high_quote is None else float(panel.y.at(drawable([one.high_quote])[0]))
    panel.drawing.line(x, low, x, high, COLOURS[one.says], wide=1.6)
    if one.expectancy_quote is not None and np.isfinite(one.expectancy_quote):
        _mark(panel.drawing, x, float(panel.y.at(one.expectancy_quote)), one.says)


def _mark(drawing: Drawing, x: float, y: float, says: Outcome) -> None:
    """A disc, a cross or a ring: told apart without colours too."""
    if says is Outcome.DO_NOT_TRADE:
        drawing.cross(x, y, 3.5, COLOURS[says])
    else:
        drawing.dot(x, y, 3.5, COLOURS[says], hollow=says is Outcome.NOT_ENOUGH_EVIDENCE)
