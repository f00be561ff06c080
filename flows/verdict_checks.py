"""The checks of verdicts: what they say of markets whose edge is known, and that their figures can be found again.

What a verdict says is held against what was stated of the market beforehand. Its figures are held against others: the
mean of all seeds, the sums in the record, and sessions backtested at the ends of what it says still earns. A seed that
was not judged fails them all.
"""

from collections.abc import Callable
from decimal import Decimal
from math import isclose

from arbitrage_core.statistics.verdict import CONFIDENCE, Outcome
from flows.outcome import Check, SeedOutcome
from flows.report.quantity import NOTHING, number
from flows.stages.stage import Campaign, VerdictBand
from flows.verdict_outcome import SeedVerdict, pooled_expectancy

SHOWN_MAX = 3
HOLDING_LEAST = 0.85
"""Of the seeds' intervals must hold the mean of all their trades. Each should in 98 of 100 cases; a verdict without
uncertainty downwards has one in two that do."""

MONEY_TOLERANCE = 1e-6
"""Of a sum of floats against one of decimals; half a booking unit of each of a hundred trades."""
SHARE_TOLERANCE = 1e-9

Judged = dict[int, SeedVerdict | None]


def verdict_campaign_checks(campaign: Campaign, backtests: tuple[SeedOutcome, ...]) -> list[Check]:
    """Of a campaign with verdicts: the bands of what they say, and what their figures are held against."""
    if not campaign.verdicts:
        return []
    judged: Judged = {seed.seed: seed.judged for seed in backtests}

    def every(name: str, expected: str, fault: Callable[[SeedVerdict], str | None], shown: str = "") -> Check:
        faults = {seed: "not judged" if one is None else fault(one) for seed, one in judged.items()}
        wrong = [f"seed {seed}: {words}" for seed, words in faults.items() if words is not None]
        return Check(
            name=f"{campaign.name} {name}",
            passed=bool(judged) and not wrong,
            observed=f"{len(judged) - len(wrong)} of {len(judged)} seeds{shown}",
            expected=f"{expected}, every seed",
            detail="; ".join([*wrong[:SHOWN_MAX], *(["…"] if wrong[SHOWN_MAX:] else [])]),
        )

    return [
        *(_says(campaign, band, judged) for band in campaign.verdicts),
        _holds_the_mean(campaign, judged),
        every("probability agrees with the interval", _agreement_words(), _disagreement),
        every("expectancy times trades is the record's PnL", "to the unit", _other_pnl, _sum_words(judged)),
        every("cost share is the record's", "fees and slippage over the gross edge", _other_costs),
        every("more trials make it more careful", _careful_words(), _bolder, _trials_words(judged)),
        _ends_run_again(campaign, judged),
    ]


def _says(campaign: Campaign, band: VerdictBand, judged: Judged) -> Check:
    told = [one for one in judged.values() if one is not None]
    count = sum(one.says is band.says for one in told)
    trades = [one.trades for one in told]
    span = f", of {min(trades):,} to {max(trades):,} trades" if trades else ""
    asked = f"{band.least} to {band.most}" if band.least < band.most else f"{band.least}"
    return Check(
        name=f"{campaign.name} verdict is {band.says}",
        passed=bool(judged) and len(told) == len(judged) and band.least <= count <= band.most,
        observed=f"{count} of {len(judged)} seeds{span}",
        expected=f"{asked} of {len(campaign.seeds)} seeds",
        detail=_seeds([seed for seed, one in judged.items() if one is None or one.says is band.says])
        if not band.least <= count <= band.most or len(told) < len(judged)
        else "",
    )


def _holds_the_mean(campaign: Campaign, judged: Judged) -> Check:
    told = {seed: one for seed, one in judged.items() if one is not None}
    mean = pooled_expectancy(list(told.values()))
    outside = [seed for seed, one in told.items() if mean is None or not one.holds(mean)]
    least = int(HOLDING_LEAST * len(campaign.seeds))
    return Check(
        name=f"{campaign.name} interval holds the market's mean",
        passed=mean is not None and len(told) == len(judged) and len(told) - len(outside) >= least,
        observed=f"{len(told) - len(outside)} of {len(judged)} seeds hold {number(mean, 4, signed=True)}",
        expected=f"at least {least} of {len(campaign.seeds)} seeds hold the mean over all of them",
        detail=_seeds(outside),
    )


def _agreement_words() -> str:
    beyond = (1.0 - CONFIDENCE) / 2.0
    return (
        f"above 0 with at least {1 - beyond:.0%} just where the interval is, at most {beyond:.0%} where it lies below"
    )


def _disagreement(one: SeedVerdict) -> str | None:
    beyond = (1.0 - CONFIDENCE) / 2.0
    chance, low, high = one.probability, one.low_quote, one.high_quote
    if chance is None or one.expectancy_quote is None:
        return "nothing measured"
    above, below = low is not None and low > 0, high is not None and high < 0
    # the bootstrap counts resamples, so the shares are compared a little inside what rounding may move
    if (chance >= 1.0 - beyond - SHARE_TOLERANCE) != above or (chance <= beyond + SHARE_TOLERANCE) != below:
        return f"above 0 with {chance:.1%}, interval {_ends_words(one)}"
    return None


def _other_pnl(one: SeedVerdict) -> str | None:
    if one.recorded is None:
        return "not in the record"
    if one.trades != one.recorded.trades:
        return f"{one.trades:,} trades judged, {one.recorded.trades:,} in the record"
    earned, recorded = (one.expectancy_quote or 0.0) * one.trades, float(one.recorded.realised_quote)
    if abs(earned - recorded) <= MONEY_TOLERANCE:
        return None
    return f"{number(earned, 8)} by the verdict, {number(recorded, 8)} in the record"


def _sum_words(judged: Judged) -> str:
    told = [one.recorded.realised_quote for one in judged.values() if one is not None and one.recorded is not None]
    return f", {number(sum(told, Decimal(0)), 2, signed=True)} in all" if told else ""


def _other_costs(one: SeedVerdict) -> str | None:
    if one.recorded is None:
        return "not in the record"
    costs = one.recorded.fees_quote + one.recorded.slippage_quote
    gross = one.recorded.realised_quote + costs
    recorded, told = float(costs / gross) if gross > 0 else None, one.document["cost_share"]
    known = recorded is not None and told is not None  # without a gross edge there is no share of it
    if (known and isclose(recorded, told, rel_tol=SHARE_TOLERANCE)) or recorded is told is None:
        return None
    return f"{number(told, 6)} by the verdict, {number(recorded, 6)} by the record"


def _careful_words() -> str:
    return "TRADE only where fewer trials say it, and a lower end that falls"


def _bolder(one: SeedVerdict) -> str | None:
    """Where more trials make a verdict bolder; they must not even leave the lower end where it is."""
    if len(one.counted) < 2 or one.counted[0].verdict is not one.says:
        return "not judged with more trials"
    for fewer, more in zip(one.counted, one.counted[1:], strict=False):
        if more.verdict is Outcome.TRADE and fewer.verdict is not Outcome.TRADE:
            return f"TRADE with {more.trials} trials, not with {fewer.trials}"
        if fewer.least_quote is None or more.least_quote is None:
            if fewer.least_quote is not more.least_quote:
                return "a lower end that comes and goes"
        elif not more.least_quote < fewer.least_quote:
            return f"{more.trials} trials ask no more than {fewer.trials}"
    return None


def _trials_words(judged: Judged) -> str:
    """`; TRADE in 20, 20, 18 with 1, 10, 100 trials`."""
    told = [one.counted for one in judged.values() if one is not None]
    if not told:
        return ""
    counts = [sum(one.verdict is Outcome.TRADE for one in column) for column in zip(*told, strict=False)]
    trials = ", ".join(str(one.trials) for one in told[0])
    return f"; TRADE in {', '.join(map(str, counts))} with {trials} trials"


def _ends_run_again(campaign: Campaign, judged: Judged) -> Check:
    """Of the seeds that were run again; at least one must have been."""
    again = {seed: one.again for seed, one in judged.items() if one is not None and one.again}
    wrong, words = [], []
    for seed, runs in again.items():
        for run in runs:
            earned = run.pnl_quote is not None and run.pnl_quote > 0
            same = run.pnl_quote == run.told_quote or (
                run.pnl_quote is not None
                and run.told_quote is not None
                and abs(run.pnl_quote - run.told_quote) <= MONEY_TOLERANCE
            )
            said = f"{run.setting}={run.value:.6g} {number(run.pnl_quote, 4, signed=True)}"
            words.append(said)
            if earned is not run.earns or not same:
                wrong.append(f"seed {seed}: {said}, {number(run.told_quote, 4, signed=True)} by its curve")
    settings = {run.setting for runs in again.values() for run in runs}
    return Check(
        name=f"{campaign.name} earning ends where it says",
        passed=settings == {"taker_fee_bps", "latency_ms"} and not wrong,
        observed=", ".join(words) or "nothing was run again",
        expected="a backtest at the end of what earns earns, and at the next value tried does not",
        detail="; ".join(wrong[:SHOWN_MAX]),
    )


def _ends_words(one: SeedVerdict) -> str:
    ends = (NOTHING if end is None else number(end, 4, signed=True) for end in (one.low_quote, one.high_quote))
    return " to ".join(ends)


def _seeds(seeds: list[int]) -> str:
    return f"seeds {', '.join(map(str, seeds))}" if seeds else ""
