"""The section of a campaign: its bands with the worst seed of each, its charts, its symbols and its sessions."""

import math

from arbitrage_core.feeds.scripted import Step
from flows.outcome import CampaignOutcome
from flows.report.bands_chart import figures_banded_by_symbol
from flows.report.charts import symbol_band_chart_name
from flows.report.markdown import code, plain, table
from flows.report.pictures import Pictures
from flows.report.quantity import number, quantity, words
from flows.report.symbol_table import symbol_sections
from flows.report.tables import (
    FAILED,
    HASH_CHARACTERS,
    PASSED,
    band_words,
    by_seed,
    campaign_table,
    holds_closed,
    span,
    worst,
)
from flows.stages.stage import Campaign

CHART_TITLES = {
    "equity": "equity and drawdown",
    "trades": "trades by PnL, and edge at decision against realised",
    "symbols": "realised PnL by symbol, and equity",
    "exposure": "exposure against its limits",
}
STEPS_MAX = 12
"""Of a script; how many more there are is said."""


def campaign_section(campaign: Campaign, outcome: CampaignOutcome | None, pictures: Pictures) -> list[str]:
    """Its heading and what stands below: bands, paper session, charts, symbols, and a row for every session."""
    head = f"## {plain(campaign.name)}: {plain(campaign.title)}"
    if outcome is None or not outcome.all:
        return [head, f"{FAILED} Not run."]
    parts = [head, _market(campaign), _band_table(campaign, outcome), *_paper(outcome)]
    for figure in figures_banded_by_symbol(campaign):
        what = f"{campaign.name}: {words(figure)} of every seed by symbol, against its band"
        parts += pictures.of(symbol_band_chart_name(campaign, figure), what)
    for kind, title in CHART_TITLES.items():
        parts += pictures.of(f"{campaign.name.lower()}_{kind}", f"{campaign.name}: {title}")
    currency = pictures.currencies.get(campaign.name, "")
    parts += symbol_sections(campaign, outcome, currency)
    parts += _moves(campaign, outcome, currency)
    return [*parts, sessions_table(outcome, currency), "How the entries of each session left:", _exits(outcome)]


def _moves(campaign: Campaign, outcome: CampaignOutcome, currency: str) -> list[str]:
    """What would even out the venues after the shown session; only where edges set something aside for it."""
    shown = next((one for one in outcome.backtests if one.seed == (campaign.paper_seed or campaign.seeds[0])), None)
    if shown is None or shown.figures.get("rebalancing_cost_share") is None:
        return []
    moves = ", ".join(f"{number(own, 2)} {currency} {way}".replace("  ", " ") for way, own in shown.moves.items())
    share = quantity("rebalancing_cost_share", shown.figures["rebalancing_cost_share"])
    said = f"would cost {share} of what the edges of its trades set aside" if moves else "nothing has to be moved"
    return [plain(f"To even out the venues after seed {shown.seed}: {moves or 'none'}; {said}. Nothing was moved.")]


def _market(campaign: Campaign) -> str:
    settings = " ".join(code(one) for one in campaign.settings) or "the settings it comes with"
    kinds = dict.fromkeys(campaign.symbols.values()) or [campaign.preset]
    markets = f"Market{'s' if len(kinds) > 1 else ''} {', '.join(map(code, kinds))}"
    return " ".join([f"{markets}, with {settings}.", *_script(campaign)])


def _script(campaign: Campaign) -> list[str]:
    """What happens meanwhile by the campaign's script, in the order of time."""
    steps = sorted(campaign.script, key=lambda step: step.at_s)
    shown = [f"{code(_said(step))} after {step.at_s:g} s" for step in steps[:STEPS_MAX]]
    if len(steps) > STEPS_MAX:
        shown.append(f"and {number(len(steps) - STEPS_MAX)} more")
    return [f"Meanwhile, by script: {', '.join(shown)}."] if steps else []


def _said(step: Step) -> str:
    if step.venue:
        return f"funding {step.funding_rate:g} at {step.venue}.{step.symbol}"
    return f"{step.command} {step.symbol}".rstrip() if step.command else f"rate {step.currency}={step.rate:g}"


def _band_table(campaign: Campaign, outcome: CampaignOutcome) -> str:
    rows = []
    for band in campaign.bands:
        found = worst(band, outcome)
        if found is None:
            continue
        one, room = found
        every = all(band.holds(seed.figure(band.figure, band.symbol)) for seed in outcome.all)
        rows.append(
            [
                PASSED if every else FAILED,
                plain(band_words(band)),
                span(band),
                f"{quantity(band.figure, one.figure(band.figure, band.symbol))}, seed {one.seed}, {one.mode}",
                quantity(band.figure, room, signed=True).replace(" %", " points"),
            ]
        )
    fewest = min(outcome.all, key=lambda one: _or_nothing(one.figures.get("closed")))
    closed = fewest.figures.get("closed")
    rows.append(
        [
            PASSED if all(holds_closed(campaign, one) for one in outcome.all) else FAILED,
            "closed trades",
            f"at least {number(campaign.closed_least)}",
            f"{number(closed)}, seed {fewest.seed}, {fewest.mode}",
            number(None if closed is None else closed - campaign.closed_least, signed=True),
        ]
    )
    return table(["", "of every seed", "asked for", "the worst", "its margin"], rows, right=(4,))


def _or_nothing(value: float | None) -> float:
    """What is not measured is fewer than any."""
    return float("-inf") if value is None or math.isnan(value) else value


def _paper(outcome: CampaignOutcome) -> list[str]:
    hashes = {one.seed: one.state_hash for one in outcome.backtests}
    lines = []
    for paper in outcome.papers:
        same = hashes.get(paper.seed) == paper.state_hash
        words_ = "ends in the backtest's state hash" if same else "does not end in the backtest's state hash"
        hash_ = code(paper.state_hash[:HASH_CHARACTERS])
        lines.append(f"{PASSED if same else FAILED} The paper session of seed {paper.seed} {words_}: {hash_}.")
    return ["\n".join(lines)] if lines else []


def sessions_table(outcome: CampaignOutcome, currency: str = "") -> str:
    """A row a session; narrow, for a page of Prefect is."""
    rows = campaign_table(outcome, currency)
    if not rows:
        return "None."
    figures = [head for head in rows[0] if head.split(",")[0] in ("closed", "win rate", "net PnL", "max drawdown")]
    cells = []
    for row in rows:
        shown = [plain(row[head]) for head in figures]
        cells.append([_who(row["seed"], row["mode"]), *shown, row["replay"], code(row["state hash"])])
    return table(["seed", *map(plain, figures), "replay", "state hash"], cells, right=tuple(range(len(figures) + 1)))


def _exits(outcome: CampaignOutcome) -> str:
    """A row a session, a column a reason that occurred in any: entries are the sum of all that stands right of them."""
    found = {reason for one in outcome.all for reason, count in one.exits.items() if count}
    order = list(dict.fromkeys(reason for one in outcome.all for reason in one.exits if reason in found))
    rows = []
    for one in by_seed(outcome):
        entries, left = (number(one.figures.get(name)) for name in ("entries", "open"))
        rows.append([_who(str(one.seed), one.mode), entries, *(number(one.exits.get(name, 0)) for name in order), left])
    heads = ["seed", "entries", *(plain(reason.lower().replace("_", " ")) for reason in order), "open"]
    return table(heads, rows, right=tuple(range(len(heads))))


def _who(seed: str, mode: str) -> str:
    return seed if mode == "backtest" else f"{plain(mode)} {seed}"
