"""The verdict's document: what the verdict says and rests on, as plain Python for JSON and for a page."""

from typing import Any

from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.session.verdict_run import (
    Curve,
    Judgement,
    SizeEnd,
    VerdictRun,
    present_fee_bps,
    present_latency_ms,
)
from arbitrage_core.statistics.break_even import Reach
from arbitrage_core.statistics.verdict import CONFIDENCE, Outcome

Document = dict[str, Any]


def verdict_document(run: VerdictRun, config: SessionConfig) -> Document:
    """The document, money in the reporting currency; None where a figure cannot be told.

    verdict, reason, trades, trials     the verdict, and how many settings were tried
    expectancy_quote, _bps, interval    net a trade; `[low, high]` at `confidence`; block_trades: mean block length
    probability_positive                confidence that the expectancy is above 0
    break_even_fee_bps, fee_earns       highest taker fee that still earned, and `up to`, `nowhere`, `throughout`
    break_even_latency_ms, latency_earns  the same of the latency
    break_even_fee_same_trades_bps      the fee that would have left nothing of just these trades
    capacity                            {size_factor, notional_quote, pnl_quote, at_least, ended_by}: the size that
                                        earned most; `ended_by`: what ended the curve, SizeEnd
    longest_losing_run                  {seen, median, p95} of as many trades again
    cost_share                          fees and slippage over the gross edge
    trades_needed, would_change         how many trades would settle it; in words, what would change the verdict
    curves                              {fee_bps, latency_ms, size_factor}, each a list of points, `Point.document`
    """
    return {
        **judgement_document(run, config),
        "break_even_fee_bps": run.fee.crossing.value,
        "fee_earns": str(run.fee.crossing.reach),
        "break_even_latency_ms": run.latency.crossing.value,
        "latency_earns": str(run.latency.crossing.reach),
        "present": {"taker_fee_bps": present_fee_bps(config), "latency_ms": present_latency_ms(config)},
        "capacity": _capacity(run, config),
        "would_change": would_change(run, config),
        "curves": {
            "fee_bps": [point.document() for point in run.fee.points],
            "latency_ms": [point.document() for point in run.latency.points],
            "size_factor": [point.document() for point in run.size],
        },
    }


def judgement_document(found: Judgement, config: SessionConfig) -> Document:
    """The part of the document that the session's own trades tell."""
    verdict = found.verdict
    return {
        "verdict": str(verdict.outcome),
        "reason": verdict.reason,
        "reporting_currency": config.reporting_currency,
        "trades": verdict.trades,
        "trials": verdict.trials,
        "expectancy_quote": verdict.expectancy,
        "expectancy_bps": found.expectancy_bps,
        "interval": [verdict.low, verdict.high],
        "confidence": CONFIDENCE,
        "block_trades": verdict.block,
        "probability_positive": verdict.probability_positive,
        "break_even_fee_same_trades_bps": found.same_trades_fee_bps,
        "longest_losing_run": found.losing_run,
        "cost_share": found.cost_share,
        "trades_needed": verdict.trades_needed,
    }


def would_change(run: VerdictRun, config: SessionConfig) -> list[str]:
    """What would change the verdict, in words, the most telling first."""
    verdict = run.verdict
    words = []
    if verdict.trades_needed is not None:
        words.append(f"about {verdict.trades_needed:,} trades like these instead of {verdict.trades:,}")
    if verdict.outcome is Outcome.TRADE:  # then the interval has a lower end
        margin = (verdict.low or 0.0) - verdict.benchmark
        words.append(f"{margin:.4g} {config.reporting_currency} less a trade")
    words += _of_curve(run.fee, present_fee_bps(config), "a taker fee", "bps")
    words += _of_curve(run.latency, present_latency_ms(config), "a latency", "ms")
    if not words:
        words.append("other settings or another market: no fee or latency that was tried earned anything")
    return words


def _of_curve(curve: Curve, present: float, what: str, unit: str) -> list[str]:
    value = curve.crossing.value
    if curve.crossing.reach is not Reach.UP_TO or value is None:
        return []
    if value >= present:
        return [f"{what} above {value:.4g} {unit}: there it no longer earns ({present:g} now)"]
    return [f"{what} of {value:.4g} {unit} or less: there it earns ({present:g} now)"]


def _capacity(run: VerdictRun, config: SessionConfig) -> Document | None:
    point = run.capacity
    if point is None:
        return None
    notional = config.params.notional_quote
    return {
        "size_factor": point.value,
        "notional_quote": None if notional is None else notional * point.value,
        "pnl_quote": point.pnl_quote,
        "at_least": run.size_end is not SizeEnd.DEPTH and point.value == run.size[-1].value,
        "ended_by": str(run.size_end),
    }
