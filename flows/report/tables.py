"""The tables of a stage, as rows for a Prefect table artifact, and a line of progress for each step."""

import math
from collections.abc import Mapping, Sequence

from flows.outcome import CampaignOutcome, Check, SeedOutcome, StageOutcome
from flows.report.quantity import bare, number, quantity, words
from flows.stages.stage import NO_END, Band, Campaign

HASH_CHARACTERS = 12
PASSED, FAILED, LIMITED = "✅", "❌", "⚠️"
SHOWN = ("entries", "closed", "unwound", "open", "win_rate", "pnl_quote", "max_drawdown_quote")
"""Figures of every seed that have a column."""
SIGNED = ("pnl_quote",)


def mark(check: Check) -> str:
    """✅ passed, ❌ failed and critical, ⚠️ failed without rejecting the stage."""
    if check.passed:
        return PASSED
    return FAILED if check.critical else LIMITED


def checks_table(outcome: StageOutcome) -> list[dict[str, str]]:
    """A row a check of a stage."""
    return rows_of(outcome.checks)


def rows_of(checks: Sequence[Check]) -> list[dict[str, str]]:
    """A row a check, the failed ones first, otherwise in their order."""
    order = [*(one for one in checks if not one.passed), *(one for one in checks if one.passed)]
    return [
        {
            "passed": mark(one),
            "name": one.name,
            "observed": one.observed,
            "expected": one.expected,
            "detail": one.detail,
        }
        for one in order
    ]


def campaign_table(outcome: CampaignOutcome, currency: str = "") -> list[dict[str, str]]:
    """A row a session, by seed, a seed's paper session below its backtest; the heads name the units."""
    return [seed_row(one, currency) for one in by_seed(outcome)]


def by_seed(outcome: CampaignOutcome) -> list[SeedOutcome]:
    """Its sessions by seed, backtest before paper."""
    return sorted(outcome.all, key=lambda one: (one.seed, one.mode))


def seed_row(one: SeedOutcome, currency: str = "") -> dict[str, str]:
    """A session's cells by head; money is in units of `currency`, which need not be known."""
    money = f", {currency}" if currency else ""
    figures = {name: bare(name, one.figures.get(name), currency, signed=name in SIGNED) for name in SHOWN}
    return {
        "seed": str(one.seed),
        "mode": one.mode,
        "entries": figures["entries"],
        "closed": figures["closed"],
        "unwound": figures["unwound"],
        "open": figures["open"],
        "win rate, %": figures["win_rate"],
        f"net PnL{money}": figures["pnl_quote"],
        f"max drawdown{money}": figures["max_drawdown_quote"],
        "exits": exits_words(one.exits),
        "replay": PASSED if one.identical else FAILED,
        "state hash": one.state_hash[:HASH_CHARACTERS],
    }


def exits_words(exits: Mapping[str, int]) -> str:
    """Exit reasons that occurred, the most frequent first: "hold time 2,709, converged 1,172"."""
    found = sorted(((-count, name) for name, count in exits.items() if count), key=lambda one: one)
    return ", ".join(f"{name.lower().replace('_', ' ')} {number(-count)}" for count, name in found)


def band_words(band: Band) -> str:
    """What a band is of: "win rate", or "BTC/USDT win rate"."""
    return f"{band.symbol} {words(band.figure)}".lstrip()


def span(band: Band) -> str:
    """What lies inside a band, in words: "40.0 to 60.0 %", "at least 100"."""
    if band.most >= NO_END:
        return f"at least {quantity(band.figure, band.least)}"
    return f"{bare(band.figure, band.least)} to {quantity(band.figure, band.most)}"


def margin(band: Band, value: float | None) -> float | None:
    """How far inside its band a value lies, in the figure's own unit; negative outside, None where there is none."""
    if value is None or math.isnan(value):
        return None
    return min(value - band.least, band.most - value)


def worst(band: Band, outcome: CampaignOutcome) -> tuple[SeedOutcome, float | None] | None:
    """The session nearest to leaving its band, or furthest outside; one without the figure is worse than any."""
    margins = [(one, margin(band, one.figure(band.figure, band.symbol))) for one in by_seed(outcome)]
    return min(margins, key=lambda one: float("-inf") if one[1] is None else one[1], default=None)


def holds_closed(campaign: Campaign, one: SeedOutcome) -> bool:
    """Whether a session closed as many trades as asked for; nothing measured, and NaN, do not."""
    closed = one.figures.get("closed")
    return closed is not None and closed >= campaign.closed_least


def outside(campaign: Campaign, outcome: CampaignOutcome) -> list[str]:
    """Every session that misses a band or the number of closed trades, or that was not run, in words."""
    lines = []
    for one in by_seed(outcome):
        who = f"{campaign.name}, seed {one.seed}, {one.mode}"
        for band in campaign.bands:
            value = one.figure(band.figure, band.symbol)
            if not band.holds(value):
                asked = span(band)
                exactly = "" if value is None else f" ({value:.6g})"  # 39.97 % reads as 40.0 %
                is_ = f"{band_words(band)} {quantity(band.figure, value)}{exactly}"
                lines.append(f"{who}: {is_} is outside {asked}")
        if not holds_closed(campaign, one):
            least = number(campaign.closed_least)
            lines.append(f"{who}: {bare('closed', one.figures.get('closed'))} closed trades, asked for are {least}")
    missing = sorted(set(campaign.seeds) - {one.seed for one in outcome.backtests})
    if missing:
        lines.append(f"{campaign.name}: no backtest of seed {', '.join(map(str, missing))}")
    if campaign.paper_seed is not None and campaign.paper_seed not in {one.seed for one in outcome.papers}:
        lines.append(f"{campaign.name}: no paper session of seed {campaign.paper_seed}")
    return lines


def seed_line(one: SeedOutcome) -> str:
    """A session that is done, for the log of a flow."""
    rate, closed = quantity("win_rate", one.figures.get("win_rate")), bare("closed", one.figures.get("closed"))
    pnl = bare("pnl_quote", one.figures.get("pnl_quote"), signed=True)
    troubles = len(one.findings) + len(one.differences) + len(one.model_differences)
    trouble = f" · {FAILED} {troubles} findings" if troubles else ""
    fork = "" if one.identical else f" · {FAILED} replay differs"
    done = f"{one.campaign} seed {one.seed} {one.mode}: {closed} closed, win rate {rate}, net PnL {pnl}"
    return f"{done} · {number(one.elapsed_s, 1)} s{trouble}{fork}"


def progress_line(campaign: Campaign, done: int, of: int) -> str:
    """How far a campaign is: "C1 mixed: 7 of 21 sessions"."""
    return f"{campaign.name} {campaign.title}: {number(done)} of {number(of)} sessions"


def verdict_line(outcome: StageOutcome) -> str:
    """The verdict and what it stands on, in one line."""
    passed = sum(one.passed for one in outcome.checks)
    return f"{outcome.verdict} · {number(passed)} of {number(len(outcome.checks))} checks passed"
