"""The section of the verdicts: a row a campaign, then of each the verdict on one seed in full, and a row a seed."""

from typing import Any

from arbitrage_core.statistics.verdict import Outcome
from flows.outcome import CampaignOutcome, SeedOutcome, StageOutcome
from flows.report.charts import VERDICTS_CHART, curves_chart_name
from flows.report.markdown import bullets, plain, table
from flows.report.pictures import Pictures
from flows.report.quantity import NOTHING, money, number
from flows.report.symbols_apart import shown_outcome
from flows.report.tables import FAILED, PASSED
from flows.stages.stage import Campaign, Stage
from flows.verdict_outcome import SeedVerdict, pooled_expectancy

Document = dict[str, Any]


def verdict_section(stage: Stage, outcome: StageOutcome, pictures: Pictures) -> list[str]:
    """Nothing where a stage has no campaign whose trades are judged."""
    campaigns = [campaign for campaign in stage.campaigns if campaign.verdicts]
    if not campaigns:
        return []
    by_name = {one.campaign: one for one in outcome.campaigns}
    failed = {check.name.partition(" ")[0] for check in outcome.checks if not check.passed}
    rows = [_row(one, by_name.get(one.name), passed=one.name not in failed) for one in campaigns]
    heads = ["", "campaign", *(says.lower() for says in Outcome), "stated beforehand", "trades a seed"]
    heads += ["a trade, all seeds", "intervals that hold it"]
    told = (
        "The trades of each seed are judged as `arb verdict` judges them. What each market gives was known beforehand; "
        "the verdict was not told. The mark is that of all checks of a campaign."
    )
    parts = [
        "## Verdicts: is it worth trading?",
        told,
        table(heads, rows, right=(2, 3, 4, 6, 7, 8)),
        *pictures.of(VERDICTS_CHART, "expectancy of every seed with its interval, by campaign"),
    ]
    for campaign in campaigns:
        parts += _campaign(campaign, by_name.get(campaign.name), pictures)
    return parts


def _row(campaign: Campaign, outcome: CampaignOutcome | None, *, passed: bool) -> list[str]:
    seeds = outcome.backtests if outcome is not None else ()
    judged = [one.judged for one in seeds if one.judged is not None]
    stated = ", ".join(
        f"{band.says.lower()} {band.least}{f' to {band.most}' if band.most > band.least else ''}"
        for band in campaign.verdicts
    )
    name = plain(f"{campaign.name} {campaign.title}")
    if not judged:
        return [FAILED, name, *[NOTHING] * 3, plain(stated), *[NOTHING] * 3]
    mean, trades = pooled_expectancy(judged), [one.trades for one in judged]
    held = sum(mean is not None and one.holds(mean) for one in judged)
    return [
        PASSED if passed else FAILED,
        name,
        *(number(sum(one.says is says for one in judged)) for says in Outcome),
        plain(stated),
        f"{number(min(trades))}–{number(max(trades))}",
        number(mean, 4, signed=True),
        f"{number(held)} of {number(len(judged))}",
    ]


def _campaign(campaign: Campaign, outcome: CampaignOutcome | None, pictures: Pictures) -> list[str]:
    """The verdict on the seed that is shown, as a page of `arb verdict` has it, and every seed's."""
    parts = [f"### The verdict on {plain(campaign.name)}: {plain(campaign.title)}"]
    shown = shown_outcome(campaign, outcome)
    if outcome is None or shown is None or shown.judged is None:
        return [*parts, f"{FAILED} Not judged."]
    document = shown.judged.document
    parts.append(f"**{plain(document['verdict'])}** (seed {shown.seed}): {plain(document['reason'])}.")
    if "curves" in document:
        parts.append(bullets(map(plain, _figures(document)), ""))
        what = f"{campaign.name}: PnL of seed {shown.seed} with another fee, latency or size"
        parts += pictures.of(curves_chart_name(campaign), what)
    return [*parts, _seeds(outcome)]


def _figures(document: Document) -> list[str]:
    """What the verdict rests on, a line each."""
    currency, chance = document["reporting_currency"], document["probability_positive"]
    run, capacity = document["longest_losing_run"], document["capacity"]
    block = "" if document["block_trades"] is None else f", in blocks of {number(document['block_trades'], 1)}"
    costs = document["cost_share"]
    size = "no size earns"
    if capacity is not None:
        least = "at least " if capacity["at_least"] else ""
        earned = money(capacity["pnl_quote"], currency, signed=True)
        size = f"{least}{capacity['size_factor']:g} times the size, PnL {earned}"
        size += "; the purse ended the curve" if least and capacity["ended_by"] == "purse" else ""
    mean = f"{money(document['expectancy_quote'], currency, signed=True, finer=2)} {currency} a trade"
    interval = f"{document['confidence']:.0%} interval {_interval(document['interval'])}"
    return [
        f"{number(document['trades'])} trades{block}",
        f"expectancy {mean}, {number(document['expectancy_bps'], 2, signed=True)} bps; {interval}",
        "above 0 " + ("cannot be told" if chance is None else f"with a confidence of {number(chance * 100, 1)} %"),
        f"break-even taker fee {_end(document, 'fee', 'bps', 'taker_fee_bps')}",
        f"break-even latency {_end(document, 'latency', 'ms', 'latency_ms')}",
        "costs: " + ("no gross edge to eat" if costs is None else f"{number(costs * 100, 0)} % of the gross edge"),
        f"capacity: {size}",
        f"longest losing run {run['seen']}; expect {_count(run['median'])}, in one of twenty {_count(run['p95'])}",
        f"would change it: {'; '.join(document['would_change'])}",
    ]


def _end(document: Document, name: str, unit: str, setting: str) -> str:
    value, now = document[f"break_even_{name}_{unit}"], f"{document['present'][setting]:g} {unit}"
    if value is not None:
        return f"{number(value, 2 if unit == 'bps' else 0)} {unit}, {now} as it is"
    return {"nowhere": f"none, at no value up to {now}", "throughout": "none, earned at all values tried"}[
        document[f"{name}_earns"]
    ]


def _seeds(outcome: CampaignOutcome) -> str:
    heads = ["seed", "verdict", "trades", "expectancy", "interval", "above 0, %", "costs, %", "with more trials"]
    rows = [_seed(one) for one in outcome.backtests]
    return table(heads, rows, right=(0, 2, 3, 4, 5, 6))


def _seed(one: SeedOutcome) -> list[str]:
    judged = one.judged
    if judged is None:
        return [str(one.seed), f"{FAILED} not judged", *[NOTHING] * 6]
    chance, costs = judged.probability, judged.document["cost_share"]
    return [
        str(one.seed),
        plain(judged.says),
        number(judged.trades),
        number(judged.expectancy_quote, 4, signed=True),
        _interval((judged.low_quote, judged.high_quote)),
        number(None if chance is None else chance * 100, 1),
        number(None if costs is None else costs * 100, 0),
        plain(_with_trials(judged)),
    ]


def _with_trials(judged: SeedVerdict) -> str:
    """`the same`, or from how many trials on it says something else."""
    other = next((one for one in judged.counted if one.verdict is not judged.says), None)
    return "the same" if other is None else f"{other.verdict} with {number(other.trials)}"


def _interval(ends: tuple[float | None, float | None] | list[float | None]) -> str:
    low, high = (NOTHING if end is None else number(end, 4, signed=True) for end in ends)
    return f"{low} to {high}"


def _count(value: int | None) -> str:
    return NOTHING if value is None else number(value)
