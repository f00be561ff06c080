"""The verdict: is this worth trading? TRADE, DO NOT TRADE or NOT ENOUGH EVIDENCE, from what the trades earned.

The question is whether the mean of a trade's net result, its *expectancy*, is above 0. TRADE only when the whole
interval of the expectancy lies above 0, DO NOT TRADE only when all of it lies below. The interval is that of the
stationary bootstrap, because trades of one jump share their fate; too few trades, or too few blocks of them that can be
taken for independent, are no evidence whatever they earned.

**Trials counted in.** The best of N settings earns more than it will again. With N > 1 it has to beat what the best of
N without any edge is expected to show, error × `expected_maximum(N)`, as in the deflated Sharpe ratio.

**Calibrated**, as measured by `python -m tests.statistics.verdict_calibration`: docs/verdict.md has the figures.

Where it is wrong: it knows what happened. A loss too rare to be in the sample, a market that changes and a book that
was never really there are in no interval.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil, isfinite

import numpy as np

from arbitrage_core.statistics.deflated_sharpe import expected_maximum
from arbitrage_core.statistics.stationary_bootstrap import RESAMPLES, MeanBootstrap

CONFIDENCE = 0.98
"""Of the two-sided interval: each end is passed wrongly in 1 % of samples by design, in 1 to 2 % as measured."""

TRADES_MIN = 100
BLOCKS_MIN = 25
"""Below so many blocks the interval is too short: 5 % false TRADE were measured with about 8 of them."""


class Outcome(StrEnum):
    """What the verdict says."""

    TRADE = "TRADE"
    DO_NOT_TRADE = "DO NOT TRADE"
    NOT_ENOUGH_EVIDENCE = "NOT ENOUGH EVIDENCE"


@dataclass(frozen=True)
class Verdict:
    """The verdict on a sample of trades, money in the unit of the sample; None where nothing can be told.

    expectancy            mean net result of a trade
    low, high             interval of the expectancy at CONFIDENCE; None where it has no end
    probability_positive  confidence that the expectancy is above 0, no trials counted in
    error, block          standard error of the expectancy, and the mean length of the blocks it was found with
    benchmark             what the best of so many trials would show without an edge; 0 for one
    reason                why, in words
    """

    outcome: Outcome
    reason: str
    trades: int
    trials: int
    expectancy: float | None = None
    low: float | None = None
    high: float | None = None
    probability_positive: float | None = None
    error: float | None = None
    block: float | None = None
    benchmark: float = 0.0

    @property
    def trades_needed(self) -> int | None:
        """How many trades would settle it, were expectancy and spread to stay as they are; None when they do not."""
        if self.outcome is not Outcome.NOT_ENOUGH_EVIDENCE or self.low is None or self.high is None:
            return None
        if not self.expectancy or self.block is None:
            return None
        reach = self.expectancy - self.low + self.benchmark if self.expectancy > 0 else self.high - self.expectancy
        settled = ceil(self.trades * (reach / self.expectancy) ** 2)
        return max(settled, TRADES_MIN, ceil(BLOCKS_MIN * self.block))


Judge = Callable[..., Verdict]
"""`judge`, or in an experiment one that is not sound: the same arguments, the same kind of answer."""


def judge(
    nets: np.ndarray,
    *,
    trials: int = 1,
    seed: int = 0,
    resamples: int = RESAMPLES,
    bootstrap: Callable[..., MeanBootstrap] = MeanBootstrap.of,
) -> Verdict:
    """The verdict on net results float64[n], in the order the trades ended.

    `trials`: settings tried, this one included. `bootstrap`: what finds the interval; another one only in experiments.
    Scaling the results changes nothing but the scale. Raises ValueError for what is not finite and for no trial.
    """
    if not np.all(np.isfinite(nets)):
        raise ValueError("a verdict on NaN or an infinity says nothing")
    most = expected_maximum(trials)
    if len(nets) < 2:
        expectancy = float(nets[0]) if len(nets) else None
        reason = "one trade tells nothing" if len(nets) else "nothing was traded"
        return Verdict(Outcome.NOT_ENOUGH_EVIDENCE, reason, len(nets), trials, expectancy)
    found = bootstrap(nets, seed=seed, resamples=resamples)
    low, high = found.interval(CONFIDENCE)
    benchmark = most * found.error
    outcome, reason = _outcome(len(nets), len(nets) / found.block, low - benchmark, high, trials)
    return Verdict(
        outcome,
        reason,
        len(nets),
        trials,
        found.mean,
        low if isfinite(low) else None,
        high if isfinite(high) else None,
        found.probability_above(0.0),
        found.error,
        found.block,
        benchmark,
    )


def discredited(verdict: Verdict, why: str) -> Verdict:
    """The same figures as no evidence: of a session whose own books cannot be trusted."""
    return replace(verdict, outcome=Outcome.NOT_ENOUGH_EVIDENCE, reason=why)


def _outcome(trades: int, blocks: float, low: float, high: float, trials: int) -> tuple[Outcome, str]:
    if trades < TRADES_MIN:
        return Outcome.NOT_ENOUGH_EVIDENCE, f"{trades} trades: fewer than {TRADES_MIN} tell nothing"
    if blocks < BLOCKS_MIN:
        reason = f"{trades} trades depend on each other as if they were {blocks:.0f}: {BLOCKS_MIN} are needed"
        return Outcome.NOT_ENOUGH_EVIDENCE, reason
    if low > 0.0:
        beaten = f", also as the best of {trials} trials" if trials > 1 else ""
        return Outcome.TRADE, f"the whole interval of the expectancy lies above 0{beaten}"
    if high < 0.0:
        return Outcome.DO_NOT_TRADE, "the whole interval of the expectancy lies below 0"
    if trials > 1:
        return Outcome.NOT_ENOUGH_EVIDENCE, f"what the best of {trials} trials shows without an edge is not beaten"
    return Outcome.NOT_ENOUGH_EVIDENCE, "the interval of the expectancy holds 0"
