"""The verdict: what it says of samples whose answer is clear, and what no sample can make it say."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbitrage_core.statistics.stationary_bootstrap import MeanBootstrap
from arbitrage_core.statistics.verdict import BLOCKS_MIN, TRADES_MIN, Outcome, discredited, judge
from tests.statistics.known_markets import independent


def nets(mean: float, trades: int = 400, seed: int = 3) -> np.ndarray:
    """Results of trades with just this mean, deviation 1."""
    drawn = independent(np.random.default_rng(seed), trades)
    return drawn - np.mean(drawn) + mean


CASES = {
    "clearly above 0": (nets(0.3), Outcome.TRADE, "above 0"),
    "clearly below 0": (nets(-0.3), Outcome.DO_NOT_TRADE, "below 0"),
    "neither": (nets(0.02), Outcome.NOT_ENOUGH_EVIDENCE, "holds 0"),
    "nothing": (np.zeros(0), Outcome.NOT_ENOUGH_EVIDENCE, "nothing was traded"),
    "one trade": (np.array([5.0]), Outcome.NOT_ENOUGH_EVIDENCE, "one trade"),
    "too few, all won": (np.full(TRADES_MIN - 1, 1.0), Outcome.NOT_ENOUGH_EVIDENCE, f"fewer than {TRADES_MIN}"),
    "just enough": (nets(2.0, TRADES_MIN), Outcome.TRADE, "above 0"),
    "one long wave": (2.0 + np.sin(np.arange(400) / 60), Outcome.NOT_ENOUGH_EVIDENCE, f"{BLOCKS_MIN} are needed"),
}


@pytest.mark.parametrize("sample, outcome, words", CASES.values(), ids=CASES.keys())
def test_the_verdict_and_why(sample: np.ndarray, outcome: Outcome, words: str):
    verdict = judge(sample)
    assert verdict.outcome is outcome
    assert words in verdict.reason
    assert verdict.trades == len(sample)


def test_the_figures_belong_together():
    verdict = judge(nets(0.3))
    assert verdict.expectancy == pytest.approx(0.3)
    assert 0 < verdict.low < verdict.expectancy < verdict.high
    assert verdict.probability_positive >= 0.99
    assert verdict.error == pytest.approx(1 / 20, rel=0.1)


def test_the_best_of_many_trials_needs_more():
    alone, best = judge(nets(0.2)), judge(nets(0.2), trials=1_000)
    assert (alone.outcome, best.outcome) == (Outcome.TRADE, Outcome.NOT_ENOUGH_EVIDENCE)
    assert (alone.benchmark, best.benchmark) == (0.0, pytest.approx(3.26 * best.error, rel=0.01))
    assert "the best of 1000 trials" in best.reason
    assert judge(nets(0.5), trials=1_000).outcome is Outcome.TRADE
    assert alone.low == best.low


def test_the_best_of_fifty_without_an_edge_is_not_traded():
    """What trials not counted in would do: each market's best of fifty looks like an edge."""
    wrong = counted = 0
    for market in range(40):
        tried = (independent(np.random.default_rng([market, trial]), 300) for trial in range(50))
        best = max(tried, key=lambda sample: float(np.mean(sample)))
        wrong += judge(best, resamples=500).outcome is Outcome.TRADE
        counted += judge(best, trials=50, resamples=500).outcome is Outcome.TRADE
    assert wrong > 15
    assert counted <= 2


def test_more_trades_like_these_would_settle_it():
    verdict = judge(nets(0.08))
    assert verdict.outcome is Outcome.NOT_ENOUGH_EVIDENCE
    assert 500 < verdict.trades_needed < 1_000  # (2.33 / 0.08)² = 846
    assert judge(nets(0.08, 2 * verdict.trades_needed)).outcome is Outcome.TRADE
    assert judge(nets(0.08), trials=20).trades_needed > verdict.trades_needed
    assert judge(nets(2.0, 40)).trades_needed == TRADES_MIN
    for settled in (judge(nets(0.3)), judge(nets(-0.3)), judge(np.zeros(0)), judge(np.zeros(200))):
        assert settled.trades_needed is None


def test_of_books_that_do_not_hold_nothing_is_evidence():
    verdict = judge(nets(0.3))
    assert discredited(verdict, "I2 broken") == replace(
        verdict, outcome=Outcome.NOT_ENOUGH_EVIDENCE, reason="I2 broken"
    )


@settings(max_examples=30)
@given(seed=st.integers(0, 1_000), mean=st.floats(-0.4, 0.4), power=st.integers(-20, 20))
def test_scaling_changes_nothing_but_the_scale(seed: int, mean: float, power: int):
    plain, scaled = (judge(nets(mean, 150, seed) * scale, resamples=300) for scale in (1.0, 2.0**power))
    assert scaled.outcome is plain.outcome
    assert scaled.probability_positive == plain.probability_positive
    assert (scaled.low, scaled.high) == pytest.approx((plain.low * 2.0**power, plain.high * 2.0**power))


OPPOSITE = {
    Outcome.TRADE: Outcome.DO_NOT_TRADE,
    Outcome.DO_NOT_TRADE: Outcome.TRADE,
    Outcome.NOT_ENOUGH_EVIDENCE: Outcome.NOT_ENOUGH_EVIDENCE,
}


@settings(max_examples=30)
@given(seed=st.integers(0, 1_000), mean=st.floats(-0.4, 0.4))
def test_what_wins_one_way_loses_the_other(seed: int, mean: float):
    sample = nets(mean, 150, seed)
    assert judge(-sample, resamples=300).outcome is OPPOSITE[judge(sample, resamples=300).outcome]


@settings(max_examples=30)
@given(seed=st.integers(0, 1_000), mean=st.floats(-0.3, 0.3), more=st.floats(0.01, 0.5))
def test_earning_more_with_each_trade_never_lowers_it(seed: int, mean: float, more: float):
    rank = {Outcome.DO_NOT_TRADE: 0, Outcome.NOT_ENOUGH_EVIDENCE: 1, Outcome.TRADE: 2}
    poorer, richer = (judge(nets(mean, 150, seed) + extra, resamples=300) for extra in (0.0, more))
    assert rank[richer.outcome] >= rank[poorer.outcome]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(bad: float):
    with pytest.raises(ValueError, match="NaN"):
        judge(np.append(nets(0.3), bad))


def test_no_trial_is_refused():
    with pytest.raises(ValueError, match="0 trials"):
        judge(nets(0.3), trials=0)


def test_another_bootstrap_judges_by_its_own_interval():
    """What a seed fault exchanges: the ends come from it, and with them what is said."""

    class Doubtless(MeanBootstrap):
        def interval(self, confidence: float) -> tuple[float, float]:
            return self.mean, self.mean

    sample = np.random.default_rng(3).standard_normal(400) + 0.05
    sound, doubtless = judge(sample), judge(sample, bootstrap=Doubtless.of)
    assert sound.outcome is Outcome.NOT_ENOUGH_EVIDENCE
    assert doubtless.outcome is Outcome.TRADE
    assert (doubtless.low, doubtless.high) == (sound.expectancy, sound.expectancy)
    assert doubtless.probability_positive == sound.probability_positive
